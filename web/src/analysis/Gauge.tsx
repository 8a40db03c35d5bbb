import type { ScoreThresholds } from '../api/types.ts';
import type { Tone } from './verdict.ts';

const radius = 84;
const centre = 100;

/** Point of the half circle at a score of 0–100: left end, over the top, right end. */
function point(score: number, r: number): [number, number] {
  const angle = Math.PI * (1 - score / 100);
  return [centre + r * Math.cos(angle), centre - r * Math.sin(angle)];
}

function arc(from: number, to: number): string {
  const [x1, y1] = point(from, radius);
  const [x2, y2] = point(to, radius);
  return `M${x1.toFixed(2)} ${y1.toFixed(2)}A${radius} ${radius} 0 0 1 ${x2.toFixed(2)} ${y2.toFixed(2)}`;
}

/** A score of 0–100 as a half dial with its number; marks where the verdicts begin. */
export function Gauge({ score, tone, thresholds }: { score: number; tone: Tone; thresholds: ScoreThresholds | null }) {
  const shown = Math.min(100, Math.max(0, score));
  return (
    <svg className={`gauge tone-${tone}`} viewBox="0 0 200 128" role="img" aria-label={`Manipulation score ${Math.round(shown)} of 100`}>
      <path className="gauge-track" d={arc(0, 100)} />
      {shown > 0 && <path className="gauge-value" d={arc(0, shown)} />}
      {thresholds && [thresholds.suspicious, thresholds.manipulated].map((band) => {
        const [x1, y1] = point(band, radius + 8);
        const [x2, y2] = point(band, radius - 8);
        return <line key={band} className="gauge-band" x1={x1} y1={y1} x2={x2} y2={y2} />;
      })}
      <text className="gauge-number" x={centre} y="94" textAnchor="middle">
        {Math.round(shown)}
      </text>
      <text className="gauge-unit" x={centre} y="116" textAnchor="middle">
        of 100
      </text>
    </svg>
  );
}
