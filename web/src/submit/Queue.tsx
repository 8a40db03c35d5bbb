import { useEffect, useState } from 'react';
import { failureWords } from '../analysis/failure.ts';
import { stageLabel } from '../analysis/stages.ts';
import { useAnalysis } from '../analysis/useAnalysis.ts';
import { verdictWords } from '../analysis/verdict.ts';
import { describeUpload } from '../analysis/Working.tsx';
import { cancelAnalysis } from '../api/client.ts';
import { isOver } from '../api/types.ts';
import { formatRemaining } from '../format.ts';
import { VerdictTag } from '../history/HistoryList.tsx';
import { Icon } from '../shell/Icon.tsx';
import { ProgressBar } from '../shell/ProgressBar.tsx';
import { analysisHash, uploadHash } from '../shell/route.ts';
import { previewKind, type Upload } from './uploads.ts';

interface Props {
  uploads: readonly Upload[];
  onRetry(key: string): void;
  onRemove(key: string): void;
  /** An analysis has ended: the history knows it now. */
  onOver(): void;
}

/** Files of this tab that are not in the history yet. */
export function Queue({ uploads, onRetry, onRemove, onOver }: Props) {
  if (uploads.length === 0) return null;
  return (
    <section className="history" aria-labelledby="queue-title">
      <h2 id="queue-title">Files you added</h2>
      <ul className="card rows">
        {uploads.map((upload) => (
          <Row key={upload.key} upload={upload} onRetry={onRetry} onRemove={onRemove} onOver={onOver} />
        ))}
      </ul>
    </section>
  );
}

function Row({ upload, onRetry, onRemove, onOver }: Omit<Props, 'uploads'> & { upload: Upload }) {
  const { analysis, progress } = useAnalysis(upload.analysisId, false);
  const [cancelling, setCancelling] = useState(false);
  const over = analysis !== null && isOver(analysis.status);
  useEffect(() => {
    if (over) onOver();
  }, [over, onOver]);

  const name = upload.file.name;
  const rejected = upload.phase === 'rejected' ? failureWords(upload.problem?.code ?? '', upload.problem?.detail) : null;
  const sending = upload.phase === 'waiting' || upload.phase === 'sending' ? describeUpload(upload) : null;
  const percent = sending ? sending.percent : progress.percent;
  const note = sending ? [sending.title, sending.note] : [stageLabel(progress.stage), formatRemaining(progress.secondsRemaining)];
  const text = note.filter(Boolean).join(', ');

  return (
    <li className="row">
      <a className="row-link" href={upload.analysisId ? analysisHash(upload.analysisId) : uploadHash(upload.key)}>
        <span className="row-icon">
          <Icon name={previewKind(upload.file) ?? 'file'} />
        </span>
        <span className="row-main">
          <span className="row-name">{name}</span>
          {rejected ? (
            <span className="row-note row-problem">
              {rejected.title}. {rejected.advice}
            </span>
          ) : over ? null : (
            <>
              <ProgressBar percent={percent} label={name} text={text} />
              <span className="row-note">{text}</span>
            </>
          )}
        </span>
        {over && analysis.verdict && <VerdictTag tone={verdictWords(analysis.verdict, null).tone} text={verdictWords(analysis.verdict, null).short} score={null} />}
        {over && !analysis.verdict && <VerdictTag tone="unsure" text={analysis.status === 'failed' ? 'Failed' : 'Cancelled'} score={null} />}
      </a>
      {rejected?.retry && (
        <button type="button" className="icon-button" onClick={() => onRetry(upload.key)} aria-label={`Try ${name} again`}>
          <Icon name="retry" />
        </button>
      )}
      {upload.analysisId !== null && !over && (
        <button
          type="button"
          className="icon-button"
          disabled={cancelling}
          aria-label={`Cancel ${name}`}
          onClick={() => {
            setCancelling(true);
            // Refused when it has just ended: the row shows that by itself.
            cancelAnalysis(upload.analysisId ?? '').catch(() => setCancelling(false));
          }}
        >
          <Icon name="close" />
        </button>
      )}
      {(sending || rejected) && (
        <button type="button" className="icon-button" onClick={() => onRemove(upload.key)} aria-label={rejected ? `Dismiss ${name}` : `Cancel ${name}`}>
          <Icon name="close" />
        </button>
      )}
    </li>
  );
}
