import { readProblem, RequestFailed } from './client.ts';

const mark = 'deepfake.session';

/** Exchanges an API key for a cookie that this page cannot read; the key itself is not kept. */
export async function beginSession(key: string): Promise<void> {
  await send('POST', JSON.stringify({ key }));
  remember(true);
}

/** Ends the session on the service and takes the cookie back. */
export async function endSession(): Promise<void> {
  await send('DELETE', null);
  remember(false);
}

/** Whether a session was begun in this browser; it may be over by now. */
export function hasSession(): boolean {
  try {
    return localStorage.getItem(mark) !== null;
  } catch {
    return false;
  }
}

function remember(begun: boolean): void {
  try {
    if (begun) localStorage.setItem(mark, 'begun');
    else localStorage.removeItem(mark);
  } catch {
    // Without storage the page offers no way to sign out; the session ends by itself.
  }
}

async function send(method: string, body: string | null): Promise<void> {
  let response: Response;
  try {
    response = await fetch('/v1/session', { method, body, headers: { accept: 'application/json', ...(body && { 'content-type': 'application/json' }) } });
  } catch {
    throw new RequestFailed({ code: 'network', detail: '', status: 0 });
  }
  if (!response.ok) throw new RequestFailed(readProblem(response.status, await response.text()));
}
