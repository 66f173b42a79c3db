import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import type { Plugin } from 'vite';

/** Writes a .br file beside every file that was built: the program contains these. */
export function brotli(): Plugin {
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
