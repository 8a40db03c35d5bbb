import { useSyncExternalStore } from 'react';

/** What the address names: the start, an analysis (shareable), or an upload of this tab that has no id yet. */
export type Route = { view: 'home' } | { view: 'analysis'; id: string } | { view: 'upload'; key: string };

export const analysisHash = (id: string): string => `#${id}`;
export const uploadHash = (key: string): string => `#${key}`;

export function parseHash(hash: string): Route {
  const name = hash.replace(/^#/, '');
  if (/^an_[A-Za-z0-9_-]{1,64}$/.test(name)) return { view: 'analysis', id: name };
  if (/^new-\d{1,9}$/.test(name)) return { view: 'upload', key: name };
  return { view: 'home' };
}

/** Goes to a view and adds a step to the browser's history. */
export function navigate(hash: string): void {
  if (window.location.hash !== hash) window.location.hash = hash;
}

/** Renames the current step: going back does not return to the old name. `replaceState` fires no event, so this does. */
export function replaceRoute(hash: string): void {
  window.history.replaceState(null, '', hash === '' ? window.location.pathname + window.location.search : hash);
  window.dispatchEvent(new HashChangeEvent('hashchange'));
}

/** Leaves a view for the start. */
export function goHome(): void {
  navigate('');
}

function subscribe(listener: () => void): () => void {
  window.addEventListener('hashchange', listener);
  window.addEventListener('popstate', listener);
  return () => {
    window.removeEventListener('hashchange', listener);
    window.removeEventListener('popstate', listener);
  };
}

export function useRoute(): Route {
  const hash = useSyncExternalStore(subscribe, () => window.location.hash);
  return parseHash(hash);
}
