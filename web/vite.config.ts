import { defineConfig } from 'vitest/config';
import { recordedApi } from './dev/recordedApi.ts';

// `npm run dev` talks to a running server; `npm run mock` needs none.
const server = process.env['DEEPFAKE_API'] ?? 'http://127.0.0.1:8080';

export default defineConfig(({ mode }) => ({
  esbuild: { jsx: 'automatic' },
  plugins: mode === 'mock' ? [recordedApi()] : [],
  server: { proxy: mode === 'mock' ? {} : { '/v1': server } },
  build: {
    outDir: '../Gateway/wwwroot',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  test: { environment: 'happy-dom', include: ['src/**/*.test.{ts,tsx}'], restoreMocks: true },
}));
