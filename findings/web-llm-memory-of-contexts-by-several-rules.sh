#!/usr/bin/env bash
# @mlc-ai/web-llm 0.2.86: its list of models says for each how much memory it takes, vram_required_MB ("amount of vram in MB required to run
# the model"). Many models are in it twice, with the same weights and the same compiled library: with the usual context, and as "-1k" with
# one of 1,024 tokens. What the two figures differ by is therefore the key-value cache of the tokens between: layers x key-value heads x
# head size x 2 x 2 bytes a token, or 4 in f32.
# It is that in millions of bytes for Llama 3 and 3.1, and in MiB for Phi-3, Gemma 2, StableLM 2 and TinyLlama, in one column. For Llama 2,
# RedPajama and phi-2 it is 1.2 to 2.8 times as much, by another factor in f32 than in f16. For Gemma 2B and phi-1.5 it is nothing: the long
# context has the figure of the short one. Whoever sizes a context by the difference of two rows gets another rule with each model.
#
# Expected: one rule, 1.00 in every row below (or 0.95 in every row, if MB means MiB).
# Seen:     0.00, 0.95, 1.00, 1.19, 1.32, 1.93, 2.04, 2.75 and 2.77.
#
# What follows for us: none of our figures comes from this list; `info` and `estimate` count every model's cache from its shape, by one
# rule.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund @mlc-ai/web-llm@0.2.86
cat > contexts.mjs <<'JS'
import { prebuiltAppConfig } from '@mlc-ai/web-llm';

// Layers, key-value heads and head size, as each model's configuration has them.
const shapes = {
  'Llama-3.1-8B-Instruct': [32, 8, 128], 'Llama-3-8B-Instruct': [32, 8, 128], 'Phi-3.5-mini-instruct': [32, 32, 96],
  'gemma-2-2b-it': [26, 4, 256], 'stablelm-2-zephyr-1_6b': [24, 32, 64], 'TinyLlama-1.1B-Chat-v1.0': [22, 4, 64],
  'Llama-2-7b-chat-hf': [32, 32, 128], 'RedPajama-INCITE-Chat-3B-v1': [32, 32, 80], 'phi-2': [32, 32, 80],
  'gemma-2b-it': [18, 1, 256], 'phi-1_5': [24, 32, 64],
};
const models = new Map(prebuiltAppConfig.model_list.map((model) => [model.model_id, model]));
for (const [name, [layers, heads, size]] of Object.entries(shapes)) {
  for (const [numbers, bytes] of [['f16', 2], ['f32', 4]]) {
    const long = models.get(`${name}-q4${numbers}_1-MLC`);
    const short = models.get(`${name}-q4${numbers}_1-MLC-1k`);
    const same = long.model === short.model && long.model_lib === short.model_lib;
    const tokens = long.overrides.context_window_size - short.overrides.context_window_size;
    const listed = long.vram_required_MB - short.vram_required_MB;
    const cache = tokens * layers * heads * size * 2 * bytes / 1e6;
    console.log(`${name} ${numbers}, same files ${same}, ${tokens} tokens: ${listed.toFixed(0)} MB, cache ${cache.toFixed(0)} MB, `
      + `ratio ${(listed / cache).toFixed(2)}`);
  }
}
JS
seen=$(node contexts.mjs)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'SEEN'
Llama-3.1-8B-Instruct f16, same files true, 3072 tokens: 403 MB, cache 403 MB, ratio 1.00
Llama-3.1-8B-Instruct f32, same files true, 3072 tokens: 805 MB, cache 805 MB, ratio 1.00
Llama-3-8B-Instruct f16, same files true, 3072 tokens: 403 MB, cache 403 MB, ratio 1.00
Llama-3-8B-Instruct f32, same files true, 3072 tokens: 805 MB, cache 805 MB, ratio 1.00
Phi-3.5-mini-instruct f16, same files true, 3072 tokens: 1152 MB, cache 1208 MB, ratio 0.95
Phi-3.5-mini-instruct f32, same files true, 3072 tokens: 2304 MB, cache 2416 MB, ratio 0.95
gemma-2-2b-it f16, same files true, 3072 tokens: 312 MB, cache 327 MB, ratio 0.95
gemma-2-2b-it f32, same files true, 3072 tokens: 624 MB, cache 654 MB, ratio 0.95
stablelm-2-zephyr-1_6b f16, same files true, 3072 tokens: 576 MB, cache 604 MB, ratio 0.95
stablelm-2-zephyr-1_6b f32, same files true, 3072 tokens: 1152 MB, cache 1208 MB, ratio 0.95
TinyLlama-1.1B-Chat-v1.0 f16, same files true, 1024 tokens: 22 MB, cache 23 MB, ratio 0.95
TinyLlama-1.1B-Chat-v1.0 f32, same files true, 1024 tokens: 44 MB, cache 46 MB, ratio 0.95
Llama-2-7b-chat-hf f16, same files true, 3072 tokens: 2131 MB, cache 1611 MB, ratio 1.32
Llama-2-7b-chat-hf f32, same files true, 3072 tokens: 3825 MB, cache 3221 MB, ratio 1.19
RedPajama-INCITE-Chat-3B-v1 f16, same files true, 1024 tokens: 931 MB, cache 336 MB, ratio 2.77
RedPajama-INCITE-Chat-3B-v1 f32, same files true, 1024 tokens: 1370 MB, cache 671 MB, ratio 2.04
phi-2 f16, same files true, 1024 tokens: 922 MB, cache 336 MB, ratio 2.75
phi-2 f32, same files true, 1024 tokens: 1292 MB, cache 671 MB, ratio 1.93
gemma-2b-it f16, same files true, 3072 tokens: 0 MB, cache 57 MB, ratio 0.00
gemma-2b-it f32, same files true, 3072 tokens: 0 MB, cache 113 MB, ratio 0.00
phi-1_5 f16, same files true, 1024 tokens: 0 MB, cache 201 MB, ratio 0.00
phi-1_5 f32, same files true, 1024 tokens: 0 MB, cache 403 MB, ratio 0.00
SEEN
