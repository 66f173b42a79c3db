#!/usr/bin/env bash
# @huggingface/tokenizers 0.2.0, Hugging Face's tokenizers in JavaScript: its pre-tokenizer Digits knows \d, which in JavaScript means the
# ten digits of ASCII. The original in Rust asks whether a character is numeric: digits of other scripts, letters that are numbers,
# fractions and circled numbers (Unicode Nd, Nl and No) count too. Models with that step (Command-R and Aya among them) get other tokens
# for such text in JavaScript than where they were trained. Tokenizers.DotNet 1.4.1 below binds the original.
#
# Expected: equal ids, each number a piece of its own. Seen: in JavaScript the letters and the number beside them stay one word.
#
# What follows for us: our Digits is \p{N}, as the original's; ids are compared with the original, not with JavaScript's.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund @huggingface/tokenizers@0.2.0
cat > tokenizer.json <<'JSON'
{
  "version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null, "post_processor": null, "decoder": null,
  "pre_tokenizer": { "type": "Digits", "individual_digits": true },
  "model": { "type": "WordLevel", "unk_token": "?", "vocab": {
    "?": 0, "a": 1, "b": 2, "7": 3, "\u0967": 4, "\u2167": 5, "\u00bd": 6, "\u2461": 7,
    "a\u0967b": 8, "a\u2167b": 9, "a\u00bdb": 10, "a\u2461b": 11 } }
}
JSON
cat > ids.mjs <<'JS'
import { readFileSync } from 'node:fs';
import { Tokenizer } from '@huggingface/tokenizers';

const tokenizer = new Tokenizer(JSON.parse(readFileSync('tokenizer.json')), {});
for (const text of ['a7b', 'a\u0967b', 'a\u2167b', 'a\u00bdb', 'a\u2461b']) {
  console.log(`JavaScript ${text}: ${tokenizer.encode(text).ids.join(' ')}`);
}
JS
cat > ids.cs <<'CS'
#:package Tokenizers.DotNet@1.4.1
#:package Tokenizers.DotNet.runtime.linux-x64@1.4.1
#:property PublishAot=false
Tokenizers.DotNet.Tokenizer tokenizer = new("tokenizer.json");
foreach (string text in new[] { "a7b", "a\u0967b", "a\u2167b", "a\u00bdb", "a\u2461b" })
{
    System.Console.WriteLine($"original   {text}: {string.Join(' ', tokenizer.Encode(text))}");
}
CS
seen=$(node ids.mjs && dotnet run ids.cs)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'SEEN'
JavaScript a7b: 1 3 2
JavaScript a१b: 8
JavaScript aⅧb: 9
JavaScript a½b: 10
JavaScript a②b: 11
original   a7b: 1 3 2
original   a१b: 1 4 2
original   aⅧb: 1 5 2
original   a½b: 1 6 2
original   a②b: 1 7 2
SEEN
