import type { Analysis, MediaKind, RiskLevel, Verdict } from '../api/types.ts';
import { humanize } from '../format.ts';

/** How a verdict looks; never told by colour alone. */
export type Tone = 'clear' | 'caution' | 'alarm' | 'unsure';

export interface VerdictWords {
  tone: Tone;
  title: string;
  /** For lists. */
  short: string;
  summary: string;
}

/** A verdict in plain words, never stronger than the data: a low score is not proof of truth, a high one not proof of a lie. */
export function verdictWords(verdict: Verdict, kind: MediaKind | null): VerdictWords {
  const medium = kind ?? 'file';
  switch (verdict) {
    case 'authentic':
      return {
        tone: 'clear',
        title: 'No sign of manipulation found',
        short: 'No sign found',
        summary: `The ${medium} as a whole scored below the thresholds. That is not proof that the ${medium} is genuine: methods the models do not know can go unseen.`,
      };
    case 'suspicious':
      return {
        tone: 'caution',
        title: 'Possibly manipulated',
        short: 'Possibly manipulated',
        summary: 'The score is higher than usual, but not high enough for a clear answer. Let a person look at the evidence.',
      };
    case 'manipulated':
      return {
        tone: 'alarm',
        title: 'Likely manipulated',
        short: 'Likely manipulated',
        summary: 'The score is above the threshold for manipulation. False alarms happen: check the evidence and the source before you act.',
      };
    case 'inconclusive':
      return {
        tone: 'unsure',
        title: 'No answer possible',
        short: 'No answer possible',
        summary: `This ${medium} cannot be judged by what was found. That speaks neither for nor against it.`,
      };
  }
}

/** Below this confidence (of 100) a verdict is called a weak hint, whatever it says. */
const weakConfidence = 30;

/** A sentence that takes the weight off a verdict with little confidence; null where none is needed. */
export function weakness(verdict: Verdict, confidence: number | null): string | null {
  if (verdict === 'inconclusive' || confidence === null || confidence >= weakConfidence) return null;
  return 'The confidence is low: take this as a weak hint only.';
}

const reasonSentences: Readonly<Record<string, string>> = {
  no_face: 'No face was found, and only faces are judged here.',
  face_too_small: 'Every face is too small to be judged. A larger version of the same material may help.',
  low_quality: 'The faces are too blurred or too dark to be judged.',
  models_unavailable: 'No detection model gave a score. The other measurements alone never decide.',
  models_disagree: 'The detection models contradict each other.',
  models_missing: 'Some detection models gave no score.',
  forensics_missing: 'The forensic measurements were not available; the models decided alone.',
  high_face_score: 'A face scored above the threshold for manipulation.',
  elevated_face_score: 'A face scored higher than usual, but below the threshold for manipulation.',
  low_face_score: 'All faces scored below the thresholds.',
  undecided_face_score: 'The score is too low for suspicion, and too high to rule a manipulation out: authentic and manipulated media both score so.',
};

/** Codes that have a sentence of their own. */
export const knownReasons: readonly string[] = Object.keys(reasonSentences);

/** A reason code as a plain sentence; a code this page does not know is shown as words rather than hidden. */
export const reasonSentence = (code: string): string => reasonSentences[code] ?? `${humanize(code)}.`;

const riskWords: Readonly<Record<RiskLevel, string>> = { low: 'Low', medium: 'Medium', high: 'High', critical: 'Critical' };

export const riskWord = (risk: RiskLevel): string => riskWords[risk];

/** What a screen reader hears when an analysis has ended. */
export function announcement(analysis: Analysis): string {
  const name = analysis.file_name ?? 'The file';
  if (analysis.status === 'failed') return `${name} could not be analysed.`;
  if (analysis.status === 'cancelled') return `The analysis of ${name} was cancelled.`;
  if (analysis.verdict === null) return '';
  const score = analysis.deepfake_score === null ? '' : ` Score ${Math.round(analysis.deepfake_score)} of 100.`;
  return `${name}: ${verdictWords(analysis.verdict, analysis.media.kind).title}.${score}`;
}
