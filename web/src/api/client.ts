import type { Analysis, AnalysisPage } from './types.ts';

/** What went wrong with a request: a code of the service, or `network` when there was no answer. */
export interface Problem {
  code: string;
  detail: string;
  /** HTTP status; 0 without an answer. */
  status: number;
}

/** A request that got no useful answer. */
export class RequestFailed extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail || problem.code);
  }
}

const keyNeeded = new Set<() => void>();

/** Calls back whenever the service asks for a key. Returns a function that stops it. */
export function onKeyNeeded(listener: () => void): () => void {
  keyNeeded.add(listener);
  return () => void keyNeeded.delete(listener);
}

function note(problem: Problem): Problem {
  if (problem.status === 401) for (const listener of keyNeeded) listener();
  return problem;
}

const analyses = '/v1/analyses';
const path = (id: string): string => `${analyses}/${encodeURIComponent(id)}`;

/** Address of the event stream of an analysis. */
export const eventsPath = (id: string): string => `${path(id)}/events`;

/** Address of the machine-readable record. */
export const recordPath = (id: string): string => path(id);

/** Address of the picture of a face. */
export const facePath = (id: string, trackId: number): string => `${path(id)}/faces/${trackId}`;

export const getAnalysis = (id: string, signal?: AbortSignal): Promise<Analysis> =>
  request<Analysis>(path(id), signal ? { signal } : {});

export const listAnalyses = (cursor: string | null, signal?: AbortSignal): Promise<AnalysisPage> => {
  const query = new URLSearchParams({ limit: '20' });
  if (cursor) query.set('cursor', cursor);
  return request<AnalysisPage>(`${analyses}?${query}`, signal ? { signal } : {});
};

export const deleteAnalysis = (id: string): Promise<void> => request(path(id), { method: 'DELETE' });

export const cancelAnalysis = (id: string): Promise<void> => request(`${path(id)}/cancel`, { method: 'POST' });

async function request<T>(url: string, init: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(url, { ...init, headers: { accept: 'application/json' } });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new RequestFailed({ code: 'network', detail: '', status: 0 });
  }
  const text = await response.text();
  if (!response.ok) throw new RequestFailed(note(readProblem(response.status, text)));
  return parse(text) as T;
}

/** Reads a problem+json body; anything else becomes a problem with a code guessed from the status. */
export function readProblem(status: number, body: string): Problem {
  const document = parse(body);
  const field = (name: string): string => {
    const value = document !== null && typeof document === 'object' ? (document as Record<string, unknown>)[name] : null;
    return typeof value === 'string' ? value : '';
  };
  return { code: field('code') || codeOfStatus(status), detail: field('detail') || field('title'), status };
}

function codeOfStatus(status: number): string {
  switch (status) {
    case 0:
      return 'network';
    case 400:
    case 422:
      return 'invalid_request';
    case 401:
      return 'unauthenticated';
    case 403:
      return 'forbidden';
    case 404:
      return 'not_found';
    case 413:
      return 'media_too_large';
    case 415:
      return 'unsupported_media';
    case 429:
      return 'rate_limited';
    case 502:
    case 503:
    case 504:
      return 'unavailable';
    default:
      return 'internal_error';
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

export interface UploadCallbacks {
  onProgress(sentBytes: number, totalBytes: number): void;
  onAccepted(analysis: Analysis): void;
  onRejected(problem: Problem): void;
}

/** Sends a file. `fetch` cannot report how much was sent, so this is an XMLHttpRequest. Returns a function that aborts. */
export function uploadFile(file: File, callbacks: UploadCallbacks): () => void {
  const http = new XMLHttpRequest();
  const form = new FormData();
  form.append('file', file, file.name);
  http.upload.onprogress = (event) => callbacks.onProgress(event.loaded, event.lengthComputable ? event.total : file.size);
  http.onload = () => {
    const document = parse(http.responseText) as Analysis | null;
    if (http.status >= 200 && http.status < 300 && typeof document?.id === 'string') callbacks.onAccepted(document);
    else callbacks.onRejected(note(readProblem(http.status < 300 ? 500 : http.status, http.responseText)));
  };
  http.onerror = () => callbacks.onRejected({ code: 'network', detail: '', status: 0 });
  http.open('POST', analyses);
  http.setRequestHeader('accept', 'application/json');
  http.send(form);
  return () => http.abort();
}
