import { defineConfig } from 'vite';
import { brotli } from './brotli';

// One script without modules: it stands in the file of a report, which loads nothing.
export default defineConfig({
  publicDir: false,
  plugins: [brotli()],
  define: { 'process.env.NODE_ENV': '"production"' },
  build: {
    target: 'es2022',
    chunkSizeWarningLimit: 700,
    lib: { entry: 'src/report/main.ts', formats: ['iife'], name: 'report', fileName: () => 'report.js' },
  },
});
