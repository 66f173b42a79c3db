// The pictures of docs/web.md: node tests/pictures.mjs ../docs/images
import { mkdir } from 'node:fs/promises';
import { open, settled, startBrowser, startServer } from './stage.mjs';

const folder = process.argv[2] ?? '../docs/images';
const pages = {
  estimate: ['#/estimate?model=meta-llama/Llama-3.1-70B&on=H100_SXM&tp=4&batch=32&input=4096&output=512&bits=fp8&framework=vllm', 1010],
  compare: ['#/compare', 480],
};
await mkdir(folder, { recursive: true });
const server = await startServer();
const browser = await startBrowser();
try {
  for (const [name, [hash, height]] of Object.entries(pages)) {
    const { page, close } = await open(browser, server.address, hash, { viewport: { width: 1180, height } });
    await settled(page);
    await page.screenshot({ path: `${folder}/web-${name}.png` });
    await close();
  }
} finally {
  await browser.close();
  await server.stop();
}
