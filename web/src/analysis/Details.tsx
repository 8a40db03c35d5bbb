import { recordPath } from '../api/client.ts';
import type { Analysis } from '../api/types.ts';
import { formatBytes, formatClock, formatDuration, formatScore, humanize, humanizeTiming } from '../format.ts';

/** Everything a specialist asks for: models, signals, file facts, times. Collapsed, because most readers do not. */
export function Details({ analysis }: { analysis: Analysis }) {
  const { media, models, signals, timings, artifacts } = analysis;
  // The pictures of faces are above already.
  const links = Object.entries(artifacts).filter(([, href]) => !href.includes('/faces/'));
  return (
    <details className="card details">
      <summary>
        <h2>Details</h2>
        <span className="details-hint">Models, measurements, file, times</span>
      </summary>
      <div className="details-body">
        {models.length > 0 && (
          <>
            <h3 id="models-title">Detection models</h3>
            <table aria-labelledby="models-title">
              <thead>
                <tr>
                  <th scope="col">Model</th>
                  <th scope="col" className="number">Weight</th>
                  <th scope="col" className="number">Score</th>
                </tr>
              </thead>
              <tbody>
                {models.map((model) => (
                  <tr key={`${model.name} ${model.version}`}>
                    <th scope="row">
                      {model.name} <span className="muted">{model.version}</span>
                      <span className="cell-note">{model.error ?? `Ran on ${model.provider.toUpperCase()}${model.family ? `; looks for ${model.family}` : ''}`}</span>
                    </th>
                    <td className="number">{model.weight.toFixed(2)}</td>
                    <td className="number">{model.error ? 'failed' : formatScore(model.score)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </>
        )}
        {signals.length > 0 && (
          <>
            <h3 id="signals-title">Forensic measurements</h3>
            <p className="muted">0 is what a camera makes, 100 was never seen from one. Measurements without weight are shown as evidence only.</p>
            <table aria-labelledby="signals-title">
              <thead>
                <tr>
                  <th scope="col">Measurement</th>
                  <th scope="col" className="number">Weight</th>
                  <th scope="col" className="number">Unusual</th>
                </tr>
              </thead>
              <tbody>
                {signals.map((signal) => (
                  <tr key={signal.name} className={signal.applicable ? undefined : 'not-applicable'}>
                    <th scope="row">
                      {humanize(signal.name)}
                      <span className="cell-note">{signal.reason}</span>
                    </th>
                    <td className="number">{signal.weight === 0 ? 'none' : signal.weight.toFixed(2)}</td>
                    <td className="number">{signal.applicable ? formatScore(signal.score) : 'n/a'}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </>
        )}
        <h3>File</h3>
        <dl className="facts">
          <Fact name="Format" value={media.codec && media.codec !== media.format ? `${media.format.toUpperCase()} (${media.codec})` : media.format.toUpperCase()} />
          <Fact name="Size" value={formatBytes(media.size_bytes)} />
          {media.width !== null && media.height !== null && <Fact name="Picture" value={`${media.width} × ${media.height} px`} />}
          {media.duration_seconds !== null && <Fact name="Length" value={formatClock(media.duration_seconds, true)} />}
          {analysis.frames.length > 0 && media.kind !== 'image' && <Fact name="Frames sampled" value={String(analysis.frames.length)} />}
          <Fact name="SHA-256" value={media.sha256} code />
          <Fact name="Analysis" value={analysis.id} code />
        </dl>
        {Object.keys(timings).length > 0 && (
          <>
            <h3>Times</h3>
            <dl className="facts">
              {Object.entries(timings).map(([name, seconds]) => (
                <Fact key={name} name={humanizeTiming(name)} value={formatDuration(seconds)} />
              ))}
            </dl>
          </>
        )}
        <p className="links">
          <a href={recordPath(analysis.id)}>Full record (JSON)</a>
          {links.map(([name, href]) => (
            <a key={name} href={href}>
              {humanize(name)}
            </a>
          ))}
        </p>
      </div>
    </details>
  );
}

function Fact({ name, value, code = false }: { name: string; value: string; code?: boolean }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{code ? <code>{value}</code> : value}</dd>
    </div>
  );
}
