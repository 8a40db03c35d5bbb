import type { Analysis, AnalysisSummary, FaceTrack, Finding, FrameScore, MediaFormat, Segment, Verdict } from '../src/api/types.ts';

/** Records for developing the page without a server. Which one a file gets is decided by a word in its name. */
export interface Recording {
  verdict: Verdict;
  reasons: string[];
  score: number | null;
  confidence: number | null;
}

const recordings: Readonly<Record<string, Recording>> = {
  authentic: { verdict: 'authentic', reasons: ['low_face_score', 'models_missing'], score: 6.4, confidence: 81 },
  suspicious: { verdict: 'suspicious', reasons: ['elevated_face_score', 'models_disagree'], score: 52.3, confidence: 38 },
  manipulated: { verdict: 'manipulated', reasons: ['high_face_score'], score: 93.6, confidence: 88 },
  noface: { verdict: 'inconclusive', reasons: ['no_face'], score: null, confidence: null },
  unsure: { verdict: 'inconclusive', reasons: ['face_too_small', 'low_quality'], score: 41, confidence: 12 },
};

export const recordingFor = (name: string): Recording =>
  Object.entries(recordings).find(([word]) => name.toLowerCase().includes(word))?.[1] ?? recordings['authentic']!;

/** Faces of the sample photographs, as boxes in source pixels. */
const boxes = [
  { x: 700, y: 300, width: 300, height: 380 },
  { x: 1220, y: 420, width: 250, height: 310 },
];

function formatOf(fileName: string): MediaFormat {
  const ending = fileName.split('.').pop()?.toLowerCase().replace('jpg', 'jpeg');
  const known: readonly MediaFormat[] = ['jpeg', 'png', 'webp', 'gif', 'bmp', 'tiff', 'mp4', 'mov', 'avi', 'mkv', 'webm'];
  return known.find((format) => format === ending) ?? 'jpeg';
}

export function accept(id: string, fileName: string, sizeBytes: number, now: Date): Analysis {
  return {
    id,
    status: 'accepted',
    stage: 'queued',
    progress: 0,
    seconds_remaining: null,
    file_name: fileName,
    reference: null,
    metadata: {},
    options: { profile: 'balanced', heat_maps: true },
    media: {
      kind: null,
      format: formatOf(fileName),
      sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
      size_bytes: sizeBytes,
      width: null,
      height: null,
      duration_seconds: null,
      codec: null,
    },
    verdict: null,
    machine_verdict: null,
    review: null,
    reasons: [],
    probability: null,
    is_deepfake: null,
    deepfake_score: null,
    confidence: null,
    risk_level: null,
    thresholds: null,
    score_meaning: null,
    faces: [],
    frames: [],
    segments: [],
    findings: [],
    models: [],
    signals: [],
    warnings: [],
    artifacts: {},
    error: null,
    created_at: now.toISOString(),
    updated_at: null,
    completed_at: null,
    expires_at: null,
    version: 1,
    reprocess_of: null,
    timings: {},
  };
}

export function complete(analysis: Analysis, now: Date): Analysis {
  const name = analysis.file_name ?? '';
  const recording = recordingFor(name);
  const moving = /\.(mp4|mov|webm|gif|avi|mkv)$/i.test(name);
  const duration = moving ? 12 : null;
  const probability = recording.score === null ? null : recording.score / 100;
  const people = recording.reasons.includes('no_face') ? 0 : name.includes('one') ? 1 : 2;
  const frames = framesOf(people, duration, probability ?? 0.3);
  return {
    ...analysis,
    status: 'completed',
    stage: 'done',
    progress: 100,
    media: {
      ...analysis.media,
      kind: moving ? (name.endsWith('.gif') ? 'animation' : 'video') : 'image',
      width: 1920,
      height: 1280,
      duration_seconds: duration,
      codec: moving ? 'h264' : 'mjpeg',
    },
    verdict: recording.verdict,
    machine_verdict: recording.verdict,
    reasons: recording.reasons,
    probability,
    is_deepfake: recording.verdict === 'inconclusive' ? null : recording.verdict === 'manipulated',
    deepfake_score: recording.score,
    confidence: recording.confidence,
    risk_level: riskOf(recording.verdict, probability),
    thresholds: { suspicious: 79, manipulated: 95, authentic: null },
    faces: facesOf(people, duration, probability, analysis.id),
    frames,
    segments: recording.verdict === 'manipulated' && moving ? segments : [],
    findings: findingsOf(recording.verdict, recording.score),
    models: [
      { name: 'compact-cnn', version: '1.2.0', provider: 'cpu', score: probability, weight: 1, family: null, error: null },
      { name: 'spectrum-branch', version: '0.4.1', provider: 'cpu', score: null, weight: 0.5, family: null, error: 'The model did not load: wrong hash.' },
    ],
    signals: [
      { name: 'azimuthal_spectrum', score: 0.31, applicable: true, reason: 'High frequencies fall off as in most camera pictures.', weight: 0, values: { slope: -2.1 }, auc: null, places: [] },
      { name: 'noise_residual', score: 0.74, applicable: true, reason: 'The noise of the face differs from its surroundings.', weight: 0.12, values: { ratio: 0.48 }, auc: null, places: [] },
      { name: 'jpeg_quantisation', score: null, applicable: false, reason: 'Not a JPEG file.', weight: 0, values: {}, auc: null, places: [] },
    ],
    warnings: moving ? ['32 of 300 frames were looked at; a short change between them can be missed.'] : [],
    artifacts: {},
    completed_at: now.toISOString(),
    timings: { queued: 0.021, frames: 1.84, scoring: 0.92, fusion: 0.034, total: 2.815 },
  };
}

