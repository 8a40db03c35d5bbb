import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { accept, complete } from '../../dev/recordings.ts';
import type { Verdict } from '../api/types.ts';
import { failureWords, knownFailures } from './failure.ts';
import { announcement, knownReasons, reasonSentence, verdictWords, weakness } from './verdict.ts';

/** The values of the string constants of a C# class: the contract itself, so that a new code cannot be forgotten here. */
function codesOf(className: string): string[] {
  const source = readFileSync(join(process.cwd(), '../Contracts/Codes.cs'), 'utf8');
  const body = source.slice(source.indexOf(`class ${className}`)).split('\n}')[0] ?? '';
  return [...body.matchAll(/const string \w+ = "([a-z_]+)"/g)].map((match) => match[1] ?? '');
}

const verdicts: Verdict[] = ['authentic', 'suspicious', 'manipulated', 'inconclusive'];

describe('words', () => {
  it('exist for every reason code of the contract', () => {
    const codes = codesOf('ReasonCodes');
    expect(codes.length).toBeGreaterThan(5);
    expect(codes.filter((code) => !knownReasons.includes(code))).toEqual([]);
  });

  it('exist for every error code of the contract', () => {
    const codes = codesOf('ErrorCodes');
    expect(codes.length).toBeGreaterThan(10);
    expect(codes.filter((code) => !knownFailures.includes(code))).toEqual([]);
  });

  it('are never stronger than the data', () => {
    for (const verdict of verdicts) {
      const { title, summary, short } = verdictWords(verdict, 'video');
      expect(`${title} ${short}`).not.toMatch(/\b(is|are) (real|fake|genuine|authentic)\b|\b(definitely|certainly|proven|proof)\b/i);
      expect(summary).not.toMatch(/\bis (real|fake)\b/i);
    }
    expect(verdictWords('authentic', 'image').summary).toContain('not proof that the image is genuine');
    expect(verdictWords('manipulated', 'image').summary).toContain('False alarms happen');
  });

  it('take the weight off a verdict with little confidence', () => {
    expect(weakness('authentic', 8)).toContain('weak hint');
    expect(weakness('manipulated', 29.9)).toContain('weak hint');
    expect(weakness('manipulated', 30)).toBeNull();
    expect(weakness('inconclusive', 8)).toBeNull();
    expect(weakness('authentic', null)).toBeNull();
  });

  it('show unknown codes instead of hiding them', () => {
    expect(reasonSentence('new_reason')).toBe('New reason.');
    const words = failureWords('new_code', 'Something new.');
    expect(words).toMatchObject({ what: 'Something new.', retry: true });
    expect(failureWords('new_code').what).toContain('new_code');
  });

  it('say what to do and do not offer another try where it cannot help', () => {
    for (const code of knownFailures) expect(failureWords(code).advice).toMatch(/\.$/);
    for (const code of ['empty_body', 'unsupported_media', 'media_truncated', 'media_too_large']) expect(failureWords(code).retry).toBe(false);
    for (const code of ['backlog_full', 'unavailable', 'network', 'deadline_exceeded']) expect(failureWords(code).retry).toBe(true);
  });
});

describe('announcement', () => {
  const then = new Date('2026-11-21T12:00:00Z');
  const done = (name: string) => complete(accept('an_1', name, 1000, then), then);

  it('says the verdict with its score', () => {
    expect(announcement(done('clip-manipulated.mp4'))).toBe('clip-manipulated.mp4: Likely manipulated. Score 94 of 100.');
    expect(announcement(done('noface.jpg'))).toBe('noface.jpg: No answer possible.');
  });

  it('says that nothing came of it', () => {
    expect(announcement({ ...done('a.mp4'), status: 'failed' })).toBe('a.mp4 could not be analysed.');
    expect(announcement({ ...done('a.mp4'), status: 'cancelled' })).toBe('The analysis of a.mp4 was cancelled.');
  });
});
