import { defineConfig } from 'vite';
import { brotli } from './brotli';

// The server answers its own page alone: a request is passed on as one of that page.
const passed = { target: 'http://127.0.0.1:8000', changeOrigin: true, headers: { origin: 'http://127.0.0.1:8000' } };

export default defineConfig({
  base: './',
  plugins: [brotli()],
  build: { target: 'es2022', modulePreload: { polyfill: false }, assetsInlineLimit: 0, chunkSizeWarningLimit: 700 },
  server: { proxy: { '/api': passed, '/v1': passed, '/metrics': passed } },
});
