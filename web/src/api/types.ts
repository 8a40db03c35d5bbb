/** Where an analysis stands. */
export type AnalysisStatus = 'accepted' | 'running' | 'completed' | 'failed' | 'cancelled';

/** Stages in the order of the pipeline. */
export type Stage = 'queued' | 'frames' | 'scoring' | 'fusion' | 'done';

export type Verdict = 'authentic' | 'suspicious' | 'manipulated' | 'inconclusive';
export type RiskLevel = 'low' | 'medium' | 'high' | 'critical';
export type MediaKind = 'image' | 'animation' | 'video';

/** Scores, 0–100, from which a medium counts as suspicious and as manipulated. */
export interface ScoreThresholds {
  suspicious: number;
  manipulated: number;
}

/** The public record of one analysis, as `GET /v1/analyses/{id}` answers it. Scores are probabilities of "manipulated". */
export interface Analysis {
  id: string;
  status: AnalysisStatus;
  stage: Stage;
  /** 0–100. */
  progress: number;
  /** Estimate while running. */
  seconds_remaining: number | null;
  file_name: string | null;
  media: MediaSummary;
  verdict: Verdict | null;
  reasons: string[];
  /** 0–1. */
  probability: number | null;
  is_deepfake: boolean | null;
  /** 0–100. */
  deepfake_score: number | null;
  /** 0–100. */
  confidence: number | null;
  risk_level: RiskLevel | null;
  /** Where the verdicts began, 0–100. */
  thresholds: ScoreThresholds | null;
  faces: FaceTrack[];
  frames: FrameScore[];
  segments: Segment[];
  findings: Finding[];
  models: ModelResult[];
  signals: Signal[];
  warnings: string[];
  artifacts: Record<string, string>;
  error: AnalysisError | null;
  created_at: string;
  completed_at: string | null;
  /** Seconds by stage. */
  timings: Record<string, number>;
}

export interface AnalysisError {
  code: string;
  detail: string;
}

export interface MediaSummary {
  kind: MediaKind | null;
  format: string;
  sha256: string;
  size_bytes: number;
  width: number | null;
  height: number | null;
  duration_seconds: number | null;
  codec: string | null;
}

export interface FaceTrack {
  track_id: number;
  /** 0–1; null when no model scored it. */
  score: number | null;
  first_seconds: number;
  last_seconds: number;
  frames: number;
  size_pixels: number;
  /** Media time of the pictures. */
  picture_seconds: number | null;
  crop: string | null;
  /** The same picture with what speaks for manipulation laid over it. */
  heat_map: string | null;
  /** The whole frame of that picture, with the face marked and the heat map in its place. */
  frame: string | null;
}

export interface FrameScore {
  seconds: number;
  /** Highest face score of the frame, 0–1. */
  score: number | null;
  faces: FaceScore[];
}

export interface FaceScore {
  track_id: number;
  /** Source pixels after rotation. */
  box: { x: number; y: number; width: number; height: number };
  score: number | null;
}

export interface Segment {
  start_seconds: number;
  end_seconds: number;
  score: number;
  track_id: number;
}

/** Something that was found: counted, seen but not counted, or a reason to doubt. */
export interface Finding {
  code: string;
  kind: 'evidence' | 'observation' | 'doubt';
  text: string;
  strength: number;
  track_id: number | null;
  start_seconds: number | null;
  end_seconds: number | null;
  value: number | null;
}

export interface ModelResult {
  name: string;
  version: string;
  provider: string;
  score: number | null;
  weight: number;
  specialist?: boolean;
  error: string | null;
}

export interface Signal {
  name: string;
  /** How unusual the measurement is, 0–1. */
  score: number | null;
  applicable: boolean;
  reason: string;
  weight: number;
  values: Record<string, number>;
}

/** One line of `GET /v1/analyses`. */
export interface AnalysisSummary {
  id: string;
  status: AnalysisStatus;
  file_name: string | null;
  kind: MediaKind | null;
  sha256: string;
  verdict: Verdict | null;
  deepfake_score: number | null;
  error_code: string | null;
  created_at: string;
  completed_at: string | null;
}

export interface AnalysisPage {
  items: AnalysisSummary[];
  next_cursor: string | null;
}

/** Data of the events of `GET /v1/analyses/{id}/events`. */
export interface ProgressEvent {
  percent: number;
  stage: Stage;
  status: AnalysisStatus;
  seconds_remaining: number | null;
}

export const isOver = (status: AnalysisStatus): boolean =>
  status === 'completed' || status === 'failed' || status === 'cancelled';
