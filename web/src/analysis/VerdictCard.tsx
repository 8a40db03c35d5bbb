import type { Analysis, ScoreThresholds } from '../api/types.ts';
import { Icon } from '../shell/Icon.tsx';
import { Gauge } from './Gauge.tsx';
import { reasonSentence, riskWord, verdictWords, weakness } from './verdict.ts';

/** A card is no report: the strongest of each kind are enough. */
const mostSentences = 5;

function Sentences({ title, sentences }: { title: string; sentences: string[] }) {
  if (sentences.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <ul className="reasons">
        {sentences.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
    </>
  );
}

/** How to read the number. */
const scale = (thresholds: ScoreThresholds | null): string =>
  thresholds === null
    ? '0 looks untouched, 100 looks manipulated.'
    : `${typeof thresholds.authentic === 'number' ? `Below ${Math.round(thresholds.authentic)} no sign was found. ` : ''}From ${Math.round(thresholds.suspicious)} it counts as suspicious, from ${Math.round(thresholds.manipulated)} as manipulated.`;

/** The answer: words first, then the number, then why. */
export function VerdictCard({ analysis }: { analysis: Analysis }) {
  if (analysis.verdict === null) return null;
  const words = verdictWords(analysis.verdict, analysis.media.kind);
  const weak = weakness(analysis.verdict, analysis.confidence);
  const unsure = analysis.verdict === 'inconclusive';
  const evidence = analysis.findings.filter((finding) => finding.kind === 'evidence').map((finding) => finding.text);
  // No answer needs its reason first; what was measured stands behind it.
  const why = [...(unsure || evidence.length === 0 ? analysis.reasons.map(reasonSentence) : []), ...evidence].slice(0, mostSentences);
  const doubts = analysis.findings.filter((finding) => finding.kind === 'doubt').map((finding) => finding.text).slice(0, mostSentences);
  return (
    <section className={`card verdict tone-${words.tone}`} aria-labelledby="verdict-title">
      <div className="verdict-parts">
        <div className="verdict-words">
          <h2 id="verdict-title">
            <Icon name={words.tone} size={28} />
            {words.title}
          </h2>
          <p>{words.summary}</p>
          {weak && <p className="verdict-weak">{weak}</p>}
        </div>
        {analysis.deepfake_score !== null && (
          <div className="verdict-numbers">
            <Gauge score={analysis.deepfake_score} tone={words.tone} thresholds={analysis.thresholds} />
            <dl>
              <div>
                <dt>Confidence</dt>
                <dd>{analysis.confidence === null ? '–' : `${Math.round(analysis.confidence)} %`}</dd>
              </div>
              <div>
                <dt>Risk</dt>
                <dd>{analysis.risk_level === null || unsure ? '–' : riskWord(analysis.risk_level)}</dd>
              </div>
            </dl>
            <p className="verdict-note">
              {unsure ? 'The score is shown for completeness; do not rely on it here.' : scale(analysis.thresholds)}
            </p>
          </div>
        )}
        {(why.length > 0 || doubts.length > 0) && (
          <div className="verdict-why">
            <Sentences title="Why" sentences={why} />
            <Sentences title="Reasons to doubt" sentences={doubts} />
            {analysis.artifacts['report'] && (
              <a className="button" href={analysis.artifacts['report']} target="_blank" rel="noopener">
                Open the report
              </a>
            )}
          </div>
        )}
      </div>
    </section>
  );
}
