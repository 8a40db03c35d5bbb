import { useCallback, useEffect, useReducer, useRef } from 'react';
import { uploadFile } from '../api/client.ts';
import { nextToStart, reduceUploads, type Upload } from './uploads.ts';

export interface Uploads {
  list: readonly Upload[];
  /** Queues files; returns their keys in order. */
  add(files: readonly File[]): string[];
  retry(key: string): void;
  /** Forgets an upload; one that is being sent is broken off. */
  remove(key: string): void;
}

let counter = 0;

/** Sends queued files and keeps them for preview until the tab is closed or they are removed. */
export function useUploads(onAccepted: (key: string, analysisId: string) => void): Uploads {
  const [list, dispatch] = useReducer(reduceUploads, []);
  const aborts = useRef(new Map<string, () => void>());
  const accepted = useRef(onAccepted);
  accepted.current = onAccepted;

  useEffect(() => {
    for (const { key, file } of nextToStart(list)) {
      if (aborts.current.has(key)) continue;
      const abort = uploadFile(file, {
        onProgress: (sentBytes, totalBytes) => dispatch({ type: 'progressed', key, sentBytes, totalBytes }),
        onAccepted: (analysis) => {
          aborts.current.delete(key);
          dispatch({ type: 'accepted', key, analysisId: analysis.id });
          accepted.current(key, analysis.id);
        },
        onRejected: (problem) => {
          aborts.current.delete(key);
          dispatch({ type: 'rejected', key, problem });
        },
      });
      aborts.current.set(key, abort);
      dispatch({ type: 'started', key });
    }
  }, [list]);

  const add = useCallback((files: readonly File[]): string[] => {
    const uploads = files.map((file) => ({ key: `new-${++counter}`, file, url: URL.createObjectURL(file) }));
    dispatch({ type: 'added', uploads });
    return uploads.map((upload) => upload.key);
  }, []);

  const retry = useCallback((key: string) => dispatch({ type: 'retried', key }), []);

  const urls = useRef(new Map<string, string>());
  for (const { key, url } of list) urls.current.set(key, url);
  const remove = useCallback((key: string) => {
    aborts.current.get(key)?.();
    aborts.current.delete(key);
    const url = urls.current.get(key);
    if (url) URL.revokeObjectURL(url);
    urls.current.delete(key);
    dispatch({ type: 'removed', key });
  }, []);

  return { list, add, retry, remove };
}
