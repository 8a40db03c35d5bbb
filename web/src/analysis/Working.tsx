import { stageIndex, type Progress } from '../api/progress.ts';
import { formatBytes, formatRemaining } from '../format.ts';
import { Icon } from '../shell/Icon.tsx';
import { ProgressBar } from '../shell/ProgressBar.tsx';
import type { Upload } from '../submit/uploads.ts';
import { stageLabel, steps } from './stages.ts';

interface Props {
  /** The upload, if it was made in this tab. */
  upload: Upload | null;
  progress: Progress;
  cancelling: boolean;
  onCancel(): void;
}

/** What is going on, how far it is and how long it will take. */
export function Working({ upload, progress, cancelling, onCancel }: Props) {
  const sending = upload !== null && upload.phase !== 'accepted';
  const { percent, title, note } = sending ? describeUpload(upload) : describeAnalysis(progress);
  const current = sending ? -1 : stageIndex(progress.stage);
  return (
    <section className="card working" aria-labelledby="working-title">
      <div className="working-head">
        <h2 id="working-title">{title}</h2>
        <span className="working-percent">{percent === null ? '' : `${Math.floor(percent)} %`}</span>
      </div>
      <ProgressBar percent={percent} label={title} text={note ? `${title}, ${note}` : title} />
      <p className="working-note">{note || '\u00a0'}</p>
      <ol className="steps">
        <Step label={upload ? 'Sending the file' : 'File received'} state={sending ? 'now' : 'done'} />
        {steps.map((step, index) => (
          <Step key={step.stage} label={step.label} state={index < current ? 'done' : index === current ? 'now' : 'later'} />
        ))}
      </ol>
      <div className="actions">
        <button type="button" className="button" onClick={onCancel} disabled={cancelling}>
          {cancelling ? 'Cancelling…' : 'Cancel'}
        </button>
      </div>
    </section>
  );
}

function Step({ label, state }: { label: string; state: 'done' | 'now' | 'later' }) {
  return (
    <li className={`step step-${state}`} aria-current={state === 'now' ? 'step' : undefined}>
      <span className="step-mark">{state === 'done' && <Icon name="check" size={14} />}</span>
      {label}
      {state === 'done' && <span className="visually-hidden"> (done)</span>}
    </li>
  );
}

export function describeUpload(upload: Upload): { percent: number | null; title: string; note: string } {
  if (upload.phase === 'waiting') return { percent: 0, title: 'Waiting to be sent', note: '' };
  const all = upload.totalBytes > 0 && upload.sentBytes >= upload.totalBytes;
  if (all) return { percent: 100, title: 'Checking the file', note: 'Sent; the service looks at it now.' };
  const percent = upload.totalBytes > 0 ? (upload.sentBytes / upload.totalBytes) * 100 : null;
  return { percent, title: 'Sending the file', note: `${formatBytes(upload.sentBytes)} of ${formatBytes(upload.totalBytes)}` };
}

function describeAnalysis(progress: Progress): { percent: number | null; title: string; note: string } {
  const waiting = progress.stage === 'queued' && progress.percent === 0;
  return { percent: waiting ? null : progress.percent, title: stageLabel(progress.stage), note: formatRemaining(progress.secondsRemaining) };
}
