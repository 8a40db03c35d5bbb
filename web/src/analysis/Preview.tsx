import { useCallback, useEffect, useImperativeHandle, useRef, useState, type Ref } from 'react';
import type { FrameScore, MediaSummary } from '../api/types.ts';
import { formatScore } from '../format.ts';
import { Icon } from '../shell/Icon.tsx';
import { nearestIndex } from '../timeline/geometry.ts';
import { previewKind, type Upload } from '../submit/uploads.ts';

export interface PreviewHandle {
  /** Moves a video to a media time; does nothing for pictures. */
  seek(seconds: number): void;
}

interface Props {
  upload: Upload;
  media: MediaSummary | null;
  frames: readonly FrameScore[];
  onTime(seconds: number): void;
  /** This browser cannot show the file. */
  onBroken?(): void;
  ref: Ref<PreviewHandle>;
}

/** Boxes are drawn when the picture is within this many seconds of the frame they were measured in. */
const sameFrameSeconds = 0.12;

/** The file itself, from this tab's memory: nothing is loaded from the service. Boxes show the faces that were found. */
export function Preview({ upload, media, frames, onTime, onBroken, ref }: Props) {
  const kind = previewKind(upload.file);
  const [broken, setBroken] = useState(false);
  const [time, setTime] = useState(0);
  const video = useRef<HTMLVideoElement>(null);
  useImperativeHandle(ref, () => ({
    seek: (seconds) => {
      if (!video.current) return;
      video.current.pause();
      video.current.currentTime = seconds;
    },
  }));

  const fail = useCallback(() => {
    setBroken(true);
    onBroken?.();
  }, [onBroken]);

  if (kind === null || broken) {
    return (
      <figure className="card preview preview-none">
        <Icon name="file" size={32} />
        <figcaption>This browser cannot show a preview of this file. It is analysed all the same.</figcaption>
      </figure>
    );
  }
  const label = `Preview of ${upload.file.name}`;
  const shown = kind === 'video' ? frames[nearestIndex(frames, time)] : frames[0];
  // An animation runs by itself and cannot be stopped at a frame, so its boxes would lie.
  const fits = kind === 'video' ? shown && Math.abs(shown.seconds - time) <= sameFrameSeconds : media?.kind === 'image';
  const report = (): void => {
    const seconds = video.current?.currentTime ?? 0;
    setTime(seconds);
    onTime(seconds);
  };
  return (
    <figure className="card preview">
      <div className="preview-frame">
        {kind === 'video' ? (
          <video ref={video} src={upload.url} aria-label={label} controls muted playsInline preload="metadata" onTimeUpdate={report} onSeeked={report} onError={fail} />
        ) : (
          <Still url={upload.url} label={label} animated={/gif|webp/i.test(upload.file.type)} onError={fail} />
        )}
        {shown && fits && media?.width && media.height && <FaceBoxes frame={shown} width={media.width} height={media.height} />}
      </div>
    </figure>
  );
}

function FaceBoxes({ frame, width, height }: { frame: FrameScore; width: number; height: number }) {
  const size = Math.max(width, height) * 0.032;
  return (
    <svg className="face-boxes" viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      {frame.faces.map(({ track_id, box, score }) => {
        const text = `${track_id}`;
        const above = box.y > size * 1.5;
        const y = above ? box.y - size * 1.4 : box.y;
        return (
          <g key={track_id}>
            <rect className="face-box-shade" x={box.x} y={box.y} width={box.width} height={box.height} />
            <rect className="face-box" x={box.x} y={box.y} width={box.width} height={box.height} />
            <rect className="face-tag" x={box.x} y={y} width={size * (0.9 + 0.6 * text.length)} height={size * 1.4} />
            <text className="face-tag-text" x={box.x + size * 0.45} y={y + size * 1.06} fontSize={size}>
              {text}
            </text>
            <title>{`Face ${track_id}: ${formatScore(score)}`}</title>
          </g>
        );
      })}
    </svg>
  );
}

/** A picture; one that may move is shown as its first frame to people who asked for less motion, until they start it. */
function Still({ url, label, animated, onError }: { url: string; label: string; animated: boolean; onError(): void }) {
  const [calm, setCalm] = useState(() => animated && window.matchMedia('(prefers-reduced-motion: reduce)').matches);
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (!calm) return;
    const image = new Image();
    let gone = false;
    image.onload = () => {
      if (gone || !canvas.current) return;
      canvas.current.width = image.naturalWidth;
      canvas.current.height = image.naturalHeight;
      canvas.current.getContext('2d')?.drawImage(image, 0, 0);
    };
    image.onerror = onError;
    image.src = url;
    return () => {
      gone = true;
    };
  }, [calm, url, onError]);
  if (!calm) return <img src={url} alt={label} onError={onError} />;
  return (
    <>
      <canvas ref={canvas} role="img" aria-label={label} />
      <button type="button" className="button preview-play" onClick={() => setCalm(false)}>
        Play animation
      </button>
    </>
  );
}
