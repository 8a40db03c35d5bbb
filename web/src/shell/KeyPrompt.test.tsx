import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';
import { getAnalysis, uploadFile } from '../api/client.ts';
import { hasSession, endSession } from '../api/session.ts';
import { KeyPrompt, useKeyNeeded } from './KeyPrompt.tsx';

const key = 'dfk_0123456789AB_abcdefghijklmnopqrstuvwxyz0123450wxZt6';

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  localStorage.clear();
});

function Door({ onOpen = () => undefined }: { onOpen?: () => void }) {
  const [needed, open] = useKeyNeeded();
  return needed ? (
    <KeyPrompt
      onOpen={() => {
        open();
        onOpen();
      }}
    />
  ) : (
    <p>open</p>
  );
}

const answer = (status: number, body = '{}') => vi.fn(() => Promise.resolve(new Response(status === 204 ? null : body, { status })));

async function knock(): Promise<void> {
  vi.stubGlobal('fetch', answer(401, '{"code":"unauthenticated","detail":"Send an API key."}'));
  await act(() => getAnalysis('an_1').catch(() => undefined) as Promise<unknown>);
}

async function give(value: string): Promise<void> {
  fireEvent.change(screen.getByLabelText('API key'), { target: { value } });
  await act(async () => {
    fireEvent.submit(screen.getByLabelText('API key').closest('form')!);
    await Promise.resolve();
  });
}

it('A_page_that_needs_no_key_asks_for_none', () => {
  render(<Door />);
  expect(screen.queryByRole('dialog')).toBeNull();
});

it('A_request_that_is_refused_asks_for_a_key_and_exchanges_it_for_a_session', async () => {
  const opened = vi.fn();
  render(<Door onOpen={opened} />);
  await knock();
  expect(screen.getByRole('dialog', { name: 'This service asks for an API key' })).toBeTruthy();
  expect(screen.getByLabelText('API key').getAttribute('type')).toBe('password');

  const fetch = answer(200);
  vi.stubGlobal('fetch', fetch);
  await give(` ${key}\n`);

  await vi.waitFor(() => expect(opened).toHaveBeenCalledOnce());
  expect(fetch).toHaveBeenCalledWith('/v1/session', expect.objectContaining({ method: 'POST', body: JSON.stringify({ key }) }));
  expect(screen.queryByRole('dialog')).toBeNull();
  expect(hasSession()).toBe(true);
  expect(JSON.stringify({ ...localStorage })).not.toContain('dfk_');
});

it('A_wrong_key_is_told_and_can_be_corrected', async () => {
  render(<Door />);
  await knock();
  vi.stubGlobal('fetch', answer(401, '{"code":"unauthenticated","detail":"The API key is mistyped."}'));
  await give('dfk_wrong');

  await vi.waitFor(() => expect(screen.getByRole('alert').textContent).toBe('The API key is mistyped.'));
  expect(screen.getByLabelText('API key').getAttribute('aria-invalid')).toBe('true');
  expect(document.activeElement).toBe(screen.getByLabelText('API key'));
  vi.stubGlobal('fetch', answer(200));
  await give(key);
  await vi.waitFor(() => expect(screen.getByText('open')).toBeTruthy());
});

it('A_refused_upload_asks_for_a_key_too', () => {
  const listeners: Record<string, () => void> = {};
  class Refused {
    upload = {};
    status = 401;
    responseText = '{"code":"unauthenticated"}';
    set onload(handler: () => void) {
      listeners['load'] = handler;
    }
    open() {}
    setRequestHeader() {}
    send() {}
  }
  vi.stubGlobal('XMLHttpRequest', Refused);
  render(<Door />);
  uploadFile(new File(['x'], 'a.jpg'), { onProgress: vi.fn(), onAccepted: vi.fn(), onRejected: vi.fn() });
  act(() => listeners['load']?.());
  expect(screen.getByRole('dialog')).toBeTruthy();
});

it('A_session_is_ended_on_the_service', async () => {
  localStorage.setItem('deepfake.session', 'begun');
  const fetch = answer(204);
  vi.stubGlobal('fetch', fetch);
  await endSession();
  expect(fetch).toHaveBeenCalledWith('/v1/session', expect.objectContaining({ method: 'DELETE' }));
  expect(hasSession()).toBe(false);
});
