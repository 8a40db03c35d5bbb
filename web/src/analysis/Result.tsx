import { useRef, useState, type RefObject } from 'react';
import type { Analysis } from '../api/types.ts';
import { Icon } from '../shell/Icon.tsx';
import { Timeline } from '../timeline/Timeline.tsx';
import type { Upload } from '../submit/uploads.ts';
import { previewKind } from '../submit/uploads.ts';
import { Details } from './Details.tsx';
import { Faces } from './Faces.tsx';
import { Preview, type PreviewHandle } from './Preview.tsx';
import { VerdictCard } from './VerdictCard.tsx';

/** A finished analysis: verdict, evidence, details. */
export function Result({ analysis, upload }: { analysis: Analysis; upload: Upload | null }) {
  const preview = useRef<PreviewHandle>(null);
  const previewBox = useRef<HTMLDivElement>(null);
  const [time, setTime] = useState(0);
  const [broken, setBroken] = useState(false);
  const movable = !broken && upload !== null && analysis.media.kind === 'video' && previewKind(upload.file) === 'video';
  const seek = movable ? (seconds: number) => preview.current?.seek(seconds) : null;
  const show = seek
    ? (seconds: number) => {
        seek(seconds);
        reveal(previewBox);
      }
    : null;
  return (
    <>
      <div className={upload ? 'result-top' : undefined}>
        {upload && (
          <div ref={previewBox}>
            <Preview ref={preview} upload={upload} media={analysis.media} frames={analysis.frames} onTime={setTime} onBroken={() => setBroken(true)} />
          </div>
        )}
        <VerdictCard analysis={analysis} />
      </div>
      {analysis.warnings.length > 0 && (
        <section className="card warnings" aria-labelledby="warnings-title">
          <h2 id="warnings-title">
            <Icon name="caution" /> Keep in mind
          </h2>
          <ul>
            {analysis.warnings.map((warning) => (
              <li key={warning}>{warning}</li>
            ))}
          </ul>
        </section>
      )}
      {analysis.media.kind !== 'image' && analysis.frames.length > 1 && (
        <Timeline analysis={analysis} playhead={movable ? time : null} onSeek={seek} />
      )}
      <Faces analysis={analysis} onSeek={show} />
      <Details analysis={analysis} />
    </>
  );
}

function reveal(element: RefObject<HTMLElement | null>): void {
  const calm = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
  element.current?.scrollIntoView({ block: 'nearest', behavior: calm ? 'auto' : 'smooth' });
}
