#!/usr/bin/env bash
# apache-arrow 21.2.0 (npm), vectors of Float16: a number that rounds up to every second power of two is stored as half of that, as what is
# carried out of the fraction does not reach an exponent that is odd: 1.99999 becomes 1, 0.49996 becomes 0.25, while 0.99999 becomes 1.
# Whole numbers beyond what a half can hold become small ones instead of infinity: 70,000 becomes 2.13, a million 3.81 (with any bit set in
# the lower half of the double they are infinite). Ties go away from zero instead of to the even neighbour. Reading is exact for all 65,536
# halves; nothing is raised.
#
# Expected: the nearest half, as IEEE 754's conversion, numpy's and a processor's give it: 2, 0.5, 1, infinity, infinity; 2,048 for 2,049.
# Seen:     1, 0.25, 1, 2.13, 3.81; 2,050. Of 200,000 numbers spread evenly from 0 to 1 there are 32 that come out as half of what they are.
#
# What follows for us: vectors that JavaScript put into Arrow in 16 bits have now and then a coordinate that is half of what it was, which
# no check of lengths or ranges sees. Ours are written by .NET, to the nearest, and read by kernels that are held to all bit patterns
# (HalfBitsTests); runs are exported in doubles.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund apache-arrow@21.2.0
cat > halves.cjs <<'JS'
const { Float16, makeData, makeVector, vectorFromArray } = require('apache-arrow');

const exact = (bits) => {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const size = exponent === 31 ? (fraction ? NaN : Infinity) : exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
  return bits & 0x8000 ? -size : size;
};
const all = makeVector(makeData({ type: new Float16(), data: Uint16Array.from({ length: 65536 }, (_, bits) => bits) }));
const misread = Array.from(all).filter((value, bits) => !Object.is(value, exact(bits)) && !Number.isNaN(exact(bits)));
console.log(`read otherwise: ${misread.length} of 65536`);

const numbers = [0.99999, 0.49996, 1.99999, 3.9999, 0.1, 65504, 70000, 70000.1, 1e6, 2049];
vectorFromArray(numbers, new Float16()).toArray().forEach((bits, i) => console.log(`${numbers[i]} is stored as ${exact(bits)}`));

const spread = Array.from({ length: 200000 }, (_, i) => (i + 0.5) / 200000);
const far = vectorFromArray(spread, new Float16()).toArray().reduce((n, bits, i) => n + (exact(bits) < 0.51 * spread[i] ? 1 : 0), 0);
console.log(`half of what they are: ${far} of ${spread.length}`);
JS
seen=$(node halves.cjs)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'SEEN'
read otherwise: 0 of 65536
0.99999 is stored as 1
0.49996 is stored as 0.25
1.99999 is stored as 1
3.9999 is stored as 4
0.1 is stored as 0.0999755859375
65504 is stored as 65504
70000 is stored as 2.134765625
70000.1 is stored as Infinity
1000000 is stored as 3.814453125
2049 is stored as 2050
half of what they are: 32 of 200000
SEEN
