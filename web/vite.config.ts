import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

/** Writes a .br file beside every file of the page: the server sends these as they are. */
function brotli(): Plugin {
  let folder = '';
  return {
    name: 'brotli',
    configResolved(config) {
      folder = resolve(config.root, config.build.outDir);
    },
    async closeBundle() {
      const files = await readdir(folder, { recursive: true, withFileTypes: true });
      await Promise.all(
        files.filter((file) => file.isFile() && !file.name.endsWith('.br')).map(async (file) => {
          const path = join(file.parentPath, file.name);
          const packed = brotliCompressSync(await readFile(path), {
            params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY },
          });
          await writeFile(`${path}.br`, packed);
        }),
      );
    },
  };
}

export default defineConfig({
  base: './',
  plugins: [brotli()],
  build: { target: 'es2022', modulePreload: { polyfill: false }, assetsInlineLimit: 0, chunkSizeWarningLimit: 700 },
  server: { proxy: { '/api': 'http://127.0.0.1:8000', '/v1': 'http://127.0.0.1:8000', '/metrics': 'http://127.0.0.1:8000' } },
});
