/** A labelled bar; `percent` null means that something is going on whose share is not known. */
export function ProgressBar({ percent, label, text }: { percent: number | null; label: string; text: string }) {
  return (
    <div
      className={percent === null ? 'bar bar-indeterminate' : 'bar'}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuetext={text}
      {...(percent === null ? {} : { 'aria-valuenow': Math.round(percent) })}
    >
      <span style={percent === null ? undefined : { transform: `scaleX(${percent / 100})` }} />
    </div>
  );
}
