import { act, cleanup, renderHook, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { useHistory } from './useHistory.ts';

let pages: Record<string, unknown>;
let down: boolean;

beforeEach(() => {
  down = false;
  pages = {
    '': { items: [{ id: 'an_3' }, { id: 'an_2' }], next_cursor: 'two' },
    two: { items: [{ id: 'an_2' }, { id: 'an_1' }], next_cursor: null },
  };
  vi.stubGlobal('fetch', (url: string) => {
    if (down) return Promise.reject(new TypeError('down'));
    const cursor = new URL(url, 'http://host').searchParams.get('cursor') ?? '';
    return Promise.resolve(new Response(JSON.stringify(pages[cursor])));
  });
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const ids = (items: readonly { id: string }[]): string[] => items.map((item) => item.id);

it('Pages_follow_each_other_and_an_entry_that_moved_is_not_shown_twice', async () => {
  const { result } = renderHook(() => useHistory());
  await waitFor(() => expect(result.current.state).toBe('ready'));
  expect(result.current.more).toBe(true);
  act(() => result.current.loadMore());
  await waitFor(() => expect(ids(result.current.items)).toEqual(['an_3', 'an_2', 'an_1']));
  expect(result.current.more).toBe(false);
});

it('A_deleted_entry_is_gone_at_once', async () => {
  const { result } = renderHook(() => useHistory());
  await waitFor(() => expect(result.current.state).toBe('ready'));
  act(() => result.current.drop('an_3'));
  expect(ids(result.current.items)).toEqual(['an_2']);
});

it('What_is_shown_stays_when_the_service_goes_away_and_comes_when_it_is_back', async () => {
  down = true;
  const { result } = renderHook(() => useHistory());
  await waitFor(() => expect(result.current.state).toBe('unreachable'));
  down = false;
  act(() => result.current.reload());
  await waitFor(() => expect(ids(result.current.items)).toEqual(['an_3', 'an_2']));
  down = true;
  await act(async () => {
    result.current.reload();
    await Promise.resolve();
  });
  expect(result.current.state).toBe('ready');
  expect(ids(result.current.items)).toEqual(['an_3', 'an_2']);
});
