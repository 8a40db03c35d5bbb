import { describe, expect, it } from 'vitest';
import { parseProgressEvent, reduceProgress, unknownProgress, type Progress } from './progress.ts';

const at = (percent: number, stage: Progress['stage'], secondsRemaining: number | null = null): Progress => ({
  status: 'running',
  stage,
  percent,
  secondsRemaining,
});

describe('reduceProgress', () => {
  it('moves forward only, whatever order reports come in', () => {
    let state = unknownProgress;
    for (const report of [at(10, 'frames'), at(60, 'scoring', 4), at(30, 'frames', 99), at(20, 'frames')]) state = reduceProgress(state, report);
    expect(state).toEqual(at(60, 'scoring', 4));
  });

  it('keeps the same object when nothing is new, so that nothing is drawn again', () => {
    const state = at(40, 'scoring', 3);
    expect(reduceProgress(state, at(40, 'scoring', 3))).toBe(state);
  });

  it('does not go back to accepted once it runs', () => {
    expect(reduceProgress(at(5, 'frames'), { ...at(5, 'frames'), status: 'accepted' }).status).toBe('running');
  });

  it.each(['completed', 'failed', 'cancelled'] as const)('lets nothing follow %s', (status) => {
    const over = reduceProgress(at(40, 'scoring', 3), { ...at(40, 'scoring'), status });
    expect(over).toEqual({ status, stage: 'done', percent: 100, secondsRemaining: null });
    expect(reduceProgress(over, at(50, 'fusion'))).toBe(over);
  });
});

describe('parseProgressEvent', () => {
  it('reads the contract', () => {
    const data = JSON.stringify({ percent: 42.5, stage: 'scoring', status: 'running', seconds_remaining: 3.2 });
    expect(parseProgressEvent('progress', data)).toEqual(at(42.5, 'scoring', 3.2));
  });

  it('takes the end from the name of the event, even without data', () => {
    expect(parseProgressEvent('completed', '{}')).toEqual({ status: 'completed', stage: 'done', percent: 100, secondsRemaining: null });
  });

  it('keeps percent within 0 and 100 and drops impossible times', () => {
    const data = JSON.stringify({ percent: 250, stage: 'fusion', status: 'running', seconds_remaining: -4 });
    expect(parseProgressEvent('progress', data)).toEqual(at(100, 'fusion'));
  });

  it.each(['', 'null', '[', '"text"', '{}', '{"percent":"40"}'])('refuses %s', (data) => expect(parseProgressEvent('progress', data)).toBeNull());
});
