import type { FrameScore, Segment } from '../api/types.ts';

/** One value of a score line; null where the face is not seen or not scored. */
export interface Sample {
  seconds: number;
  score: number | null;
}

/** Maps media time and score to pixels of the plot. */
export interface Scale {
  x(seconds: number): number;
  y(score: number): number;
  seconds(x: number): number;
}

export interface Plot {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** End of the time axis: the length of the medium, or the last sample where the length is unknown or shorter. */
export function timeEnd(frames: readonly FrameScore[], duration: number | null): number {
  const last = frames.reduce((end, frame) => Math.max(end, frame.seconds), 0);
  return Math.max(duration ?? 0, last, 0.001);
}

export function createScale(plot: Plot, end: number): Scale {
  return {
    x: (seconds) => plot.left + (clamp(seconds, 0, end) / end) * plot.width,
    y: (score) => plot.top + (1 - clamp(score, 0, 1)) * plot.height,
    seconds: (x) => (clamp(x - plot.left, 0, plot.width) / plot.width) * end,
  };
}

/** The samples of one face, or the highest of each frame when `trackId` is null. */
export function series(frames: readonly FrameScore[], trackId: number | null): Sample[] {
  return frames.map((frame) => ({
    seconds: frame.seconds,
    score: trackId === null ? frame.score : (frame.faces.find((face) => face.track_id === trackId)?.score ?? null),
  }));
}

/** SVG path of a score line. A frame without a score breaks the line; nothing is drawn where nothing was measured. */
export function linePath(samples: readonly Sample[], scale: Scale): string {
  let path = '';
  let pen = false;
  for (const { seconds, score } of samples) {
    if (score !== null) path += `${pen ? 'L' : 'M'}${round(scale.x(seconds))} ${round(scale.y(score))}`;
    pen = score !== null;
  }
  return path;
}

/** Horizontal extent of a segment in pixels, at least 4 wide so that a single frame can be seen and hit. */
export function segmentExtent(segment: Segment, scale: Scale, plot: Plot): { x: number; width: number } {
  const from = scale.x(segment.start_seconds);
  const width = Math.max(4, scale.x(segment.end_seconds) - from);
  return { x: round(Math.min(from, plot.left + plot.width - width)), width: round(width) };
}

/** Index of the sample nearest to a time; −1 without samples. The first of two equally near. */
export function nearestIndex(samples: readonly { seconds: number }[], seconds: number): number {
  let best = -1;
  let distance = Infinity;
  samples.forEach((sample, index) => {
    const d = Math.abs(sample.seconds - seconds);
    if (d < distance) [best, distance] = [index, d];
  });
  return best;
}

/** The strongest segment that covers a time, of one face or of any. */
export function segmentAt(segments: readonly Segment[], seconds: number, trackId: number | null): Segment | null {
  return segments
    .filter((s) => (trackId === null || s.track_id === trackId) && seconds >= s.start_seconds - 1e-6 && seconds <= s.end_seconds + 1e-6)
    .reduce<Segment | null>((best, s) => (best === null || s.score > best.score ? s : best), null);
}

const tickSteps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];

/** Round times for the axis, no nearer than `spacing` pixels. */
export function timeTicks(end: number, width: number, spacing = 72): number[] {
  const most = Math.max(1, Math.floor(width / spacing));
  const step = tickSteps.find((s) => end / s <= most) ?? Math.ceil(end / most / 3600) * 3600;
  const count = Math.floor(end / step + 1e-9);
  return Array.from({ length: count + 1 }, (_, i) => Math.round(i * step * 10) / 10);
}

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));
const round = (value: number): number => Math.round(value * 10) / 10;
