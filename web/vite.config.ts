import { defineConfig } from 'vite';
import { brotli } from './brotli';

export default defineConfig({
  base: './',
  plugins: [brotli()],
  build: { target: 'es2022', modulePreload: { polyfill: false }, assetsInlineLimit: 0, chunkSizeWarningLimit: 700 },
  server: { proxy: { '/api': 'http://127.0.0.1:8000', '/v1': 'http://127.0.0.1:8000', '/metrics': 'http://127.0.0.1:8000' } },
});
