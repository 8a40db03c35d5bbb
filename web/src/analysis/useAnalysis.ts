import { useEffect, useState } from 'react';
import type { Problem } from '../api/client.ts';
import { reduceProgress, unknownProgress, type Progress } from '../api/progress.ts';
import { isOver, type Analysis } from '../api/types.ts';
import { watchAnalysis } from '../api/watch.ts';

export interface AnalysisState {
  analysis: Analysis | null;
  progress: Progress;
  /** Why nothing is known; null while it is followed or over. */
  lost: Problem | null;
}

const unknown: AnalysisState = { analysis: null, progress: unknownProgress, lost: null };

/**
 * Follows one analysis. `live` takes an event stream, which a browser allows only six of for a host over HTTP/1.1: lists poll.
 */
export function useAnalysis(id: string | null, live: boolean): AnalysisState {
  const [held, setHeld] = useState<{ id: string | null; state: AnalysisState }>({ id, state: unknown });

  useEffect(() => {
    if (id === null) return;
    const update = (change: (state: AnalysisState) => AnalysisState): void =>
      setHeld((previous) => ({ id, state: change(previous.id === id ? previous.state : unknown) }));
    return watchAnalysis(id, live, {
      onProgress: (report) => update((state) => ({ ...state, progress: reduceProgress(state.progress, report) })),
      onAnalysis: (analysis) =>
        // A final record stays: nothing that arrives later takes a result back.
        update((state) => (state.analysis && isOver(state.analysis.status) ? state : { ...state, analysis, lost: null })),
      onLost: (lost) => update((state) => ({ ...state, lost })),
    });
  }, [id, live]);

  return held.id === id ? held.state : unknown;
}
