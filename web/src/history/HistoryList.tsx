import { useState } from 'react';
import type { AnalysisSummary } from '../api/types.ts';
import { isOver } from '../api/types.ts';
import { failureWords } from '../analysis/failure.ts';
import { verdictWords, type Tone } from '../analysis/verdict.ts';
import { formatAgo } from '../format.ts';
import { ConfirmDialog } from '../shell/ConfirmDialog.tsx';
import { Icon } from '../shell/Icon.tsx';
import { analysisHash } from '../shell/route.ts';
import type { History } from './useHistory.ts';

interface Props {
  history: History;
  items: readonly AnalysisSummary[];
  onDelete(id: string): Promise<void>;
}

/** Earlier analyses, to open again or to delete. */
export function HistoryList({ history, items, onDelete }: Props) {
  const [asked, setAsked] = useState<AnalysisSummary | null>(null);
  if (history.state === 'unreachable') {
    return (
      <section className="history" aria-labelledby="history-title">
        <h2 id="history-title">Recent</h2>
        <p className="card muted empty">
          The service cannot be reached just now.{' '}
          <button type="button" className="button button-quiet" onClick={history.reload}>
            Try again
          </button>
        </p>
      </section>
    );
  }
  if (items.length === 0) return null;
  return (
    <section className="history" aria-labelledby="history-title">
      <h2 id="history-title" tabIndex={-1}>
        Recent
      </h2>
      <ul className="card rows">
        {items.map((item) => (
          <li key={item.id} className="row">
            <a className="row-link" href={analysisHash(item.id)}>
              <span className="row-icon">
                <Icon name={item.kind ?? 'file'} />
              </span>
              <span className="row-main">
                <span className="row-name">{item.file_name ?? item.id}</span>
                <span className="row-note">{formatAgo(item.created_at, new Date())}</span>
              </span>
              <Outcome item={item} />
            </a>
            <button type="button" className="icon-button" onClick={() => setAsked(item)} aria-label={`Delete ${item.file_name ?? item.id}`}>
              <Icon name="trash" />
            </button>
          </li>
        ))}
      </ul>
      {history.more && (
        <button type="button" className="button" onClick={history.loadMore}>
          Show more
        </button>
      )}
      {asked && (
        <ConfirmDialog
          title="Delete this analysis?"
          text={`The file "${asked.file_name ?? asked.id}", its pictures of faces and its result are removed from the service for good.`}
          confirm="Delete"
          onConfirm={() => {
            setAsked(null);
            document.getElementById('history-title')?.focus();
            void onDelete(asked.id);
          }}
          onClose={() => setAsked(null)}
        />
      )}
    </section>
  );
}

function Outcome({ item }: { item: AnalysisSummary }) {
  if (item.status === 'completed' && item.verdict) {
    const words = verdictWords(item.verdict, item.kind);
    return <VerdictTag tone={words.tone} text={words.short} score={item.verdict === 'inconclusive' ? null : item.deepfake_score} />;
  }
  if (item.status === 'failed') return <VerdictTag tone="unsure" text={failureWords(item.error_code ?? '').title} score={null} />;
  if (item.status === 'cancelled') return <VerdictTag tone="unsure" text="Cancelled" score={null} />;
  return <VerdictTag tone="unsure" text={isOver(item.status) ? 'Done' : 'Running'} score={null} />;
}

export function VerdictTag({ tone, text, score }: { tone: Tone; text: string; score: number | null }) {
  return (
    <span className={`tag tone-${tone}`}>
      <span className="tag-text">{text}</span>
      {score !== null && <span className="tag-score">{Math.round(score)}</span>}
    </span>
  );
}
