#!/usr/bin/env bash
# @mlc-ai/web-xgrammar 0.1.27, the structured-output library of vLLM, SGLang and MLC built for JavaScript: the grammar that it makes of a
# JSON schema's minimum and maximum for "number" is another set of numbers than the schema's.
# 1. A fraction may follow the greatest integer: maximum 1 with minimum 0 admits 1.5, maximum 100 admits 100.5.
# 2. Numbers between 0 and 1 are refused where the lower bound is 0 and stands alone, whether inclusive or exclusive.
# 3. An exclusive bound is admitted itself: 0 under exclusiveMinimum 0, 1 under exclusiveMaximum 1.
# 4. Bounds with a fraction refuse integers between them: 2 between 0.5 and 2.5. An exponent is refused wherever a bound is given.
#
# Expected: what the comments beside each line of the script say, which is what the schema says.
#
# What follows for us: the masks of our engine keep number bounds exactly (docs/structured.md); answers of a server that uses this
# library need checking against their schema, and a score for a probability may come out as 1.5.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund @mlc-ai/web-xgrammar@0.1.27
# The package calls its file a module, which it is not; under this name Node reads it as what it is.
cp node_modules/@mlc-ai/web-xgrammar/lib/index.js xgrammar.cjs
cat > bounds.mjs <<'JS'
import xgrammar from './xgrammar.cjs';

const cases = [
  [{ minimum: 0, maximum: 1 }, '0.5 1 1.5 1e0'], // yes yes no yes
  [{ minimum: 0, maximum: 100 }, '37.2 100 100.5'], // yes yes no
  [{ minimum: 0 }, '0 0.5 1.5'], // yes yes yes
  [{ exclusiveMinimum: 0 }, '0 0.5 1.5'], // no yes yes
  [{ exclusiveMaximum: 1 }, '0.5 1 1.5'], // yes no no
  [{ minimum: 0.5, maximum: 2.5 }, '0.5 2 2.5'], // yes yes yes
];
for (const [bounds, numbers] of cases) {
  const grammar = await xgrammar.Grammar.fromJSONSchema(JSON.stringify({ type: 'number', ...bounds }));
  const admitted = [];
  for (const number of numbers.split(' ')) {
    admitted.push(`${number} ${(await xgrammar.Testings.isGrammarAcceptString(grammar, number)) ? 'yes' : 'no'}`);
  }
  console.log(`${JSON.stringify(bounds)}: ${admitted.join(', ')}`);
}
JS
seen=$(node bounds.mjs)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'SEEN'
{"minimum":0,"maximum":1}: 0.5 yes, 1 yes, 1.5 yes, 1e0 no
{"minimum":0,"maximum":100}: 37.2 yes, 100 yes, 100.5 yes
{"minimum":0}: 0 yes, 0.5 no, 1.5 yes
{"exclusiveMinimum":0}: 0 yes, 0.5 no, 1.5 yes
{"exclusiveMaximum":1}: 0.5 yes, 1 yes, 1.5 no
{"minimum":0.5,"maximum":2.5}: 0.5 yes, 2 no, 2.5 yes
SEEN
