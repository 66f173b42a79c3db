#!/usr/bin/env bash
# @huggingface/hub 2.17.5, parseSafetensorsMetadata with computeParametersCount, which counts a checkpoint's parameters from its headers:
# of two files with the same tensors, four-bit numbers packed in pairs, the one whose config is compressed-tensors' (nvfp4-pack-quantized) is
# counted right, and the one that NVIDIA's ModelOpt wrote (quant_method "modelopt", quant_algo "NVFP4", no `bits` beside it) with each pair as
# one parameter. Nearly all of such a checkpoint is packed, so half of its parameters are missing: a 70B counts as about 36B.
#
# Expected: 2 x 1,048,576 parameters in both.
#
# What follows for us: parameters are counted from the architecture, not from bytes, and `info` reads both configs (docs/catalog.md).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund @huggingface/hub@2.17.5
cat > count.mjs <<'JS'
import { parseSafetensorsMetadata } from '@huggingface/hub';

const weights = { num_bits: 4, type: 'float', group_size: 16 };
const configs = {
  'compressed-tensors': {
    quant_method: 'compressed-tensors', format: 'nvfp4-pack-quantized',
    config_groups: { group_0: { targets: ['Linear'], weights } },
  },
  modelopt: {
    quant_method: 'modelopt', quant_algo: 'NVFP4', producer: { name: 'modelopt', version: '0.39.0' },
    config_groups: { group_0: { targets: ['Linear'], weights } }, ignore: ['lm_head'],
  },
};
for (const [name, quantization_config] of Object.entries(configs)) {
  const module = 'model.layers.0.mlp.up_proj';
  const packed = name === 'modelopt' ? `${module}.weight` : `${module}.weight_packed`;
  const header = JSON.stringify({
    [packed]: { dtype: 'U8', shape: [1024, 1024], data_offsets: [0, 1048576] },
    [`${module}.weight_scale`]: { dtype: 'F8_E4M3', shape: [1024, 128], data_offsets: [1048576, 1179648] },
  });
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const files = {
    'config.json': Buffer.from(JSON.stringify({ model_type: 'llama', quantization_config })),
    'model.safetensors': Buffer.concat([length, Buffer.from(header), Buffer.alloc(1179648)]),
  };
  // The Hub's answers, made here: the package asks for ranges of files.
  const fetch = async (url, options = {}) => {
    const file = files[new URL(url).pathname.split('/').pop()];
    if (!file) {
      return new Response('', { status: 404 });
    }
    const range = /bytes=(\d+)-(\d+)/.exec(new Headers(options.headers).get('range') ?? '');
    const [from, to] = range ? [Number(range[1]), Math.min(Number(range[2]), file.length - 1)] : [0, file.length - 1];
    return new Response(options.method === 'HEAD' ? null : file.subarray(from, to + 1), {
      status: range ? 206 : 200,
      headers: { etag: '"1"', 'content-length': `${to - from + 1}`, 'content-range': `bytes ${from}-${to}/${file.length}` },
    });
  };
  const { parameterCount } = await parseSafetensorsMetadata({ repo: 'a/b', computeParametersCount: true, fetch });
  console.log(name, parameterCount);
}
JS
seen=$(node count.mjs)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'SEEN'
compressed-tensors { U8: 2097152 }
modelopt { U8: 1048576 }
SEEN
