import { expect, it } from 'vitest';
import { parseHash } from './route.ts';

it('Only_well_formed_names_lead_somewhere', () => {
  expect(parseHash('#an_01k9abc')).toEqual({ view: 'analysis', id: 'an_01k9abc' });
  expect(parseHash('#new-12')).toEqual({ view: 'upload', key: 'new-12' });
  for (const hash of ['', '#', '#an_', '#an_../../x', '#an_a b', '#javascript:alert(1)', '#new-x', `#an_${'a'.repeat(65)}`])
    expect(parseHash(hash)).toEqual({ view: 'home' });
});
