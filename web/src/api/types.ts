import type { components } from './schema.d.ts';

/** What the API answers, by the names of `docs/openapi.json`; `npm run types` writes it anew. */
type Schemas = components['schemas'];

export type Analysis = Schemas['Analysis'];
export type AnalysisPage = Schemas['AnalysisPage'];
export type AnalysisStatus = Schemas['AnalysisStatus'];
export type AnalysisSummary = Schemas['AnalysisSummary'];
export type FaceTrack = Schemas['FaceTrack'];
export type Finding = Schemas['Finding'];
export type FrameScore = Schemas['FrameScore'];
export type MediaFormat = Schemas['MediaFormat'];
export type MediaKind = Schemas['MediaKind'];
export type MediaSummary = Schemas['MediaSummary'];
export type RiskLevel = Schemas['RiskLevel'];
export type ScoreThresholds = Schemas['ScoreThresholds'];
export type Segment = Schemas['Segment'];
export type Stage = Schemas['Stage'];
export type Verdict = Schemas['Verdict'];

/** Data of the events of `GET /v1/analyses/{id}/events`: to OpenAPI, a stream of events is text. */
export interface ProgressEvent extends Pick<Analysis, 'stage' | 'status' | 'seconds_remaining'> {
  percent: Analysis['progress'];
}

export const isOver = (status: AnalysisStatus): boolean =>
  status === 'completed' || status === 'failed' || status === 'cancelled';
