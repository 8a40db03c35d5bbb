import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Connect, Plugin } from 'vite';
import type { Analysis } from '../src/api/types.ts';
import { isOver, type Stage } from '../src/api/types.ts';
import { accept, complete, summaryOf } from './recordings.ts';

/** The policy under which the Gateway serves the page; kept here so that the page is developed under it too. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; font-src 'self'; connect-src 'self'; " +
  "manifest-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const stages: Stage[] = ['queued', 'frames', 'scoring', 'fusion'];

/** Pace of a running analysis in milliseconds a step of 5 %. */
const pace = Number(process.env['MOCK_PACE'] ?? 120);

/**
 * Answers the API from recordings. Words in a file's name choose the outcome: authentic, suspicious, manipulated, noface, unsure,
 * `fail-CODE` (accepted, then failed), `reject-CODE` (not accepted), `stuck` (stays at 40 %).
 */
export function recordedApi(): Plugin {
  const store = new Map<string, Analysis>();
  let counter = 0;
  seed(store);

  const nextId = (): string => `an_mock${String(++counter).padStart(6, '0')}`;

  const run = (id: string): void => {
    const timer = setInterval(() => {
      const analysis = store.get(id);
      if (!analysis || isOver(analysis.status)) return clearInterval(timer);
      const name = analysis.file_name ?? '';
      const progress = name.includes('stuck') ? Math.min(40, analysis.progress + 5) : analysis.progress + 5;
      const code = /fail-([a-z_]+)/.exec(name)?.[1];
      if (code && progress > 40)
        store.set(id, { ...analysis, status: 'failed', stage: 'done', progress: 100, error: { code, detail: '' }, completed_at: new Date().toISOString() });
      else if (progress >= 100) store.set(id, complete(analysis, new Date()));
      else store.set(id, { ...analysis, status: 'running', progress, stage: stages[Math.min(3, Math.floor(progress / 28))] ?? 'queued' });
    }, pace);
  };

  const handle: Connect.NextHandleFunction = (request, response, next) => {
    const url = new URL(request.url ?? '/', 'http://mock');
    const parts = url.pathname.split('/').filter(Boolean);
    if (parts[0] !== 'v1' || parts[1] !== 'analyses') return next();
    const [id, action] = [parts[2], parts[3]];
    if (!id) return request.method === 'POST' ? void submit(request, response) : list(response);
    const analysis = store.get(id);
    if (!analysis) return problem(response, 404, 'not_found');
    if (action === 'events') return events(id, request, response);
    if (action === 'faces') return face(response, Number(parts[4]));
    if (action === 'cancel') {
      store.set(id, { ...analysis, status: 'cancelled', stage: 'done', completed_at: new Date().toISOString() });
      return json(response, 202, store.get(id));
    }
    if (request.method === 'DELETE') {
      store.delete(id);
      response.statusCode = 204;
      return void response.end();
    }
    return json(response, 200, analysis);
  };

  const submit = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    } catch {
      return; // The browser broke the upload off.
    }
    const body = Buffer.concat(chunks);
    const head = body.subarray(0, 1000).toString('utf8');
    const name = /filename="([^"]*)"/.exec(head)?.[1] ?? 'file';
    const start = body.indexOf('\r\n\r\n') + 4;
    const content = body.subarray(start, body.indexOf(`\r\n${head.split('\r\n')[0]}`, start - 2));
    const code = /reject-([a-z_]+)/.exec(name)?.[1] ?? refusal(content);
    if (code) return problem(response, 415, code);
    const id = nextId();
    store.set(id, accept(id, name, content.length, new Date()));
    run(id);
    json(response, 202, store.get(id));
  };

  const list = (response: ServerResponse): void => {
    const items = [...store.values()].filter((a) => isOver(a.status)).sort((a, b) => b.created_at.localeCompare(a.created_at));
    json(response, 200, { items: items.map(summaryOf), next_cursor: null });
  };

  const events = (id: string, request: IncomingMessage, response: ServerResponse): void => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    const timer = setInterval(() => {
      const analysis = store.get(id);
      if (!analysis) return response.end();
      const over = isOver(analysis.status);
      const left = over ? null : (((100 - analysis.progress) / 5) * pace) / 1000;
      const data = { percent: analysis.progress, stage: analysis.stage, status: analysis.status, seconds_remaining: left };
      response.write(`event: ${over ? analysis.status : 'progress'}\ndata: ${JSON.stringify(data)}\n\n`);
      if (over) {
        clearInterval(timer);
        response.end();
      }
    }, 150);
    request.on('close', () => clearInterval(timer));
  };

  return {
    name: 'recorded-api',
    configureServer: (server) => void server.middlewares.use(handle),
    configurePreviewServer: (server) => {
      server.middlewares.use((_, response, next) => {
        response.setHeader('content-security-policy', policy);
        next();
      });
      server.middlewares.use(handle);
    },
  };
}

/** The plainest faults of a file, as the service would find them. */
function refusal(content: Buffer): string | null {
  if (content.length === 0) return 'empty_body';
  if (content.subarray(0, 7).toString() === '#EXTM3U') return 'playlist_rejected';
  if (content.length > 2 && content.every((byte) => byte >= 9 && byte < 127)) return 'unsupported_media';
  return content.readUInt16BE(0) === 0xffd8 && content.readUInt16BE(content.length - 2) !== 0xffd9 ? 'media_truncated' : null;
}

/** A drawn face stands in for a photograph: the repository holds no pictures of people. */
function face(response: ServerResponse, track: number): void {
  const hue = track * 70;
  response.setHeader('content-type', 'image/svg+xml');
  response.end(
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96"><rect width="96" height="96" fill="hsl(${hue} 30% 70%)"/><circle cx="48" cy="40" r="18" fill="hsl(${hue} 25% 40%)"/><ellipse cx="48" cy="92" rx="34" ry="30" fill="hsl(${hue} 25% 40%)"/></svg>`,
  );
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.statusCode = status;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(body));
}

function problem(response: ServerResponse, status: number, code: string): void {
  response.statusCode = status;
  response.setHeader('content-type', 'application/problem+json');
  response.end(JSON.stringify({ title: code, status, code, detail: '' }));
}

function seed(store: Map<string, Analysis>): void {
  const hour = 3_600_000;
  const names = ['interview-manipulated.mp4', 'press-photo-authentic.jpg', 'profile-picture-suspicious.png', 'landscape-noface.webp'];
  names.forEach((name, i) => {
    const id = `an_seed${i}`;
    const then = new Date(Date.now() - hour * (0.4 + i * i * 9));
    store.set(id, complete(accept(id, name, 4_218_000 + i * 811_000, then), then));
  });
  const then = new Date(Date.now() - hour * 300);
  const failed = accept('an_seed9', 'download with a very long name that does not fit on one line of a phone.mp4', 18_200_000, then);
  store.set('an_seed9', { ...failed, status: 'failed', stage: 'done', error: { code: 'media_truncated', detail: 'The file ends before its content does.' }, completed_at: then.toISOString() });
}
