import { useEffect, useRef, useState } from 'react';
import { cancelAnalysis, RequestFailed } from '../api/client.ts';
import { isOver, type Analysis } from '../api/types.ts';
import { formatAgo, formatBytes, formatClock } from '../format.ts';
import { useAnnounce } from '../shell/Announcer.tsx';
import { ConfirmDialog } from '../shell/ConfirmDialog.tsx';
import { Icon } from '../shell/Icon.tsx';
import type { Upload } from '../submit/uploads.ts';
import { Cancelled, Failure } from './Failure.tsx';
import { Preview } from './Preview.tsx';
import { Result } from './Result.tsx';
import { stageLabel } from './stages.ts';
import { useAnalysis } from './useAnalysis.ts';
import { announcement, verdictWords } from './verdict.ts';
import { describeUpload, Working } from './Working.tsx';

interface Props {
  /** Null as long as the upload has no id. */
  id: string | null;
  /** The file, if it was given to this tab. */
  upload: Upload | null;
  onFiles(files: File[]): void;
  /** Sends an upload again that was not accepted. */
  onResend(key: string): void;
  /** Breaks an upload off and leaves. */
  onAbort(key: string): void;
  onDelete(id: string): Promise<void>;
}

/** One analysis from upload to result. */
export function AnalysisView({ id, upload, onFiles, onResend, onAbort, onDelete }: Props) {
  const { analysis, progress, lost } = useAnalysis(id, true);
  const announce = useAnnounce();
  const [cancelling, setCancelling] = useState(false);
  const [asking, setAsking] = useState(false);
  const over = analysis !== null && isOver(analysis.status);
  const name = analysis?.file_name ?? upload?.file.name ?? (lost ? 'Not found' : 'Analysis');

  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);

  const sending = upload !== null && upload.phase !== 'accepted' ? describeUpload(upload) : null;
  const percent = Math.floor((sending ? sending.percent : progress.percent) ?? 0);
  const stage = sending ? sending.title : stageLabel(progress.stage);
  const quarter = Math.floor(percent / 25) * 25;
  const working = !over && lost === null && upload?.phase !== 'rejected';
  useEffect(() => {
    if (working && (id !== null || upload !== null)) announce(quarter > 0 ? `${stage}, ${quarter} percent` : stage);
  }, [announce, working, stage, quarter]);
  useEffect(() => {
    if (over) announce(announcement(analysis));
  }, [announce, over]);

  useEffect(() => {
    const state = over ? stateOf(analysis) : working ? `${percent} %` : '';
    document.title = state ? `${state} · ${name}` : name;
    return () => {
      document.title = 'Deepfake check';
    };
  }, [over, working, percent, name, analysis]);

  const cancel = async (): Promise<void> => {
    if (id === null) {
      if (upload) onAbort(upload.key);
      return;
    }
    setCancelling(true);
    try {
      await cancelAnalysis(id);
    } catch (error) {
      // Ended in the meantime: the result is on its way. Anything else: let the person try again.
      if (!(error instanceof RequestFailed && error.problem.code === 'already_ended')) setCancelling(false);
    }
  };

  const again = upload ? () => onFiles([upload.file]) : null;
  const problem = upload?.phase === 'rejected' ? upload.problem : analysis ? null : lost;

  return (
    <>
      <div className="view-head">
        <a className="back" href="#">
          <Icon name="back" /> New check
        </a>
        <div className="view-title">
          <div className="view-name">
            <h1 ref={heading} tabIndex={-1}>
              {name}
            </h1>
            {analysis && <p className="muted">{facts(analysis)}</p>}
          </div>
          {over && (
            <div className="actions">
              {typeof navigator.clipboard !== 'undefined' && <CopyLink />}
              <button type="button" className="button" onClick={() => setAsking(true)}>
                <Icon name="trash" /> Delete
              </button>
            </div>
          )}
        </div>
      </div>

      {problem ? (
        <Failure code={problem.code} detail={problem.detail} onRetry={upload ? () => onResend(upload.key) : () => window.location.reload()} onFiles={onFiles} />
      ) : over && analysis.status === 'completed' ? (
        <Result analysis={analysis} upload={upload} />
      ) : over && analysis.status === 'cancelled' ? (
        <Cancelled onRetry={again} onFiles={onFiles} />
      ) : over ? (
        <Failure code={analysis.error?.code ?? 'internal_error'} detail={analysis.error?.detail ?? ''} onRetry={again} onFiles={onFiles} />
      ) : (
        <div className={upload ? 'result-top' : undefined}>
          {upload && <Preview ref={null} upload={upload} media={null} frames={[]} onTime={() => undefined} />}
          <Working upload={upload} progress={progress} cancelling={cancelling} onCancel={() => void cancel()} />
        </div>
      )}

      {asking && id !== null && (
        <ConfirmDialog
          title="Delete this analysis?"
          text="The file, the pictures of faces and the result are removed from the service for good."
          confirm="Delete"
          onConfirm={() => {
            setAsking(false);
            void onDelete(id);
          }}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}

function CopyLink() {
  const announce = useAnnounce();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2500);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(window.location.href);
      setCopied(true);
      announce('Link copied');
    } catch {
      announce('The link could not be copied; it is in the address bar');
    }
  };
  return (
    <button type="button" className="button" onClick={() => void copy()}>
      <Icon name={copied ? 'check' : 'link'} /> {copied ? 'Copied' : 'Copy link'}
    </button>
  );
}

function stateOf(analysis: Analysis): string {
  if (analysis.status === 'failed') return 'Failed';
  if (analysis.status === 'cancelled') return 'Cancelled';
  return analysis.verdict ? verdictWords(analysis.verdict, analysis.media.kind).short : '';
}

function facts(analysis: Analysis): string {
  const { media } = analysis;
  return [
    media.format.toUpperCase(),
    media.width !== null && media.height !== null ? `${media.width} × ${media.height}` : '',
    media.duration_seconds !== null ? formatClock(Math.round(media.duration_seconds)) : '',
    formatBytes(media.size_bytes),
    formatAgo(analysis.created_at, new Date()),
  ]
    .filter(Boolean)
    .join(' · ');
}
