#!/usr/bin/env bash
# Installs the peer, llama.cpp, from npm and builds the driver that times it through its public C API.
#   benchmarks/peer/build.sh            prebuilt libraries from the package @node-llama-cpp/linux-x64
#   PEER_NATIVE=1 benchmarks/peer/build.sh   also compiles the same release with -march=native (cmake, ninja, C++; minutes)
#   PEER_SERVER=1 benchmarks/peer/build.sh   also compiles its server the same way, for benchmarks/serve/compare.mjs
# Everything lands in benchmarks/peer/.peer, which git ignores.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
version=${PEER_VERSION:-3.22.1}
work=$here/.peer
mkdir -p "$work"
cd "$work"

if [ ! -d node_modules/@node-llama-cpp/linux-x64 ]; then
    printf '{"private": true, "name": "peer"}\n' >package.json
    npm install --ignore-scripts --omit=optional --no-audit --no-fund --loglevel=error \
        "@node-llama-cpp/linux-x64@$version" "node-llama-cpp@$version"
fi

# The headers of exactly this release travel inside the package node-llama-cpp as a git bundle.
[ -d headers ] || git clone -q node_modules/node-llama-cpp/llama/gitRelease.bundle headers
libraries=$work/node_modules/@node-llama-cpp/linux-x64/bins/linux-x64
llama=$(basename "$(ls "$libraries"/libllama.v*.so)")
ggml=$(basename "$(ls "$libraries"/libggml.v*.so)")
cc -O2 -Wall -o peer_bench "$here/peer_bench.c" -I headers/include -I headers/ggml/include \
    "$libraries/$llama" "$libraries/$ggml" "$libraries/libggml-base.so" -Wl,-rpath,"$libraries" -lm
echo "built $work/peer_bench"

if [ "${PEER_NATIVE:-0}" = 1 ]; then
    cmake -S headers -B native -G Ninja -DCMAKE_BUILD_TYPE=Release -DGGML_NATIVE=ON -DBUILD_SHARED_LIBS=OFF \
        -DLLAMA_CURL=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_TOOLS=OFF \
        -DLLAMA_BUILD_SERVER=OFF >native.log
    cmake --build native --target llama >>native.log
    cc -O2 -c "$here/peer_bench.c" -I headers/include -I headers/ggml/include -o peer_bench.o
    c++ -o peer_bench_native peer_bench.o native/src/libllama.a native/ggml/src/libggml.a \
        native/ggml/src/libggml-cpu.a native/ggml/src/libggml-base.a -fopenmp -lpthread -ldl -lm
    echo "built $work/peer_bench_native"
fi

if [ "${PEER_SERVER:-0}" = 1 ]; then
    # Its web page would be fetched from elsewhere, and TLS is not measured: both are left out. What answers requests is whole.
    cmake -S headers -B server -G Ninja -DCMAKE_BUILD_TYPE=Release -DGGML_NATIVE=ON -DBUILD_SHARED_LIBS=OFF \
        -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF -DLLAMA_BUILD_TESTS=OFF \
        -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_TOOLS=ON -DLLAMA_BUILD_APP=OFF -DLLAMA_BUILD_SERVER=ON >server.log
    cmake --build server --target llama-server ${PEER_JOBS:+-j "$PEER_JOBS"} >>server.log
    echo "built $work/server/bin/llama-server"
fi
