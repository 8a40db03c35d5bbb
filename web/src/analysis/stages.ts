import type { Stage } from '../api/types.ts';

/** The steps a person sees, in order. `done` is the result itself and needs no step. */
export const steps: readonly { stage: Exclude<Stage, 'done'>; label: string }[] = [
  { stage: 'queued', label: 'Waiting for a free worker' },
  { stage: 'frames', label: 'Finding faces' },
  { stage: 'scoring', label: 'Scoring faces and traces' },
  { stage: 'fusion', label: 'Weighing the evidence' },
];

export const stageLabel = (stage: Stage): string => steps.find((step) => step.stage === stage)?.label ?? 'Finishing';
