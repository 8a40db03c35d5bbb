import { FileButton } from '../submit/DropZone.tsx';
import { Icon } from '../shell/Icon.tsx';
import { failureWords } from './failure.ts';

interface Props {
  code: string;
  detail: string;
  /** Sends the same file again; null when this tab does not have it. */
  onRetry: (() => void) | null;
  onFiles(files: File[]): void;
}

/** Why there is no result, in plain words, and the way on. */
export function Failure({ code, detail, onRetry, onFiles }: Props) {
  const words = failureWords(code, detail);
  const again = words.retry ? onRetry : null;
  return (
    <section className="card failure" aria-labelledby="failure-title" role="alert">
      <h2 id="failure-title">
        <Icon name="caution" size={28} />
        {words.title}
      </h2>
      <p>
        {words.what} {words.advice}
      </p>
      <div className="actions">
        {again && (
          <button type="button" className="button button-primary" onClick={again}>
            <Icon name="retry" /> Try again
          </button>
        )}
        <FileButton className={again ? 'button' : 'button button-primary'} label="Choose another file" onFiles={onFiles} />
      </div>
      <p className="fine-print">
        Code: <code>{code}</code>
        {detail && detail !== words.what && <>. {detail}</>}
      </p>
    </section>
  );
}

/** The end of an analysis that somebody stopped. */
export function Cancelled({ onRetry, onFiles }: { onRetry: (() => void) | null; onFiles(files: File[]): void }) {
  return (
    <section className="card failure" aria-labelledby="failure-title">
      <h2 id="failure-title">
        <Icon name="close" size={28} />
        Cancelled
      </h2>
      <p>This analysis was stopped before it had a result.</p>
      <div className="actions">
        {onRetry && (
          <button type="button" className="button button-primary" onClick={onRetry}>
            <Icon name="retry" /> Check it again
          </button>
        )}
        <FileButton className={onRetry ? 'button' : 'button button-primary'} label="Choose another file" onFiles={onFiles} />
      </div>
    </section>
  );
}
