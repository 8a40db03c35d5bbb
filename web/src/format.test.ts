import { describe, expect, it } from 'vitest';
import { formatAgo, formatBytes, formatClock, formatDuration, formatRemaining, formatScore, humanize, humanizeTiming } from './format.ts';

describe('formatClock', () => {
  it.each([
    [0, false, '0:00'],
    [4.9, false, '0:04'],
    [61, false, '1:01'],
    [3723, false, '1:02:03'],
    [4.24, true, '0:04.2'],
    [59.96, true, '1:00.0'],
    [3599.99, true, '1:00:00.0'],
    [-1, false, '0:00'],
  ])('shows %d s (tenths: %s) as %s', (seconds, tenths, text) => expect(formatClock(seconds, tenths)).toBe(text));
});

describe('formatRemaining', () => {
  it.each([
    [null, ''],
    [0, 'almost done'],
    [4.2, 'about 4 s left'],
    [12, 'about 15 s left'],
    [56, 'about 1 min left'],
    [150, 'about 3 min left'],
    [3590, 'about 1 h left'],
  ])('says %s as "%s"', (seconds, text) => expect(formatRemaining(seconds)).toBe(text));
});

describe('figures', () => {
  it('never shows a unit that is used up', () => {
    expect(formatBytes(999)).toBe('999 B');
    expect(formatBytes(999_499)).toBe('999 kB');
    expect(formatBytes(999_500)).toBe('1.0 MB');
    expect(formatBytes(4_218_000)).toBe('4.2 MB');
    expect(formatBytes(104_857_600)).toBe('105 MB');
    expect(formatBytes(2_500_000_000)).toBe('2.5 GB');
    expect(formatDuration(0.0214)).toBe('21 ms');
    expect(formatDuration(0.9996)).toBe('1.0 s');
    expect(formatDuration(59.97)).toBe('1 min');
    expect(formatDuration(125)).toBe('2 min 5 s');
  });

  it('shows a missing score as a dash, not as zero', () => {
    expect(formatScore(null)).toBe('–');
    expect(formatScore(0)).toBe('0');
    expect(formatScore(0.936)).toBe('94');
  });

  it('turns codes into words', () => {
    expect(humanize('azimuthal_spectrum')).toBe('Azimuthal spectrum');
    expect(humanize('jpeg_quantisation')).toBe('JPEG quantisation');
    expect(humanizeTiming('total')).toBe('Total');
    expect(humanizeTiming('frames.detect')).toBe('Frames: detect');
    expect(humanizeTiming('inference.inference_read')).toBe('Inference: read');
  });
});

describe('formatAgo', () => {
  const now = new Date('2026-11-21T12:00:00Z');
  it.each([
    ['2026-11-21T11:59:30Z', 'just now'],
    ['2026-11-21T12:00:20Z', 'just now'],
    ['2026-11-21T11:50:00Z', '10 min ago'],
    ['2026-11-21T09:00:00Z', '3 h ago'],
    ['2026-11-20T11:00:00Z', 'yesterday'],
    ['2026-11-18T12:00:00Z', '3 days ago'],
    ['2026-11-01T12:00:00Z', '1 Nov 2026'],
    ['rubbish', ''],
  ])('tells %s as "%s"', (iso, text) => expect(formatAgo(iso, now)).toBe(text));
});
