import { useEffect, useLayoutEffect, useRef, useState, type FormEvent } from 'react';
import { onKeyNeeded, RequestFailed } from '../api/client.ts';
import { beginSession } from '../api/session.ts';

/** Whether the service has asked for a key, and how to say that it has one. */
export function useKeyNeeded(): [boolean, () => void] {
  const [needed, setNeeded] = useState(false);
  useEffect(() => onKeyNeeded(() => setNeeded(true)), []);
  return [needed, () => setNeeded(false)];
}

/** Asks for an API key. It stays until there is one: without it the service answers nothing. */
export function KeyPrompt({ onOpen }: { onOpen(): void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const [complaint, setComplaint] = useState('');
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const key = input.current?.value.trim() ?? '';
    if (busy || key === '') return;
    setBusy(true);
    setComplaint('');
    try {
      await beginSession(key);
      dialog.current?.close();
      onOpen();
    } catch (error) {
      const problem = error instanceof RequestFailed ? error.problem : null;
      setComplaint(problem?.status === 401 ? problem.detail || 'The key is not valid.' : 'The service could not be asked. Try again.');
      setBusy(false);
      input.current?.focus();
    }
  };

  return (
    <dialog ref={dialog} className="dialog" aria-labelledby="key-title" onCancel={(event) => event.preventDefault()}>
      <form className="dialog-body" onSubmit={(event) => void submit(event)}>
        <h2 id="key-title">This service asks for an API key</h2>
        <label htmlFor="key">
          API key
        </label>
        <input
          ref={input}
          id="key"
          className="text-input"
          type="password"
          autoComplete="off"
          spellCheck={false}
          placeholder="dfk_…"
          required
          aria-describedby="key-note key-complaint"
          aria-invalid={complaint !== ''}
        />
        <p id="key-note" className="muted">
          Whoever runs the service hands keys out. It is exchanged for a session of a few hours and not kept in this browser.
        </p>
        <p id="key-complaint" className="complaint" role="alert">
          {complaint}
        </p>
        <div className="actions actions-end">
          <button type="submit" className="button button-primary" aria-disabled={busy}>
            {busy ? 'Checking…' : 'Continue'}
          </button>
        </div>
      </form>
    </dialog>
  );
}