export const summaryOf = (analysis: Analysis): AnalysisSummary => ({
  id: analysis.id,
  status: analysis.status,
  file_name: analysis.file_name,
  reference: analysis.reference,
  kind: analysis.media.kind,
  sha256: analysis.media.sha256,
  verdict: analysis.verdict,
  machine_verdict: analysis.machine_verdict,
  reviewed: analysis.review !== null,
  deepfake_score: analysis.deepfake_score,
  error_code: analysis.error?.code ?? null,
  created_at: analysis.created_at,
  completed_at: analysis.completed_at,
  version: analysis.version,
  reprocess_of: analysis.reprocess_of,
});

const segments: Segment[] = [
  { start_seconds: 3.1, end_seconds: 5.4, score: 0.91, track_id: 1 },
  { start_seconds: 8.5, end_seconds: 8.5, score: 0.88, track_id: 2 },
];

function findingsOf(verdict: Verdict, score: number | null): Finding[] {
  if (score === null) return [];
  const common = { strength: 0.5, track_id: null, start_seconds: null, end_seconds: null, value: null };
  return [
    { ...common, code: 'face_score', kind: 'evidence', text: `Face 1 scores ${score} of 100.` },
    verdict === 'manipulated'
      ? { ...common, code: 'false_alarms', kind: 'doubt', text: 'Of authentic media like our test material, about 1 in 100 score as high.' }
      : { ...common, code: 'unknown_methods', kind: 'doubt', text: 'Methods of manipulation that the models have not learnt can go unseen.' },
  ];
}

function riskOf(verdict: Verdict, probability: number | null): Analysis['risk_level'] {
  if (probability === null) return null;
  if (verdict === 'manipulated') return 'critical';
  if (verdict === 'suspicious') return 'high';
  return probability < 0.4 ? 'low' : 'medium';
}

function facesOf(people: number, duration: number | null, probability: number | null, id: string): FaceTrack[] {
  return boxes.slice(0, people).map((box, i) => ({
    track_id: i + 1,
    score: probability === null ? null : Math.max(0.02, probability - i * 0.34),
    first_seconds: 0,
    last_seconds: duration === null ? 0 : duration - i * 3.5,
    frames: duration === null ? 1 : 32 - i * 9,
    size_pixels: Math.max(box.width, box.height),
    picture_seconds: 0,
    crop: `/v1/analyses/${id}/faces/${i + 1}`,
    heat_map: null,
    frame: null,
  }));
}

function framesOf(people: number, duration: number | null, probability: number): FrameScore[] {
  const count = duration === null ? 1 : 32;
  return Array.from({ length: count }, (_, i) => {
    const seconds = duration === null ? 0 : (i / (count - 1)) * duration * 0.99;
    const high = segments.some((s) => seconds >= s.start_seconds - 0.3 && seconds <= s.end_seconds + 0.3);
    const faces = boxes.slice(0, people).flatMap((box, p) => {
      if (i > 12 && i < 15 && duration !== null) return [];
      const base = duration === null ? probability : high && probability > 0.8 ? 0.9 : probability * 0.35;
      const score = Math.min(0.99, Math.max(0.01, base - p * 0.12 + 0.07 * Math.sin(i * 1.7 + p)));
      return [{ track_id: p + 1, box, score }];
    });
    return { seconds, score: faces.length ? Math.max(...faces.map((face) => face.score)) : null, faces };
  });
}
