#!/bin/bash
# Checks the GPU runner on the card of this machine, times it, and prints its figures beside llama.cpp's of a like card.
#
#   benchmarks/gpu/card.sh [FOLDER] [TYPES]
#
# FOLDER keeps the models of 8 billion random weights between runs (about 16 GB for f16); TYPES are number formats, "q8_0 q4_k f16" where
# not given. Needs the .NET SDK, an NVIDIA driver, and python3 for the table. Peer figures are those of ../shared/reference/gpu/llama_cpp.csv,
# measured on one H100: on another card they say nothing.
set -eu
cd "$(dirname "$0")/../.."
types=${2:-q8_0 q4_k f16}
if ! nvidia-smi -L > /dev/null 2>&1 && [ ! -e /dev/nvidia0 ] && [ ! -e /dev/dxg ]; then
  echo "card.sh: this machine has no NVIDIA card that can be used: nvidia-smi lists none, and there is neither /dev/nvidia0 nor /dev/dxg." >&2
  echo "What can be checked without one: dotnet test --project tests/Inferometer.Gpu.Tests" >&2
  exit 1
fi

folder=${1:-$(mktemp -d)}
mkdir -p "$folder"

dotnet build -c Release -v q tests/Inferometer.Gpu.Tests
dotnet build -c Release -v q src/Inferometer.Cli
echo "== logits and tokens against the processor"
dotnet tests/Inferometer.Gpu.Tests/bin/Release/net10.0/Inferometer.Gpu.Tests.dll -noColor -explicit only -trait device=card -parallel none

inferometer() { dotnet src/Inferometer.Cli/bin/Release/net10.0/inferometer.dll "$@"; }
for type in $types; do
  model=$folder/8b-$type.gguf
  [ -f "$model" ] || inferometer synth llama-3.1-8b --type "$type" -o "$model"
  echo "== $type" >&2
  inferometer bench "$model" --device gpu -p 128,512,2048 -n 0 -r 3 -o json > "$folder/$type-prompt.json"
  inferometer bench "$model" --device gpu -p 0 -n 64 -d 0,4096 -r 3 -o json > "$folder/$type-generate.json"
  inferometer bench "$model" --device gpu --kv q8 -p 0 -n 64 -d 4096 -r 3 -o json > "$folder/$type-generate-kv-q8.json"
  inferometer bench "$model" --device gpu -p 0 -n 32 -d 128 -b 8,32,128 -r 3 -o json > "$folder/$type-batch.json"
done

python3 benchmarks/gpu/table.py "$folder" ../shared/reference/gpu/llama_cpp.csv $types
