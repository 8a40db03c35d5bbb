import type { Analysis, AnalysisStatus, ProgressEvent, Stage } from './types.ts';
import { isOver } from './types.ts';

/** How far an analysis is, as far as this page has heard. */
export interface Progress {
  status: AnalysisStatus;
  stage: Stage;
  /** 0–100, never falls. */
  percent: number;
  secondsRemaining: number | null;
}

export const unknownProgress: Progress = { status: 'accepted', stage: 'queued', percent: 0, secondsRemaining: null };

const order: readonly Stage[] = ['queued', 'frames', 'scoring', 'fusion', 'done'];

/** Place of a stage in the pipeline, from 0; unknown stages count as the first. */
export const stageIndex = (stage: Stage): number => Math.max(0, order.indexOf(stage));

/**
 * Takes a report in. Reports come from the event stream and from polling, so they may repeat or arrive late: percent and stage only
 * move forward, and nothing follows a final status.
 */
export function reduceProgress(state: Progress, report: Progress): Progress {
  if (isOver(state.status)) return state;
  if (isOver(report.status)) return { status: report.status, stage: 'done', percent: 100, secondsRemaining: null };
  const late = stageIndex(report.stage) < stageIndex(state.stage) || report.percent < state.percent;
  const next: Progress = {
    status: state.status === 'running' ? 'running' : report.status,
    stage: stageIndex(report.stage) > stageIndex(state.stage) ? report.stage : state.stage,
    percent: Math.max(state.percent, Math.min(100, report.percent)),
    secondsRemaining: late ? state.secondsRemaining : report.secondsRemaining,
  };
  const same =
    next.status === state.status &&
    next.stage === state.stage &&
    next.percent === state.percent &&
    next.secondsRemaining === state.secondsRemaining;
  return same ? state : next;
}

/** Reads the data of one event; null when it is not what the contract says. */
export function parseProgressEvent(name: string, data: string): Progress | null {
  let value: Partial<ProgressEvent> | null;
  try {
    value = JSON.parse(data) as Partial<ProgressEvent> | null;
  } catch {
    return null;
  }
  if (value === null || typeof value !== 'object') return null;
  const final = name === 'completed' || name === 'failed' || name === 'cancelled' ? name : null;
  if (final === null && typeof value.percent !== 'number') return null;
  const remaining = value.seconds_remaining;
  return {
    status: final ?? value.status ?? 'running',
    stage: final ? 'done' : (value.stage ?? 'queued'),
    percent: final ? 100 : clampPercent(value.percent ?? 0),
    secondsRemaining: typeof remaining === 'number' && Number.isFinite(remaining) && remaining >= 0 ? remaining : null,
  };
}

/** The progress that a record tells. */
export const progressOf = (analysis: Analysis): Progress => ({
  status: analysis.status,
  stage: analysis.stage,
  percent: clampPercent(analysis.progress),
  secondsRemaining: analysis.seconds_remaining,
});

const clampPercent = (value: number): number => (Number.isFinite(value) ? Math.min(100, Math.max(0, value)) : 0);
