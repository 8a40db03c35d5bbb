namespace Deepfake.ResultService.Evidence;

/// <summary>The style sheet of the report, inside the page so that it is one file.</summary>
public static class ReportStyle
{
    /// <summary>CSS. Colours are told apart by more than colour: every one has words beside it.</summary>
    public const string Css = """
        :root { --ink: #1c2330; --soft: #5b6576; --line: #d8dde6; --paper: #fff; --tone: #5b6576; --caution: #b7791f; --alarm: #c53030; --clear: #276749; }
        * { box-sizing: border-box; }
        html { font-size: 16px; } body { margin: 0 auto; padding: 2rem 1.25rem; max-width: 54rem; font: .94rem/1.5 system-ui, "Segoe UI", Roboto, sans-serif; color: var(--ink); background: var(--paper); }
        body.authentic { --tone: var(--clear); } body.suspicious { --tone: var(--caution); } body.manipulated { --tone: var(--alarm); }
        header { border-left: .35rem solid var(--tone); padding-left: 1rem; margin-bottom: 1.5rem; }
        .product, .note, small { color: var(--soft); } .product { margin: 0; font-size: .85rem; } .note { font-size: .85rem; margin: .4rem 0; }
        h1 { margin: .1rem 0 .3rem; font-size: 1.7rem; color: var(--tone); } h2 { font-size: 1.1rem; margin: 1.6rem 0 .5rem; border-bottom: 1px solid var(--line); padding-bottom: .2rem; } h3 { font-size: .95rem; margin: .8rem 0 .2rem; }
        .summary { margin: 0 0 .6rem; } ul { margin: 0; padding-left: 1.2rem; }
        .numbers { display: flex; gap: 2rem; margin: 0 0 .4rem; } .numbers dt { font-size: .8rem; color: var(--soft); } .numbers dd { margin: 0; font-size: 1.4rem; font-weight: 600; }
        svg { display: block; width: 100%; height: auto; } .scale { max-width: 26rem; }
        .rail { fill: var(--line); } rect.caution { fill: #ecc94b; } rect.alarm { fill: #e57373; } .mark { fill: var(--ink); }
        .faces { display: flex; flex-wrap: wrap; gap: 1rem; } figure { margin: 0; } .pictures { display: flex; gap: .3rem; } img { display: block; border-radius: .3rem; } figcaption { font-size: .85rem; max-width: 20.3rem; }
        .frame { margin-top: 1rem; } .frame img { max-width: min(100%, 40rem); } .frame figcaption { max-width: 40rem; }
        .timeline .track { fill: none; stroke-width: 1.6; } .t0 { stroke: #2b6cb0; } .t1 { stroke: #b83280; } .t2 { stroke: #2f855a; } .t3 { stroke: #c05621; } .t4 { stroke: #553c9a; } .t5 { stroke: #285e61; }
        .timeline line { stroke: var(--soft); } .timeline line.caution { stroke: var(--caution); stroke-dasharray: 4 3; } .timeline line.alarm { stroke: var(--alarm); stroke-dasharray: 4 3; } .segment { fill: #e5737333; } .timeline text { font-size: 11px; fill: var(--soft); }
        table { border-collapse: collapse; width: 100%; font-size: .88rem; } th, td { text-align: left; vertical-align: top; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid var(--line); } th { font-weight: 600; } .n { text-align: right; white-space: nowrap; } .auc { white-space: nowrap; }
        .facts th { width: 7rem; } .hash { font-family: ui-monospace, Consolas, monospace; overflow-wrap: anywhere; }
        @page { size: A4; margin: 15mm; }
        @media print { html { font-size: 11.5px; } body { padding: 0; max-width: none; } h2, h3 { break-after: avoid; } figure, tr, svg, li, .note, .facts, header { break-inside: avoid; } .frame img { max-height: 85mm; } * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
        """;
}
