import { useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react';
import type { Analysis, Segment } from '../api/types.ts';
import { formatClock, formatScore } from '../format.ts';
import { createScale, linePath, nearestIndex, segmentAt, segmentExtent, series, timeEnd, timeTicks, type Plot } from './geometry.ts';

interface Props {
  analysis: Analysis;
  /** Where the preview stands; null without a video. */
  playhead: number | null;
  /** Moves the preview; null when there is none to move. */
  onSeek: ((seconds: number) => void) | null;
}

const height = 208;
/** Kept to as many faces as a row of buttons can hold. */
const facesOffered = 8;

/**
 * Score over time with the suspicious stretches shaded. One control for pointer and keyboard: a slider over the sampled frames, so
 * that every value can be read without seeing the drawing.
 */
export function Timeline({ analysis, playhead, onSeek }: Props) {
  const { frames, segments, faces, media } = analysis;
  const [track, setTrack] = useState<number | null>(null);
  const [cursor, setCursor] = useState<number | null>(null);
  const [width, box] = useWidth();

  const end = timeEnd(frames, media.duration_seconds);
  const plot: Plot = { left: 30, top: 12, width: Math.max(60, width - 30 - 10), height: height - 12 - 28 };
  const scale = useMemo(() => createScale(plot, end), [plot.width, end]);
  const samples = useMemo(() => series(frames, track), [frames, track]);
  const shownSegments = segments.filter((segment) => track === null || segment.track_id === track);
  const index = cursor ?? (playhead === null ? -1 : nearestIndex(samples, playhead));
  const sample = index >= 0 ? samples[index] : undefined;
  const inSegment = sample ? segmentAt(segments, sample.seconds, track) : null;

  const choose = (next: number): void => {
    setCursor(next);
    const target = samples[next];
    if (target) onSeek?.(target.seconds);
  };

  const at = (event: PointerEvent<HTMLElement>): number => {
    const rect = event.currentTarget.getBoundingClientRect();
    return nearestIndex(samples, scale.seconds(event.clientX - rect.left));
  };

  const onKey = (event: KeyboardEvent): void => {
    const from = Math.max(0, index);
    const last = samples.length - 1;
    const moves: Readonly<Record<string, number>> = {
      ArrowRight: from + (index < 0 ? 0 : 1),
      ArrowUp: from + (index < 0 ? 0 : 1),
      ArrowLeft: from - 1,
      ArrowDown: from - 1,
      PageUp: from + 10,
      PageDown: from - 10,
      Home: 0,
      End: last,
    };
    const next = moves[event.key];
    if (next === undefined) return;
    event.preventDefault();
    choose(Math.min(last, Math.max(0, next)));
  };

  const ticks = timeTicks(end, plot.width);
  const tenths = ticks.some((seconds) => !Number.isInteger(seconds));
  const subject = track === null ? 'highest score' : `score of face ${track}`;
  const valueText = sample
    ? `${formatClock(sample.seconds, true)}: ${subject} ${sample.score === null ? 'not measured' : `${formatScore(sample.score)} of 100`}${inSegment ? ', in a suspicious stretch' : ''}`
    : 'No frame chosen';

  return (
    <section className="card timeline" aria-labelledby="timeline-title">
      <div className="card-head">
        <h2 id="timeline-title">Timeline</h2>
        {faces.length > 1 && (
          <div className="chips" role="group" aria-label="Whose score to show">
            <Chip on={track === null} onClick={() => setTrack(null)} text="Highest" />
            {faces.slice(0, facesOffered).map((face) => (
              <Chip key={face.track_id} on={track === face.track_id} onClick={() => setTrack(face.track_id)} text={`Face ${face.track_id}`} />
            ))}
          </div>
        )}
      </div>
      <p className="timeline-value" aria-hidden="true">
        {sample ? (
          <>
            <strong>{formatClock(sample.seconds, true)}</strong> {subject}{' '}
            <strong>{sample.score === null ? 'not measured' : formatScore(sample.score)}</strong>
            {inSegment && <span className="tag tone-alarm">Suspicious stretch</span>}
          </>
        ) : (
          <span className="muted">
            {onSeek ? 'Point at the line to read it, click to see the frame.' : 'Point at the line to read it.'}
          </span>
        )}
      </p>
      <div
        ref={box}
        className="timeline-plot"
        role="slider"
        tabIndex={0}
        aria-label={`Timeline of the ${subject}`}
        aria-valuemin={0}
        aria-valuemax={Math.round(end * 10) / 10}
        aria-valuenow={sample ? Math.round(sample.seconds * 10) / 10 : 0}
        aria-valuetext={valueText}
        onKeyDown={onKey}
        onPointerMove={(event) => setCursor(at(event))}
        onPointerDown={(event) => choose(at(event))}
        onPointerLeave={() => setCursor(null)}
        onBlur={() => setCursor(null)}
      >
        <svg width={width} height={height} aria-hidden="true" focusable="false">
          {[0, 0.5, 1].map((score) => (
            <g key={score}>
              <line className="grid" x1={plot.left} x2={plot.left + plot.width} y1={scale.y(score)} y2={scale.y(score)} />
              <text className="axis" x={plot.left - 7} y={scale.y(score) + 4} textAnchor="end">
                {score * 100}
              </text>
            </g>
          ))}
          {ticks.map((seconds) => (
            <text key={seconds} className="axis" x={scale.x(seconds)} y={height - 8} textAnchor={axisAnchor(scale.x(seconds), plot)}>
              {formatClock(seconds, tenths)}
            </text>
          ))}
          {shownSegments.map((segment, i) => {
            const { x, width: w } = segmentExtent(segment, scale, plot);
            return (
              <g key={i} className="segment">
                <rect x={x} y={plot.top} width={w} height={plot.height} />
                <line x1={x} x2={x + w} y1={plot.top + plot.height} y2={plot.top + plot.height} />
              </g>
            );
          })}
          <path className="score-line" d={linePath(samples, scale)} />
          {samples.length <= 120 &&
            samples.map(({ seconds, score }, i) =>
              score === null ? null : <circle key={i} className="score-dot" cx={scale.x(seconds)} cy={scale.y(score)} r={2.5} />,
            )}
          {sample && (
            <>
              <line className="cursor" x1={scale.x(sample.seconds)} x2={scale.x(sample.seconds)} y1={plot.top} y2={plot.top + plot.height} />
              {sample.score !== null && <circle className="cursor-dot" cx={scale.x(sample.seconds)} cy={scale.y(sample.score)} r={5.5} />}
            </>
          )}
        </svg>
      </div>
      {shownSegments.length > 0 && (
        <>
          <h3 id="segments-title">Suspicious stretches</h3>
          <ul className="segments" aria-labelledby="segments-title">
            {shownSegments.map((segment, i) => (
              <li key={i}>
                <Stretch
                  text={stretchText(segment)}
                  note={`Face ${segment.track_id}, mean score ${formatScore(segment.score)}`}
                  onClick={onSeek ? () => onSeek(segment.start_seconds) : null}
                />
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function stretchText({ start_seconds, end_seconds }: Segment): string {
  const [from, to] = [formatClock(start_seconds, true), formatClock(end_seconds, true)];
  return from === to ? `At ${from}` : `${from} to ${to}`;
}

function Stretch({ text, note, onClick }: { text: string; note: string; onClick: (() => void) | null }) {
  const content = (
    <>
      <span className="segment-key" aria-hidden="true" />
      <strong>{text}</strong> <span className="muted">{note}</span>
    </>
  );
  return onClick ? (
    <button type="button" className="stretch" onClick={onClick}>
      {content}
    </button>
  ) : (
    <span className="stretch">{content}</span>
  );
}

function Chip({ on, text, onClick }: { on: boolean; text: string; onClick(): void }) {
  return (
    <button type="button" className="chip" aria-pressed={on} onClick={onClick}>
      {text}
    </button>
  );
}

function axisAnchor(x: number, plot: Plot): 'start' | 'middle' | 'end' {
  if (x < plot.left + 14) return 'start';
  return x > plot.left + plot.width - 14 ? 'end' : 'middle';
}

/** Width of an element in CSS pixels, kept up to date. */
function useWidth(): [number, (element: HTMLElement | null) => void] {
  const [width, setWidth] = useState(640);
  const [element, setElement] = useState<HTMLElement | null>(null);
  const observer = useRef<ResizeObserver | null>(null);
  useLayoutEffect(() => {
    if (!element) return;
    setWidth(element.clientWidth || 640);
    observer.current = new ResizeObserver(() => setWidth(element.clientWidth || 640));
    observer.current.observe(element);
    return () => observer.current?.disconnect();
  }, [element]);
  return [width, setElement];
}
