#!/usr/bin/env bash
# openai 6.49.0 (npm): the helper chat.completions.stream() puts an answer together from its chunks. Where the first chunk of a choice
# carries a log-probability, as servers send it that put role and first token into one chunk, the helper counts that one twice: a stream
# of three tokens ends as a completion with four entries in logprobs.content. The plain iterator (create with stream: true) gives three.
#
# Expected: three entries, a, b and c, whichever chunk comes first with one.
# Seen:     four, a twice, where the first chunk has one; three where it has only the role.
#
# What follows for us: the role goes out in a chunk of its own.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund openai@6.49.0
cat > twice.mjs <<'JS'
import http from 'node:http';
import OpenAI from 'openai';

const token = (text) => ({ content: [{ token: text, logprob: -1, bytes: null, top_logprobs: [] }], refusal: null });
const chunk = (delta, logprobs, finish_reason = null) => ({
  id: 'x', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, logprobs, finish_reason }],
});
const streams = {
  'role and token in one chunk': [
    chunk({ role: 'assistant', content: 'a' }, token('a')), chunk({ content: 'b' }, token('b')), chunk({ content: 'c' }, token('c')),
    chunk({}, null, 'stop'),
  ],
  'role in a chunk of its own': [
    chunk({ role: 'assistant', content: '' }, null), chunk({ content: 'a' }, token('a')), chunk({ content: 'b' }, token('b')),
    chunk({ content: 'c' }, token('c')), chunk({}, null, 'stop'),
  ],
};
for (const [name, chunks] of Object.entries(streams)) {
  const server = http.createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(chunks.map((c) => `data: ${JSON.stringify(c)}\n\n`).join('') + 'data: [DONE]\n\n');
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const client = new OpenAI({ baseURL: `http://127.0.0.1:${server.address().port}/v1`, apiKey: 'none' });
  const asked = { model: 'm', messages: [{ role: 'user', content: 'x' }], logprobs: true };
  const whole = await client.chat.completions.stream(asked).finalChatCompletion();
  let plain = 0;
  for await (const c of await client.chat.completions.create({ ...asked, stream: true })) {
    plain += c.choices[0].logprobs?.content?.length ?? 0;
  }
  console.log(`${name}: helper ${whole.choices[0].logprobs.content.map((t) => t.token).join(' ')}, iterator ${plain}`);
  server.closeAllConnections();
  server.close();
}
JS
seen=$(node twice.mjs)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'SEEN'
role and token in one chunk: helper a a b c, iterator 3
role in a chunk of its own: helper a b c, iterator 3
SEEN
