// Starts 'inferometer serve' with the bundled model on a free port.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = process.env.INFEROMETER
  ?? fileURLToPath(new URL('../../src/Inferometer.Cli/bin/Release/net10.0/inferometer.dll', import.meta.url));

export const startServer = (...options) => start('--demo', '--served-model-name', 'tales', ...options);

// Starts a server in front of others.
export const startFront = (...addresses) => start(...addresses.flatMap((address) => ['--upstream', address]));

async function start(...options) {
  const child = spawn(
    'dotnet', [program, 'serve', '--port', '0', '--log-level', 'error', ...options],
    { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const line = await Promise.race([
    once(lines, 'line').then(([text]) => text),
    once(child, 'exit').then(([code]) => { throw new Error(`the server ended with code ${code}`); }),
  ]);
  return {
    url: /at (http:\S+)$/.exec(line)[1],
    async stop() {
      child.kill('SIGTERM');
      const [code] = child.exitCode === null ? await once(child, 'exit') : [child.exitCode];
      return code;
    },
  };
}
