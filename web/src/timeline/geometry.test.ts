import { describe, expect, it } from 'vitest';
import type { FrameScore, Segment } from '../api/types.ts';
import { createScale, linePath, nearestIndex, segmentAt, segmentExtent, series, timeEnd, timeTicks } from './geometry.ts';

const plot = { left: 10, top: 20, width: 100, height: 50 };
const box = { x: 0, y: 0, width: 10, height: 10 };
const frame = (seconds: number, ...scores: (number | null)[]): FrameScore => ({
  seconds,
  score: scores.reduce<number | null>((best, s) => (s !== null && (best === null || s > best) ? s : best), null),
  faces: scores.flatMap((score, i) => (score === null ? [] : [{ track_id: i + 1, box, score }])),
});
const segment = (start_seconds: number, end_seconds: number, track_id = 1, score = 0.9): Segment => ({ start_seconds, end_seconds, score, track_id });

describe('scale', () => {
  const scale = createScale(plot, 20);

  it('maps ends to the borders of the plot, score 1 on top', () => {
    expect([scale.x(0), scale.x(20), scale.y(1), scale.y(0)]).toEqual([10, 110, 20, 70]);
  });

  it('keeps what lies outside on the border', () => {
    expect([scale.x(25), scale.y(1.5), scale.seconds(-5), scale.seconds(500)]).toEqual([110, 20, 0, 20]);
  });

  it('is undone by its inverse', () => expect(scale.seconds(scale.x(7.3))).toBeCloseTo(7.3, 9));
});

describe('timeEnd', () => {
  it('is the length of the medium, or the last frame where that is later or all that is known', () => {
    expect(timeEnd([frame(3)], 12)).toBe(12);
    expect(timeEnd([frame(12.4)], 12)).toBe(12.4);
    expect(timeEnd([frame(3)], null)).toBe(3);
    expect(timeEnd([], null)).toBeGreaterThan(0);
  });
});

describe('series and line', () => {
  const frames = [frame(0, 0.2, 0.8), frame(5, 0.4, null), frame(10), frame(15, 0.5, 0.1), frame(20, 0.6)];

  it('gives the highest face, or one face', () => {
    expect(series(frames, null).map((s) => s.score)).toEqual([0.8, 0.4, null, 0.5, 0.6]);
    expect(series(frames, 2).map((s) => s.score)).toEqual([0.8, null, null, 0.1, null]);
  });

  it('is broken where nothing was measured', () => {
    expect(linePath(series(frames, null), createScale(plot, 20))).toBe('M10 30L35 50M85 45L110 40');
    expect(linePath([], createScale(plot, 20))).toBe('');
  });
});

describe('segments', () => {
  const scale = createScale(plot, 20);

  it('of one frame can still be seen, and stay inside the plot', () => {
    expect(segmentExtent(segment(5, 10), scale, plot)).toEqual({ x: 35, width: 25 });
    expect(segmentExtent(segment(5, 5), scale, plot)).toEqual({ x: 35, width: 4 });
    expect(segmentExtent(segment(20, 20), scale, plot)).toEqual({ x: 106, width: 4 });
  });

  it('are found by time and face, the strongest first', () => {
    const all = [segment(1, 4, 1, 0.7), segment(3, 6, 2, 0.9)];
    expect(segmentAt(all, 3.5, null)).toBe(all[1]);
    expect(segmentAt(all, 3.5, 1)).toBe(all[0]);
    expect(segmentAt(all, 4, 1)).toBe(all[0]);
    expect(segmentAt(all, 7, null)).toBeNull();
  });
});

describe('nearestIndex', () => {
  it('finds the nearest sample, the first of equals, none among none', () => {
    const samples = [0, 2, 4].map((seconds) => ({ seconds }));
    expect([nearestIndex(samples, -1), nearestIndex(samples, 1), nearestIndex(samples, 1.1), nearestIndex(samples, 99)]).toEqual([0, 0, 1, 2]);
    expect(nearestIndex([], 1)).toBe(-1);
  });
});

describe('timeTicks', () => {
  it('uses round steps that leave room for the labels', () => {
    expect(timeTicks(12, 900)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(timeTicks(12, 300)).toEqual([0, 5, 10]);
    expect(timeTicks(7200, 600)).toEqual([0, 900, 1800, 2700, 3600, 4500, 5400, 6300, 7200]);
    expect(timeTicks(0.4, 300)).toEqual([0, 0.1, 0.2, 0.3, 0.4]);
    for (const end of [0.05, 1, 59, 601, 50_000]) expect(timeTicks(end, 320).length).toBeLessThanOrEqual(5);
  });
});
