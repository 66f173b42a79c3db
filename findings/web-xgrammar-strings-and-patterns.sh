#!/usr/bin/env bash
# @mlc-ai/web-xgrammar 0.1.27, the structured-output library of vLLM, SGLang and MLC built for JavaScript: strings of a JSON schema.
# 1. A slash in const or enum must be written with a backslash, which JSON permits and no model and no JSON.stringify writes: "text/plain"
#    and "km/h" are refused. Names of properties with a slash are the other way round: only the plain one is admitted.
# 2. A pattern is applied to the text of the answer, not to the value of the string. A dot or a negated class admits a bare quotation mark,
#    so that an answer may keep to the grammar and be no JSON; minLength and maxLength beside a pattern are dropped with a warning.
# 3. With minLength or maxLength and no pattern, no escape is admitted: a string of three characters, one of them a line break or a
#    quotation mark, is refused where one of three letters is not.
# 4. The format "email" wants two characters behind the last dot and none at all without a dot: a@b.c is refused, a@localhost admitted.
#
# Expected: what the comments beside each line of the script say.
#
# What follows for us: our masks count characters of the value, escapes included, and hold patterns to it (docs/structured.md).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund @mlc-ai/web-xgrammar@0.1.27
# The package calls its file a module, which it is not; under this name Node reads it as what it is.
cp node_modules/@mlc-ai/web-xgrammar/lib/index.js xgrammar.cjs
cat > strings.mjs <<'JS'
import xgrammar from './xgrammar.cjs';

const object = { type: 'object', properties: { 'km/h': { type: 'integer' } }, required: ['km/h'] };
const cases = [
  [{ const: 'text/plain' }, String.raw`"text/plain" "text\/plain"`], // yes yes
  [{ enum: ['km/h', 'm'] }, String.raw`"km/h" "km\/h" "m"`], // yes yes yes
  [object, String.raw`{"km/h":1} {"km\/h":1}`], // yes yes
  [{ type: 'string', pattern: '^.*$' }, String.raw`"ab" "a\"b" "a"b"`], // yes yes no: the last is no JSON
  [{ type: 'string', pattern: '^[^x]+$' }, String.raw`"ab" "a"b"`], // yes no
  [{ type: 'string', maxLength: 5 }, String.raw`"a/b" "a\nb" "a\"b"`], // yes yes yes
  [{ type: 'string', minLength: 1 }, String.raw`"a/b" "a\nb"`], // yes yes
  [{ type: 'string', format: 'email' }, '"a@b.cc" "a@b.c" "a@localhost"'], // yes yes yes
];
for (const [schema, answers] of cases) {
  const grammar = await xgrammar.Grammar.fromJSONSchema(JSON.stringify(schema));
  const admitted = [];
  for (const answer of answers.split(' ')) {
    admitted.push(`${answer} ${(await xgrammar.Testings.isGrammarAcceptString(grammar, answer)) ? 'yes' : 'no'}`);
  }
  console.log(admitted.join(', '));
}
JS
seen=$(node strings.mjs)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'SEEN'
"text/plain" no, "text\/plain" yes
"km/h" no, "km\/h" yes, "m" yes
{"km/h":1} yes, {"km\/h":1} no
"ab" yes, "a\"b" yes, "a"b" yes
"ab" yes, "a"b" yes
"a/b" yes, "a\nb" no, "a\"b" no
"a/b" yes, "a\nb" no
"a@b.cc" yes, "a@b.c" no, "a@localhost" yes
SEEN
