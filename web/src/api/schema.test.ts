// @vitest-environment node
import { readFileSync } from 'node:fs';
import openapiTS, { astToString, COMMENT_HEADER } from 'openapi-typescript';
import { expect, it } from 'vitest';

it('The_types_of_the_API_are_those_of_its_document', async () => {
  const types = COMMENT_HEADER + astToString(await openapiTS(new URL('../../../docs/openapi.json', import.meta.url)));
  const committed = readFileSync(new URL('schema.d.ts', import.meta.url), 'utf8');
  expect(types === committed, 'docs/openapi.json has changed: run `npm run types` and commit src/api/schema.d.ts').toBe(true);
});
