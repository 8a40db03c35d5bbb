namespace Deepfake.EndToEnd;

/// <summary>What the tests run inside the page.</summary>
internal static class Scripts
{
    /// <summary>Keeps every state of the progress bar; an image is often done before a test could look.</summary>
    public const string RecordProgress = """
        window.shownProgress = [];
        new MutationObserver(() => {
          const bar = document.querySelector('.working [role=progressbar]');
          if (!bar) return;
          const state = `${bar.getAttribute('aria-label')} ${bar.getAttribute('aria-valuenow') ?? ''}`.trim();
          if (window.shownProgress.at(-1) !== state) window.shownProgress.push(state);
        }).observe(document, { subtree: true, childList: true, attributes: true });
        """;

    /// <summary>Drops a file (base64 and name) on the middle of the page, in the steps a browser takes.</summary>
    public const string Drop = """
        async ([content, name]) => {
          const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
          const transfer = new DataTransfer();
          transfer.items.add(new File([bytes], name, { type: 'image/jpeg' }));
          const fire = (type) => document.querySelector('main').dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: transfer }));
          fire('dragenter');
          fire('dragover');
          await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
          const invited = document.querySelector('.drop-overlay') !== null;
          fire('drop');
          return invited;
        }
        """;

    /// <summary>Elements that an assistive technology could not name, identifiers used twice, and broken heading order.</summary>
    public const string AccessibilityFaults = """
        () => {
          const faults = [];
          const visible = (e) => e.checkVisibility() && !e.closest('[aria-hidden=true]');
          const label = (e) => (e.getAttribute('aria-label') ?? '').trim()
            || (e.getAttribute('aria-labelledby') ?? '').split(/\s+/).map((id) => document.getElementById(id)?.textContent ?? '').join(' ').trim()
            || (e.getAttribute('alt') ?? '').trim();
          for (const e of document.querySelectorAll('button, a[href], summary, [role=slider], [role=progressbar], [role=img], img, video, input, dialog'))
            if (visible(e) && !label(e) && !e.textContent.trim()) faults.push(`no name: ${e.outerHTML.slice(0, 120)}`);
          for (const e of document.querySelectorAll('table, section, [role=group]'))
            if (visible(e) && !label(e)) faults.push(`no label: ${e.outerHTML.slice(0, 120)}`);
          const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
          for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) faults.push(`id used twice: ${id}`);
          const levels = [...document.querySelectorAll('h1, h2, h3, h4')].filter(visible).map((e) => Number(e.tagName[1]));
          if (levels.filter((l) => l === 1).length !== 1 || levels[0] !== 1) faults.push(`headings: ${levels}`);
          levels.forEach((l, i) => { if (i > 0 && l > levels[i - 1] + 1) faults.push(`heading level skipped: ${levels}`); });
          if (!document.documentElement.lang) faults.push('no language');
          if (!document.querySelector('main')) faults.push('no main landmark');
          if (!document.querySelector('[role=status][aria-live=polite]')) faults.push('no live region');
          for (const e of document.querySelectorAll('button, a[href], summary')) {
            const box = e.getBoundingClientRect();
            if (visible(e) && box.width > 0 && box.height < 43.5 && !e.closest('p')) faults.push(`target ${Math.round(box.height)} px high: ${e.outerHTML.slice(0, 100)}`);
          }
          return faults;
        }
        """;

    /// <summary>Text with less contrast than WCAG 2 AA asks for: 4.5, or 3 for large text.</summary>
    public const string ContrastFaults = """
        () => {
          const parse = (text) => { const n = text.match(/^rgba?\(([^)]+)\)$/)?.[1].split(/[ ,/]+/).map(Number); return n && { rgb: n.slice(0, 3), alpha: n[3] ?? 1 }; };
          const light = (rgb) => { const [r, g, b] = rgb.map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
          const ground = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c && c.alpha === 1) return c.rgb; } return null; };
          const faults = [];
          const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          while (walker.nextNode()) {
            const e = walker.currentNode.parentElement;
            if (!walker.currentNode.textContent.trim() || !e.checkVisibility() || e.closest('.visually-hidden, .face-boxes, :disabled, script, noscript')) continue;
            const style = getComputedStyle(e);
            const colour = parse(e.closest('svg') ? style.fill : style.color);
            const back = ground(e);
            if (!colour || !back) continue;
            const [a, b] = [light(colour.rgb), light(back)].sort((x, y) => y - x);
            const size = parseFloat(style.fontSize);
            const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
            const ratio = (a + 0.05) / (b + 0.05);
            if (ratio < (large ? 3 : 4.5)) faults.push(`${ratio.toFixed(2)}: ${walker.currentNode.textContent.trim().slice(0, 60)}`);
          }
          return faults;
        }
        """;

    /// <summary>The name of the focused element, and whether a ring is drawn around it.</summary>
    public const string Focused = """
        () => {
          const e = document.activeElement;
          const style = getComputedStyle(e);
          return [(e.getAttribute('aria-label') ?? e.textContent).trim(), style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 ? 'ring' : ''];
        }
        """;
}
