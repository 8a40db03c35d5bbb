/** A media time: `0:04`, `1:02:03`; with tenths when asked: `0:04.2`. */
export function formatClock(seconds: number, tenths = false): string {
  const units = tenths ? Math.round(Math.max(0, seconds) * 10) / 10 : Math.floor(Math.max(0, seconds));
  const hours = Math.floor(units / 3600);
  const minutes = Math.floor((units % 3600) / 60);
  const rest = units - hours * 3600 - minutes * 60;
  const tail = tenths ? rest.toFixed(1).padStart(4, '0') : String(rest).padStart(2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`;
}

/** Time left in words, coarse on purpose: the figure is an estimate. */
export function formatRemaining(seconds: number | null): string {
  if (seconds === null) return '';
  if (seconds < 1.5) return 'almost done';
  if (seconds < 10) return `about ${Math.round(seconds)} s left`;
  if (seconds < 55) return `about ${Math.ceil(seconds / 5) * 5} s left`;
  if (seconds < 3570) return `about ${Math.max(1, Math.round(seconds / 60))} min left`;
  return `about ${Math.max(1, Math.round(seconds / 3600))} h left`;
}

/** A duration that was measured: `840 ms`, `3.2 s`, `2 min 5 s`. */
export function formatDuration(seconds: number): string {
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const rest = whole % 60;
  return `${Math.floor(whole / 60)} min${rest ? ` ${rest} s` : ''}`;
}

/** Bytes in decimal units: `812 kB`, `4.2 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 999_500) return `${Math.round(bytes / 1000)} kB`;
  const [value, unit] = bytes < 999_500_000 ? [bytes / 1e6, 'MB'] : [bytes / 1e9, 'GB'];
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

/** How long ago, in words; a date when it is more than a week. */
export function formatAgo(iso: string, now: Date): string {
  const then = new Date(iso);
  const seconds = (now.getTime() - then.getTime()) / 1000;
  if (!Number.isFinite(seconds)) return '';
  if (seconds < 45) return 'just now';
  if (seconds < 3570) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
  if (seconds < 86_000) return `${Math.round(seconds / 3600)} h ago`;
  if (seconds < 7 * 86_400) {
    const days = Math.max(1, Math.round(seconds / 86_400));
    return days === 1 ? 'yesterday' : `${days} days ago`;
  }
  return then.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
}

/** A score in [0,1] as a whole number of 100; an en dash when there is none. */
export const formatScore = (score: number | null): string => (score === null ? '–' : String(Math.round(score * 100)));

const abbreviations = /\b(jpeg|exif|c2pa|ela|dct|fft|prnu|cpu|gpu)\b/g;

/** A code such as `azimuthal_spectrum` as words: `Azimuthal spectrum`. */
export function humanize(code: string): string {
  const words = code.replace(/[_-]+/g, ' ').trim().replace(abbreviations, (word) => word.toUpperCase());
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The name of a time such as `frames.detect` or `inference.inference_read`: stage first, said once. */
export function humanizeTiming(name: string): string {
  const [stage = '', ...rest] = name.split('.');
  const step = rest.join(' ').replace(new RegExp(`^${stage.replace(/\W/g, '')}_`), '');
  return step ? `${humanize(stage)}: ${humanize(step).toLowerCase()}` : humanize(stage);
}
