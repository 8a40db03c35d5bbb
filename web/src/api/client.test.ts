import { afterEach, describe, expect, it, vi } from 'vitest';
import { getAnalysis, readProblem, RequestFailed, uploadFile } from './client.ts';
import type { Problem } from './client.ts';

afterEach(() => vi.unstubAllGlobals());

describe('readProblem', () => {
  it('takes code and detail of problem+json', () => {
    const body = JSON.stringify({ title: 'Too large', status: 413, code: 'media_too_large', detail: 'At most 100 MB.' });
    expect(readProblem(413, body)).toEqual({ code: 'media_too_large', detail: 'At most 100 MB.', status: 413 });
  });

  it.each([
    [413, 'media_too_large'],
    [415, 'unsupported_media'],
    [404, 'not_found'],
    [502, 'unavailable'],
    [503, 'unavailable'],
    [500, 'internal_error'],
    [0, 'network'],
  ])('guesses from status %d when a proxy answers with its own page', (status, code) =>
    expect(readProblem(status, '<html>oops</html>').code).toBe(code));
});

describe('requests', () => {
  it('become a network problem when nobody answers', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
    await expect(getAnalysis('an_1')).rejects.toMatchObject({ problem: { code: 'network', status: 0 } });
  });

  it('become a typed failure when the service refuses', async () => {
    vi.stubGlobal('fetch', () => Promise.resolve(new Response('{"code":"not_found"}', { status: 404 })));
    await expect(getAnalysis('an_1')).rejects.toBeInstanceOf(RequestFailed);
  });
});

describe('uploadFile', () => {
  class FakeRequest {
    static last: FakeRequest;
    upload: { onprogress?: (event: unknown) => void } = {};
    onload?: () => void;
    onerror?: () => void;
    status = 0;
    responseText = '';
    sent: FormData | null = null;
    open = vi.fn();
    setRequestHeader = vi.fn();
    abort = vi.fn();
    constructor() {
      FakeRequest.last = this;
    }
    send(form: FormData): void {
      this.sent = form;
    }
    answer(status: number, body: string): void {
      this.status = status;
      this.responseText = body;
      this.onload?.();
    }
  }

  const start = () => {
    vi.stubGlobal('XMLHttpRequest', FakeRequest);
    const calls: unknown[] = [];
    const abort = uploadFile(new File(['abc'], 'a.jpg', { type: 'image/jpeg' }), {
      onProgress: (sent, total) => calls.push(['progress', sent, total]),
      onAccepted: (analysis) => calls.push(['accepted', analysis.id]),
      onRejected: (problem: Problem) => calls.push(['rejected', problem.code]),
    });
    return { calls, abort, http: FakeRequest.last };
  };

  it('sends the file in the field that the service reads and reports progress and the id', () => {
    const { calls, http } = start();
    expect(http.open).toHaveBeenCalledWith('POST', '/v1/analyses');
    expect((http.sent?.get('file') as File).name).toBe('a.jpg');
    http.upload.onprogress?.({ loaded: 2, total: 4, lengthComputable: true });
    http.answer(202, '{"id":"an_7"}');
    expect(calls).toEqual([['progress', 2, 4], ['accepted', 'an_7']]);
  });

  it('reports a refusal, a lost connection and an answer that is none', () => {
    const refused = start();
    refused.http.answer(415, '{"code":"playlist_rejected"}');
    expect(refused.calls).toEqual([['rejected', 'playlist_rejected']]);
    const lost = start();
    lost.http.onerror?.();
    expect(lost.calls).toEqual([['rejected', 'network']]);
    const odd = start();
    odd.http.answer(200, '<html>');
    expect(odd.calls).toEqual([['rejected', 'internal_error']]);
  });
});
