import { useEffect, useRef, useState } from 'react';
import { Icon } from '../shell/Icon.tsx';

// Names as well as types: browsers do not know the type of every container.
const accept = 'image/*,video/*,.jpg,.jpeg,.png,.webp,.gif,.bmp,.tif,.tiff,.mp4,.m4v,.mov,.avi,.mkv,.webm';

/** The button that opens the file chooser; the picture around it only invites. Dropping works on the whole page. */
export function DropZone({ onFiles }: { onFiles(files: File[]): void }) {
  return (
    <div className="dropzone">
      <span className="dropzone-icon">
        <Icon name="upload" size={28} />
      </span>
      <p className="dropzone-title">
        <span className="only-mouse">Drop a file anywhere on this page</span>
        <span className="only-touch">Choose a photo, animation or video</span>
      </p>
      <FileButton className="button button-primary" label="Choose files" onFiles={onFiles} />
      <p className="dropzone-hint">
        JPEG, PNG, WebP, GIF, BMP, TIFF, MP4, MOV, AVI, MKV, WebM
        <span className="only-mouse">. Pasting works too.</span>
      </p>
    </div>
  );
}

export function FileButton({ className, label, onFiles }: { className: string; label: string; onFiles(files: File[]): void }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" className={className} onClick={() => input.current?.click()}>
        {label}
      </button>
      <input
        ref={input}
        className="visually-hidden"
        type="file"
        accept={accept}
        multiple
        tabIndex={-1}
        aria-hidden="true"
        onChange={(event) => {
          const files = [...(event.target.files ?? [])];
          // Choosing the same file twice has to fire again.
          event.target.value = '';
          if (files.length > 0) onFiles(files);
        }}
      />
    </>
  );
}

/** Takes drops and pastes on the whole page and shows, while something is dragged, that it can be dropped. */
export function PageDrop({ onFiles }: { onFiles(files: File[]): void }) {
  const [over, setOver] = useState(false);
  const handler = useRef(onFiles);
  handler.current = onFiles;

  useEffect(() => {
    // Enter and leave fire for every element passed over; the page is left when they balance out.
    let depth = 0;
    const carriesFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false;
    const enter = (event: DragEvent): void => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      depth++;
      setOver(true);
    };
    const move = (event: DragEvent): void => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      if (event.dataTransfer) event.dataTransfer.dropEffect = 'copy';
    };
    const leave = (event: DragEvent): void => {
      if (!carriesFiles(event)) return;
      depth = Math.max(0, depth - 1);
      if (depth === 0) setOver(false);
    };
    const drop = (event: DragEvent): void => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      depth = 0;
      setOver(false);
      const files = [...(event.dataTransfer?.files ?? [])];
      if (files.length > 0) handler.current(files);
    };
    const paste = (event: ClipboardEvent): void => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length === 0) return;
      event.preventDefault();
      handler.current(files);
    };
    window.addEventListener('dragenter', enter);
    window.addEventListener('dragover', move);
    window.addEventListener('dragleave', leave);
    window.addEventListener('drop', drop);
    window.addEventListener('paste', paste);
    return () => {
      window.removeEventListener('dragenter', enter);
      window.removeEventListener('dragover', move);
      window.removeEventListener('dragleave', leave);
      window.removeEventListener('drop', drop);
      window.removeEventListener('paste', paste);
    };
  }, []);

  return over ? (
    <div className="drop-overlay" aria-hidden="true">
      <div>
        <Icon name="upload" size={40} />
        Drop to check
      </div>
    </div>
  ) : null;
}
