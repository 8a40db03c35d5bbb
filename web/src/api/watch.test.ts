import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Progress } from './progress.ts';
import { watchAnalysis } from './watch.ts';

class FakeSource {
  static all: FakeSource[] = [];
  static readonly CLOSED = 2;
  readyState = 1;
  onerror: (() => void) | null = null;
  closed = false;
  private readonly listeners = new Map<string, (event: { data: string }) => void>();
  constructor(readonly url: string) {
    FakeSource.all.push(this);
  }
  addEventListener(name: string, listener: (event: { data: string }) => void): void {
    this.listeners.set(name, listener);
  }
  emit(name: string, data: unknown): void {
    this.listeners.get(name)?.({ data: JSON.stringify(data) });
  }
  close(): void {
    this.closed = true;
  }
}

let record: Record<string, unknown>;
let reads: number;
let down: boolean;

beforeEach(() => {
  vi.useFakeTimers();
  FakeSource.all = [];
  reads = 0;
  down = false;
  record = { id: 'an_1', status: 'running', stage: 'frames', progress: 10, seconds_remaining: null };
  vi.stubGlobal('EventSource', FakeSource);
  vi.stubGlobal('fetch', () => {
    reads++;
    if (down) return Promise.reject(new TypeError('down'));
    return Promise.resolve('code' in record ? new Response(JSON.stringify(record), { status: 404 }) : new Response(JSON.stringify(record)));
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const watch = (live = true) => {
  const progress: Progress[] = [];
  const statuses: string[] = [];
  const lost: string[] = [];
  const stop = watchAnalysis('an_1', live, {
    onProgress: (p) => progress.push(p),
    onAnalysis: (a) => statuses.push(a.status),
    onLost: (p) => lost.push(p.code),
  });
  return { progress, statuses, lost, stop };
};
const settle = () => vi.advanceTimersByTimeAsync(0);

it('Follows_the_stream_and_reads_the_final_record_once_at_the_end', async () => {
  const seen = watch();
  await settle();
  const [source] = FakeSource.all;
  expect(source?.url).toBe('/v1/analyses/an_1/events');
  source?.emit('progress', { percent: 50, stage: 'scoring', status: 'running', seconds_remaining: 2 });
  expect(seen.progress.at(-1)).toMatchObject({ percent: 50, secondsRemaining: 2 });
  expect(reads).toBe(1);

  record = { ...record, status: 'completed', stage: 'done', progress: 100 };
  source?.emit('completed', {});
  await settle();
  expect(seen.statuses).toEqual(['running', 'completed']);
  expect(source?.closed).toBe(true);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(reads).toBe(2);
});

it('Polls_when_the_stream_is_refused', async () => {
  const seen = watch();
  await settle();
  const source = FakeSource.all[0]!;
  source.readyState = FakeSource.CLOSED;
  source.onerror?.();
  await vi.advanceTimersByTimeAsync(1600);
  record = { ...record, status: 'failed', stage: 'done' };
  await vi.advanceTimersByTimeAsync(1600);
  expect(seen.statuses.at(-1)).toBe('failed');
  expect(FakeSource.all).toHaveLength(1);
});

it('Looks_for_itself_when_the_stream_is_silent', async () => {
  const seen = watch();
  await settle();
  record = { ...record, status: 'completed', stage: 'done' };
  await vi.advanceTimersByTimeAsync(8100);
  expect(seen.statuses.at(-1)).toBe('completed');
});

it('Opens_no_stream_for_a_list_or_for_an_analysis_that_is_over', async () => {
  watch(false).stop();
  record = { ...record, status: 'completed', stage: 'done' };
  watch();
  await settle();
  expect(FakeSource.all).toHaveLength(0);
});

it('Gives_up_at_once_on_an_unknown_id_and_only_after_a_while_on_a_server_that_restarts', async () => {
  record = { code: 'not_found' };
  const unknown = watch();
  await settle();
  expect(unknown.lost).toEqual(['not_found']);

  record = { id: 'an_1', status: 'running', stage: 'frames', progress: 10 };
  down = true;
  const patient = watch();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(patient.lost).toEqual([]);
  down = false;
  await vi.advanceTimersByTimeAsync(6000);
  expect(patient.statuses).toContain('running');
  patient.stop();

  down = true;
  const hopeless = watch();
  await vi.advanceTimersByTimeAsync(120_000);
  expect(hopeless.lost).toEqual(['network']);
});

it('Is_silent_after_it_was_stopped', async () => {
  const seen = watch();
  await settle();
  seen.stop();
  const before = reads;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(reads).toBe(before);
  expect(FakeSource.all[0]?.closed).toBe(true);
});
