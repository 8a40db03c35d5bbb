import type { Problem } from '../api/client.ts';

export type UploadPhase = 'waiting' | 'sending' | 'accepted' | 'rejected';

/** A file that this tab was given, from the drop to the end of the session. */
export interface Upload {
  /** Name inside this tab, e.g. `new-1`. */
  key: string;
  file: File;
  /** Blob address for the preview. */
  url: string;
  phase: UploadPhase;
  sentBytes: number;
  totalBytes: number;
  /** Known once accepted. */
  analysisId: string | null;
  /** Why it was not accepted. */
  problem: Problem | null;
}

export type UploadAction =
  | { type: 'added'; uploads: { key: string; file: File; url: string }[] }
  | { type: 'started'; key: string }
  | { type: 'progressed'; key: string; sentBytes: number; totalBytes: number }
  | { type: 'accepted'; key: string; analysisId: string }
  | { type: 'rejected'; key: string; problem: Problem }
  | { type: 'retried'; key: string }
  | { type: 'removed'; key: string };

export function reduceUploads(state: readonly Upload[], action: UploadAction): readonly Upload[] {
  if (action.type === 'added') {
    const fresh = action.uploads.map(
      (upload): Upload => ({ ...upload, phase: 'waiting', sentBytes: 0, totalBytes: upload.file.size, analysisId: null, problem: null }),
    );
    return [...state, ...fresh];
  }
  if (action.type === 'removed') return state.filter((upload) => upload.key !== action.key);
  return state.map((upload) => (upload.key === action.key ? step(upload, action) : upload));
}

function step(upload: Upload, action: Exclude<UploadAction, { type: 'added' | 'removed' }>): Upload {
  switch (action.type) {
    case 'started':
      return { ...upload, phase: 'sending', sentBytes: 0, problem: null };
    case 'progressed':
      return upload.phase === 'sending' ? { ...upload, sentBytes: action.sentBytes, totalBytes: action.totalBytes } : upload;
    case 'accepted':
      return { ...upload, phase: 'accepted', analysisId: action.analysisId, sentBytes: upload.totalBytes };
    case 'rejected':
      return { ...upload, phase: 'rejected', problem: action.problem };
    case 'retried':
      return upload.phase === 'rejected' ? { ...upload, phase: 'waiting', sentBytes: 0, problem: null } : upload;
  }
}

const atOnce = 2;

/** The uploads to start now, first come first served: two at a time, so that a long one does not hold up a short one. */
export function nextToStart(state: readonly Upload[]): readonly Upload[] {
  const free = atOnce - state.filter((upload) => upload.phase === 'sending').length;
  return free > 0 ? state.filter((upload) => upload.phase === 'waiting').slice(0, free) : [];
}

/** How a file can be shown before the service has said what it is; decided by the browser's guess, for the preview only. */
export function previewKind(file: { type: string; name: string }): 'image' | 'video' | null {
  if (file.type.startsWith('image/')) return 'image';
  if (file.type.startsWith('video/')) return 'video';
  if (/\.(jpe?g|png|webp|gif|bmp|tiff?)$/i.test(file.name)) return 'image';
  if (/\.(mp4|m4v|mov|avi|mkv|webm)$/i.test(file.name)) return 'video';
  return null;
}
