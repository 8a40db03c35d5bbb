import { getAnalysis, eventsPath, RequestFailed, type Problem } from './client.ts';
import { parseProgressEvent, progressOf, type Progress } from './progress.ts';
import { isOver, type Analysis } from './types.ts';

export interface WatchCallbacks {
  onProgress(progress: Progress): void;
  /** The record: once at the start, on every poll, and when it is over. */
  onAnalysis(analysis: Analysis): void;
  /** The record cannot be had; watching has ended. */
  onLost(problem: Problem): void;
}

const pollMilliseconds = 1500;
/** An event stream that says nothing for so long may be held up by a proxy; a look at the record settles it. */
const silenceMilliseconds = 8000;

/**
 * Follows an analysis to its end: by server-sent events when `live`, by polling when not or when the stream does not work. The
 * record is read once more at the end, so the caller always gets the final one. Returns a function that stops.
 */
export function watchAnalysis(id: string, live: boolean, callbacks: WatchCallbacks): () => void {
  const abort = new AbortController();
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;

  const stop = (): void => {
    abort.abort();
    source?.close();
    source = null;
    clearTimeout(timer);
  };

  const schedule = (milliseconds: number): void => {
    clearTimeout(timer);
    if (!abort.signal.aborted) timer = setTimeout(() => void read(), milliseconds);
  };

  const read = async (): Promise<void> => {
    clearTimeout(timer);
    try {
      const analysis = await getAnalysis(id, abort.signal);
      if (abort.signal.aborted) return;
      failures = 0;
      callbacks.onAnalysis(analysis);
      callbacks.onProgress(progressOf(analysis));
      if (isOver(analysis.status)) return stop();
      if (live && source === null) listen();
      schedule(source ? silenceMilliseconds : pollMilliseconds);
    } catch (error) {
      if (abort.signal.aborted) return;
      const problem = error instanceof RequestFailed ? error.problem : { code: 'network', detail: '', status: 0 };
      // The page is asking for a key meanwhile, for as long as that takes.
      failures = problem.code === 'unauthenticated' ? Math.min(failures + 1, 3) : failures + 1;
      // A server that restarts is given half a minute; an unknown id is unknown for good.
      if (problem.code === 'not_found' || failures > 10) {
        stop();
        callbacks.onLost(problem);
      } else {
        schedule(Math.min(pollMilliseconds * failures, 5000));
      }
    }
  };

  const listen = (): void => {
    if (typeof EventSource === 'undefined') {
      live = false;
      return;
    }
    source = new EventSource(eventsPath(id));
    for (const name of ['progress', 'completed', 'failed', 'cancelled']) {
      source.addEventListener(name, (event) => {
        const progress = parseProgressEvent(name, (event as MessageEvent<string>).data);
        // The final record is read before the end is told, so that a page never shows an end without a result.
        if (progress === null || isOver(progress.status)) void read();
        else {
          callbacks.onProgress(progress);
          schedule(silenceMilliseconds);
        }
      });
    }
    source.onerror = () => {
      if (source?.readyState === EventSource.CLOSED) {
        source = null;
        live = false;
      }
      schedule(source ? pollMilliseconds : 0);
    };
  };

  void read();
  return stop;
}
