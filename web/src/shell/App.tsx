import { useCallback, useEffect, useRef } from 'react';
import { AnalysisView } from '../analysis/AnalysisView.tsx';
import { deleteAnalysis, RequestFailed } from '../api/client.ts';
import { endSession, hasSession } from '../api/session.ts';
import { isOver } from '../api/types.ts';
import { HistoryList } from '../history/HistoryList.tsx';
import { useHistory, type History } from '../history/useHistory.ts';
import { DropZone, PageDrop } from '../submit/DropZone.tsx';
import { Queue } from '../submit/Queue.tsx';
import { useUploads, type Uploads } from '../submit/useUploads.ts';
import { useAnnounce } from './Announcer.tsx';
import { Icon } from './Icon.tsx';
import { KeyPrompt, useKeyNeeded } from './KeyPrompt.tsx';
import { analysisHash, goHome, navigate, parseHash, replaceRoute, uploadHash, useRoute } from './route.ts';

/** The page: the start, or one analysis. */
export function App() {
  const route = useRoute();
  const announce = useAnnounce();
  const history = useHistory();
  const [keyNeeded, open] = useKeyNeeded();
  const uploads = useUploads(
    useCallback((key: string, analysisId: string) => {
      const shown = parseHash(window.location.hash);
      if (shown.view === 'upload' && shown.key === key) replaceRoute(analysisHash(analysisId));
    }, []),
  );

  const addFiles = (files: File[]): void => {
    const keys = uploads.add(files);
    if (keys.length === 1 && keys[0]) navigate(uploadHash(keys[0]));
    else {
      goHome();
      announce(`${keys.length} files added`);
    }
  };

  const remove = async (id: string): Promise<void> => {
    try {
      await deleteAnalysis(id);
    } catch (error) {
      if (!(error instanceof RequestFailed && error.problem.code === 'not_found')) {
        announce('The analysis could not be deleted. Try again.');
        history.reload();
        return;
      }
    }
    history.drop(id);
    const upload = uploads.list.find((candidate) => candidate.analysisId === id);
    if (upload) uploads.remove(upload.key);
    if (parseHash(window.location.hash).view !== 'home') goHome();
    announce('Deleted');
  };

  // What was refused for want of a key is asked for again.
  const enter = (): void => {
    open();
    history.reload();
    for (const upload of uploads.list) if (upload.problem?.code === 'unauthenticated') uploads.retry(upload.key);
    announce('Signed in');
  };

  const leave = (): void => {
    // Starts anew: nothing of what was seen stays on the page.
    endSession().then(
      () => window.location.assign('/'),
      () => announce('Signing out did not work. Try again.'),
    );
  };

  // Runs after the effects of the view below, which so knows whether it is the first.
  useEffect(() => {
    beyondFirstView = true;
  }, []);

  const upload =
    route.view === 'home' ? undefined : uploads.list.find((u) => (route.view === 'upload' ? u.key === route.key : u.analysisId === route.id));
  const id = route.view === 'analysis' ? route.id : (upload?.analysisId ?? null);

  // An upload that this tab does not know (the page was reloaded) leads to the start; one that has an id is shown under it.
  const stale = route.view === 'upload' && (upload === undefined || upload.analysisId !== null);
  useEffect(() => {
    if (stale) replaceRoute(id === null ? '' : analysisHash(id));
  }, [stale, id]);

  return (
    <>
      <header className="site-head">
        <a className="brand" href="#">
          <Icon name="face" size={26} /> Deepfake check
        </a>
      </header>
      <main>
        {route.view === 'home' || (route.view === 'upload' && !upload) ? (
          <Home uploads={uploads} history={history} onFiles={addFiles} onDelete={remove} />
        ) : (
          <AnalysisView
            key={upload?.key ?? id}
            id={id}
            upload={upload ?? null}
            onFiles={addFiles}
            onResend={uploads.retry}
            onAbort={(key) => {
              uploads.remove(key);
              goHome();
              announce('Cancelled');
            }}
            onDelete={remove}
          />
        )}
      </main>
      <footer className="site-foot">
        <p>
          A score is an estimate, not proof. Only faces are judged; sound, text and backgrounds are not. Look at the evidence and at the source before
          you rely on it.
        </p>
        {hasSession() && (
          <button type="button" className="button button-quiet" onClick={leave}>
            Sign out
          </button>
        )}
      </footer>
      <PageDrop onFiles={addFiles} />
      {keyNeeded && <KeyPrompt onOpen={enter} />}
    </>
  );
}

interface HomeProps {
  uploads: Uploads;
  history: History;
  onFiles(files: File[]): void;
  onDelete(id: string): Promise<void>;
}

let beyondFirstView = false;

function Home({ uploads, history, onFiles, onDelete }: HomeProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  const { reload } = history;
  useEffect(() => {
    // On return from an analysis the focus goes to the heading and the list is fresh; at the first load the browser decides.
    if (beyondFirstView) heading.current?.focus({ preventScroll: true });
    reload();
  }, [reload]);

  const ended = new Set(history.items.filter((item) => isOver(item.status)).map((item) => item.id));
  const queue = uploads.list.filter((upload) => upload.analysisId === null || !ended.has(upload.analysisId));
  const queued = new Set(queue.map((upload) => upload.analysisId));
  return (
    <>
      <div className="intro">
        <h1 ref={heading} tabIndex={-1}>
          Was a face manipulated?
        </h1>
        <p>Drop a photo, an animation or a video. You get an estimate with the evidence behind it, or a plain reason why there is no answer.</p>
      </div>
      <DropZone onFiles={onFiles} />
      <Queue uploads={queue} onRetry={uploads.retry} onRemove={uploads.remove} onOver={reload} />
      <HistoryList history={history} items={history.items.filter((item) => !queued.has(item.id))} onDelete={onDelete} />
    </>
  );
}
