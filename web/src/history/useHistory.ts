import { useCallback, useEffect, useRef, useState } from 'react';
import { listAnalyses } from '../api/client.ts';
import type { AnalysisSummary } from '../api/types.ts';

export interface History {
  items: readonly AnalysisSummary[];
  state: 'loading' | 'ready' | 'unreachable';
  more: boolean;
  reload(): void;
  loadMore(): void;
  /** Takes an entry off the list at once; the service is told by the caller. */
  drop(id: string): void;
}

/** Recent analyses, newest first, page by page. */
export function useHistory(): History {
  const [items, setItems] = useState<readonly AnalysisSummary[]>([]);
  const [state, setState] = useState<History['state']>('loading');
  const [cursor, setCursor] = useState<string | null>(null);
  const latest = useRef(0);

  const load = useCallback(async (from: string | null): Promise<void> => {
    const turn = ++latest.current;
    try {
      const page = await listAnalyses(from);
      if (turn !== latest.current) return;
      setItems((held) => {
        if (from === null) return page.items;
        const known = new Set(held.map((item) => item.id));
        return [...held, ...page.items.filter((item) => !known.has(item.id))];
      });
      setCursor(page.next_cursor);
      setState('ready');
    } catch {
      if (turn === latest.current) setState((held) => (held === 'ready' ? held : 'unreachable'));
    }
  }, []);

  useEffect(() => void load(null), [load]);

  return {
    items,
    state,
    more: cursor !== null,
    reload: useCallback(() => void load(null), [load]),
    loadMore: () => void load(cursor),
    drop: useCallback((id: string) => setItems((held) => held.filter((item) => item.id !== id)), []),
  };
}
