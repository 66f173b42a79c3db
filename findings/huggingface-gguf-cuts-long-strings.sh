#!/usr/bin/env bash
# @huggingface/gguf 0.4.6, the reader behind the file pages of Hugging Face's hub: it reads a file in pieces of 2,000,000 bytes. An array
# that crosses the end of what was read is read again with the next piece; a string is not: it is cut where the piece ends, without an
# error, and reading goes on behind the place where it should have ended, so that all other values are right. Whoever writes the metadata
# back loses the rest. The specification of GGUF names a value of that size, tokenizer.huggingface.json: a whole tokenizer.json as one
# string, megabytes for vocabularies of 100,000 tokens. A string of 9,000,000 bytes raises a RangeError instead.
#
# Expected: the lengths that were written. Seen: 1,999,885 characters of 2,100,000 and of 3,000,000.
#
# What follows for us: GgufHeaderParser reads a string whole or fails; figures of this reader are no reference for long strings.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund @huggingface/gguf@0.4.6
cat > strings.mjs <<'JS'
import { writeFileSync } from 'node:fs';
import { gguf } from '@huggingface/gguf';

// A sound file of version 3 without tensors: a short string, a long one, an integer.
function file(characters) {
  const parts = [];
  const int = value => { const four = Buffer.alloc(4); four.writeUInt32LE(value); parts.push(four); };
  const long = value => { const eight = Buffer.alloc(8); eight.writeBigUInt64LE(BigInt(value)); parts.push(eight); };
  const text = value => { long(value.length); parts.push(Buffer.from(value)); };
  parts.push(Buffer.from('GGUF')); int(3); long(0); long(3);
  text('general.architecture'); int(8); text('llama');
  text('tokenizer.huggingface.json'); int(8); text('x'.repeat(characters));
  text('llama.block_count'); int(4); int(7);
  return Buffer.concat(parts);
}

for (const written of [1_900_000, 2_100_000, 3_000_000]) {
  writeFileSync('strings.gguf', file(written));
  const { metadata } = await gguf('./strings.gguf', { allowLocalFile: true });
  console.log(`written ${written}, read ${metadata['tokenizer.huggingface.json'].length}, next value ${metadata['llama.block_count']}`);
}
JS
seen=$(node strings.mjs)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'SEEN'
written 1900000, read 1900000, next value 7
written 2100000, read 1999885, next value 7
written 3000000, read 1999885, next value 7
SEEN
