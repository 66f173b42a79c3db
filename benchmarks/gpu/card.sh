#!/bin/bash
# Checks the GPU runner on the card of this machine, times it, and prints its figures beside llama.cpp's and beside what the simulator says.
#
#   [LLAMA_BIN=FOLDER] benchmarks/gpu/card.sh [FOLDER] [TYPES]
#
# FOLDER keeps the models of 8 billion random weights between runs (about 16 GB for f16) and what was measured; TYPES are number formats,
# "q8_0 q4_k f16" where not given. LLAMA_BIN is the folder with llama-bench and llama-batched-bench of a llama.cpp built for this card
# (cmake -B build -DGGML_CUDA=ON && cmake --build build -t llama-bench llama-batched-bench): both then run the same files in turn. Without
# it peer figures are those of ../shared/reference/gpu/llama_cpp.csv, measured on one H100: on another card they say nothing. Needs the .NET
# SDK, an NVIDIA driver, and python3 for the table.
set -eu
cd "$(dirname "$0")/../.."
types=${2:-q8_0 q4_k f16}
if ! nvidia-smi -L > /dev/null 2>&1 && [ ! -e /dev/nvidia0 ] && [ ! -e /dev/dxg ]; then
  echo "card.sh: this machine has no NVIDIA card that can be used: nvidia-smi lists none, and there is neither /dev/nvidia0 nor /dev/dxg." >&2
  echo "What can be checked without one: dotnet test --project tests/Inferometer.Gpu.Tests" >&2
  exit 1
fi

for tool in llama-bench llama-batched-bench; do
  if [ -n "${LLAMA_BIN:-}" ] && [ ! -x "$LLAMA_BIN/$tool" ]; then
    echo "card.sh: LLAMA_BIN is $LLAMA_BIN, where there is no program $tool; it should be the folder that llama.cpp was built into." >&2
    exit 2
  fi
done

folder=${1:-$(mktemp -d)}
mkdir -p "$folder"
device=$(nvidia-smi --query-gpu=name --format=csv,noheader 2> /dev/null | head -1 || true)

dotnet build -c Release -v q tests/Inferometer.Gpu.Tests
dotnet build -c Release -v q src/Inferometer.Cli
echo "== logits, tokens, adapters and candidates against the processor"
dotnet tests/Inferometer.Gpu.Tests/bin/Release/net10.0/Inferometer.Gpu.Tests.dll -noColor -explicit only -trait device=card -parallel none

inferometer() { INFEROMETER_STORE=none dotnet src/Inferometer.Cli/bin/Release/net10.0/inferometer.dll "$@"; }
for type in $types; do
  model=$folder/8b-$type.gguf
  [ -f "$model" ] || inferometer synth llama-3.1-8b --type "$type" -o "$model"
  echo "== $type" >&2
  inferometer bench "$model" --device gpu -p 128,512,2048 -n 0 -r 3 -o json > "$folder/$type-prompt.json"
  inferometer bench "$model" --device gpu -p 0 -n 64 -d 0,4096 -r 3 -o json > "$folder/$type-generate.json"
  inferometer bench "$model" --device gpu --kv q8 -p 0 -n 64 -d 4096 -r 3 -o json > "$folder/$type-generate-kv-q8.json"
  inferometer bench "$model" --device gpu -p 0 -n 32 -d 128 -b 8,32,128 -r 3 -o json > "$folder/$type-batch.json"

  # Tokens chosen on the device, from candidates, and from whole rows of logits. Random weights give flat rows: a nucleus is among the
  # candidates only where it is cold.
  for way in "greedy --temp 0" "top-k --temp 0.8 --top-k 40 --top-p 1" "top-p --temp 0.02 --top-k 0 --top-p 0.9" \
    "rows --temp 0.8 --top-k 0 --top-p 1"; do
    # shellcheck disable=SC2086
    inferometer run "$model" --device gpu --raw -p "Once upon a time" -n 128 --seed 1 ${way#* } -f json \
      > "$folder/$type-sample-${way%% *}.json"
  done

  if [ -n "${LLAMA_BIN:-}" ]; then
    "$LLAMA_BIN/llama-bench" -m "$model" -ngl 99 -fa 1 -p 128,512,2048 -n 0 -r 3 -o json > "$folder/$type-peer-prompt.json"
    "$LLAMA_BIN/llama-bench" -m "$model" -ngl 99 -fa 1 -p 0 -n 64 -d 0,4096 -r 3 -o json > "$folder/$type-peer-generate.json"
    "$LLAMA_BIN/llama-batched-bench" -m "$model" -ngl 99 -fa on -c 40960 -b 2048 -ub 512 -npp 128 -ntg 32 -npl 8,32,128 \
      --output-format jsonl > "$folder/$type-peer-batch.jsonl"
  fi
done

python3 benchmarks/gpu/table.py "$folder" "$device" ../shared/reference/gpu/llama_cpp.csv $types
for cost in roofline calibrated; do
  echo "== the simulator: $cost"
  inferometer validate --measurements "$folder/inferometer_gpu.csv" --cost-model "$cost" --rows
done
