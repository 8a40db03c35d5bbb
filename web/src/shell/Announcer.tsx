import { createContext, use, useCallback, useState, type ReactNode } from 'react';

const AnnounceContext = createContext<(text: string) => void>(() => undefined);

/** Says a sentence to people who listen to the page instead of looking at it. */
export const useAnnounce = (): ((text: string) => void) => use(AnnounceContext);

/** Holds the one live region. It has to exist before its text changes, or screen readers stay silent. */
export function Announcer({ children }: { children: ReactNode }) {
  const [text, setText] = useState('');
  const announce = useCallback((next: string) => setText(next), []);
  return (
    <AnnounceContext value={announce}>
      {children}
      <div className="visually-hidden" role="status" aria-live="polite" aria-atomic="true">
        {text}
      </div>
    </AnnounceContext>
  );
}
