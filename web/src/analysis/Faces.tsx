import { useState } from 'react';
import { facePath } from '../api/client.ts';
import type { Analysis, FaceTrack } from '../api/types.ts';
import { formatClock, formatScore } from '../format.ts';
import { Icon } from '../shell/Icon.tsx';

const atFirst = 12;

/** One card a person: picture, score, when seen. A button leads to the first sighting where there is a video to move. */
export function Faces({ analysis, onSeek }: { analysis: Analysis; onSeek: ((seconds: number) => void) | null }) {
  const [all, setAll] = useState(false);
  const [heat, setHeat] = useState(false);
  const faces = all ? analysis.faces : analysis.faces.slice(0, atFirst);
  if (faces.length === 0) return null;
  const moving = analysis.media.kind !== 'image';
  return (
    <section className="card" aria-labelledby="faces-title">
      <div className="card-head">
        <h2 id="faces-title">
          Faces <span className="count">{analysis.faces.length}</span>
        </h2>
        {analysis.faces.some((face) => face.heat_map !== null) && (
          <button type="button" className="button" aria-pressed={heat} onClick={() => setHeat(!heat)}>
            Show heat maps
          </button>
        )}
      </div>
      {heat && <p className="faces-note">Yellow to red: places that the models hold against the face. No colour: no such place.</p>}
      <ul className="faces">
        {faces.map((face) => (
          <li key={face.track_id} className="face">
            <Crop key={`${heat}`} src={(heat ? face.heat_map : null) ?? face.crop ?? facePath(analysis.id, face.track_id)} name={`Face ${face.track_id}`} />
            <div className="face-facts">
              <h3>Face {face.track_id}</h3>
              <p className="face-score">
                Score <strong>{formatScore(face.score)}</strong>
                {face.score !== null && ' of 100'}
              </p>
              <span className="meter" aria-hidden="true">
                <span style={{ transform: `scaleX(${face.score ?? 0})` }} />
              </span>
              <p className="face-seen">
                {moving ? <Seen face={face} tenths={(analysis.media.duration_seconds ?? 0) < 10} /> : `${Math.round(face.size_pixels)} px`}
              </p>
              {face.frame && (
                <a className="button button-quiet" href={face.frame} target="_blank" rel="noopener">
                  Whole frame<span className="visually-hidden"> with face {face.track_id}</span>
                </a>
              )}
              {moving && onSeek && (
                <button type="button" className="button button-quiet" onClick={() => onSeek(face.first_seconds)}>
                  Show<span className="visually-hidden"> face {face.track_id} in the video</span>
                </button>
              )}
            </div>
          </li>
        ))}
      </ul>
      {analysis.faces.length > faces.length && (
        <button type="button" className="button" onClick={() => setAll(true)}>
          Show all {analysis.faces.length} faces
        </button>
      )}
    </section>
  );
}

function Seen({ face, tenths }: { face: FaceTrack; tenths: boolean }) {
  const from = formatClock(face.first_seconds, tenths);
  const to = formatClock(face.last_seconds, tenths);
  return (
    <>
      {from === to ? `At ${from}` : `${from} to ${to}`}
      <br />
      {face.frames === 1 ? '1 frame' : `${face.frames} frames`}, {Math.round(face.size_pixels)} px
    </>
  );
}

function Crop({ src, name }: { src: string; name: string }) {
  const [missing, setMissing] = useState(false);
  if (missing) {
    return (
      <span className="crop crop-none">
        <Icon name="face" size={32} />
      </span>
    );
  }
  return (
    <img
      className="crop"
      src={src}
      alt={name}
      width={96}
      height={96}
      loading="lazy"
      onError={() => setMissing(true)}
    />
  );
}
