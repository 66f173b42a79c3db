#!/usr/bin/env bash
# @huggingface/tasks 0.21.54: the table of devices behind the Hub's hardware settings and its "which of my machines runs this" holds one figure
# of arithmetic for each, `tflops`, "FP16 whenever possible". For some devices it is the rate of the matrix units, for others that of the
# ordinary ones, which is a quarter or an eighth of the former, and nothing in the table says which.
# - matrix units: H20 148, T4 65.13, MI100 184.6, MI210 181, MI250 362.1 (the dense FP16 figures of their datasheets)
# - ordinary units: A100 77.97 (datasheet, matrix, dense: 312), A30 10.32 (FP32; matrix 165), L40S 91.61 (362), RTX 4090 82.58 (165)
# So it puts the H20 above the A100, whose matrix units do twice the H20's work; the T4 six times above the A30, which has
# two and a half times its rate; and the MI100 above the A100. The H200, which is an H100 with another memory, is 10 % below it.
#
# Expected: one kind of rate in one column, so that two devices can be compared.
#
# What follows for us: none of our catalog's rates comes from there (each names its datasheet; dense rates of the matrix units), and
# docs/catalog.md says which rate a device of one's own needs.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund @huggingface/tasks@0.21.54
cat > rates.mjs <<'JS'
import { SKUS } from '@huggingface/tasks';

const { NVIDIA, AMD } = SKUS.GPU;
const of = (table, name) => `${name} ${table[name].tflops}`;
console.log('matrix units:', ['H20', 'T4'].map(n => of(NVIDIA, n)).join(', ') + ', ' + ['MI100', 'MI210', 'MI250'].map(n => of(AMD, n)).join(', '));
console.log('ordinary units:', ['A100', 'A30', 'L40s', 'RTX 4090'].map(n => of(NVIDIA, n)).join(', '));
console.log('H20 over A100:', (NVIDIA.H20.tflops / NVIDIA.A100.tflops).toFixed(2), 'by datasheets', (148 / 312).toFixed(2));
console.log('T4 over A30:', (NVIDIA.T4.tflops / NVIDIA.A30.tflops).toFixed(2), 'by datasheets', (65 / 165).toFixed(2));
console.log('H200 over H100:', (NVIDIA.H200.tflops / NVIDIA.H100.tflops).toFixed(2), 'by datasheets', (989 / 989).toFixed(2));
JS
seen=$(node rates.mjs)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'SEEN'
matrix units: H20 148, T4 65.13, MI100 184.6, MI210 181, MI250 362.1
ordinary units: A100 77.97, A30 10.32, L40s 91.61, RTX 4090 82.58
H20 over A100: 1.90 by datasheets 0.47
T4 over A30: 6.31 by datasheets 0.39
H200 over H100: 0.90 by datasheets 1.00
SEEN
