import { expect, it } from 'vitest';
import { nextToStart, previewKind, reduceUploads, type Upload } from './uploads.ts';

const added = (...keys: string[]): readonly Upload[] =>
  reduceUploads([], { type: 'added', uploads: keys.map((key) => ({ key, file: new File(['abcd'], `${key}.jpg`), url: `blob:${key}` })) });
const phases = (state: readonly Upload[]): string[] => state.map((upload) => upload.phase);
const keys = (state: readonly Upload[]): string[] => state.map((upload) => upload.key);

it('Sends_two_at_a_time_in_the_order_they_were_added', () => {
  let state = added('a', 'b', 'c');
  expect(keys(nextToStart(state))).toEqual(['a', 'b']);
  state = reduceUploads(state, { type: 'started', key: 'a' });
  expect(keys(nextToStart(state))).toEqual(['b']);
  state = reduceUploads(state, { type: 'started', key: 'b' });
  expect(nextToStart(state)).toEqual([]);
  state = reduceUploads(state, { type: 'accepted', key: 'b', analysisId: 'an_b' });
  expect(keys(nextToStart(state))).toEqual(['c']);
});

it('One_bad_file_does_not_hold_up_the_rest_and_can_be_sent_again', () => {
  const problem = { code: 'backlog_full', detail: '', status: 503 };
  let state = added('a', 'b');
  state = reduceUploads(state, { type: 'started', key: 'a' });
  state = reduceUploads(state, { type: 'rejected', key: 'a', problem });
  expect(keys(nextToStart(state))).toEqual(['b']);
  state = reduceUploads(state, { type: 'retried', key: 'a' });
  expect(state[0]).toMatchObject({ phase: 'waiting', problem: null, sentBytes: 0 });
});

it('Late_progress_does_not_reopen_an_upload', () => {
  let state = reduceUploads(added('a'), { type: 'started', key: 'a' });
  state = reduceUploads(state, { type: 'progressed', key: 'a', sentBytes: 2, totalBytes: 4 });
  expect(state[0]?.sentBytes).toBe(2);
  state = reduceUploads(state, { type: 'accepted', key: 'a', analysisId: 'an_a' });
  state = reduceUploads(state, { type: 'progressed', key: 'a', sentBytes: 3, totalBytes: 4 });
  state = reduceUploads(state, { type: 'retried', key: 'a' });
  expect(state[0]).toMatchObject({ phase: 'accepted', sentBytes: 4, analysisId: 'an_a' });
});

it('A_removed_upload_is_gone', () => {
  const state = reduceUploads(added('a', 'b'), { type: 'removed', key: 'a' });
  expect(keys(state)).toEqual(['b']);
  expect(phases(reduceUploads(state, { type: 'started', key: 'a' }))).toEqual(['waiting']);
});

it('A_preview_is_chosen_by_type_then_by_name', () => {
  expect(previewKind({ type: 'image/webp', name: 'x.bin' })).toBe('image');
  expect(previewKind({ type: '', name: 'Clip.MKV' })).toBe('video');
  expect(previewKind({ type: 'text/plain', name: 'notes.txt' })).toBeNull();
});
