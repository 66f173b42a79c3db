#!/usr/bin/env bash
# @huggingface/jinja 0.5.11, the JavaScript library that runs chat templates in browsers and Node: the string methods strip, lstrip and
# rstrip, and the filter trim, take an argument in Jinja2 (the characters to remove). The JavaScript methods accept it and ignore it:
# they always remove white space, and all of it. Templates of Qwen's reasoning models and of SmolLM3 call strip('\n') on the text
# between and after the thoughts, to keep its indentation; rendered in JavaScript, the leading blanks of an answer are gone, and the
# prompt is another one than the model was trained with. The filter with an argument is an error instead.
#
# Expected: as Jinja2 3.1.6, which gives "[ a ]", "[  b]" and "[a]" for the three methods below.
# Seen:     "[a]", "[b]" and "[xax]".
#
# What follows for us: where the two libraries differ, Jinja2 decides; benchmarks/peer/templates.mjs compares with it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund @huggingface/jinja@0.5.11
cat > strip.mjs <<'JS'
import { Template } from '@huggingface/jinja';
for (const source of [String.raw`[{{ '\n a \n'.strip('\n') }}]`, String.raw`[{{ '\n\n  b'.lstrip('\n') }}]`, `[{{ 'xax'.strip('x') }}]`, `[{{ 'xax' | trim('x') }}]`]) {
  let text;
  try { text = JSON.stringify(new Template(source).render({})); } catch (error) { text = 'error'; }
  console.log(`${source} => ${text}`);
}
JS
seen=$(node strip.mjs)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'SEEN'
[{{ '\n a \n'.strip('\n') }}] => "[a]"
[{{ '\n\n  b'.lstrip('\n') }}] => "[b]"
[{{ 'xax'.strip('x') }}] => "[xax]"
[{{ 'xax' | trim('x') }}] => error
SEEN
