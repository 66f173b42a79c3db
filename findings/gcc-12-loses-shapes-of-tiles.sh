#!/usr/bin/env bash
# GCC 12.2 (Debian, 12.2.0-14+deb12u1): `_tile_loadconfig`, the intrinsic that sets the shapes of AMX tiles, reads 64 bytes, but its header tells
# the compiler of the first eight alone (an "m" operand of one pointer, no clobber of memory). So with -O2 a function that fills a local
# structure and hands it over, as every introduction does, keeps the store of the palette and zeroes, and loses all rows and widths: the
# instruction then meets tiles without a shape and the process ends by a signal. `_tile_storeconfig` says as little of what it writes.
# ggml's AMX kernels are built on both; whether that is why a llama.cpp that was compiled with this GCC on a Sapphire Rapids ended
# in them by an illegal instruction (docs/benchmarks.md) has not been looked into.
#
# Expected: the store of 16 to `rows` is in the assembly, or something that leads to it. Seen: of the structure only 33 bytes are written.
#
# Needs lists of packages that are not old (apt-get update).
#
# What follows for us: our kernels write the instruction themselves; loops in C that they are compared with keep shapes in static memory
# behind a barrier, and a peer that was compiled here is not taken for the best that it can be.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
version=12.2.0-14+deb12u1
apt-get download "cpp-12=$version" "libgcc-12-dev=$version" libisl23 libmpc3 libmpfr6 libc6-dev linux-libc-dev >download.log 2>&1
for package in *.deb; do dpkg -x "$package" root; done
cat > shapes.c <<'C'
#include <immintrin.h>
#include <string.h>

struct shapes { unsigned char palette, start_row, reserved[14]; unsigned short colsb[16]; unsigned char rows[16]; };

void configure(void)
{
    struct shapes s;
    memset(&s, 0, sizeof s);
    s.palette = 1;
    for (int tile = 0; tile < 8; tile++)
    {
        s.colsb[tile] = 64;
        s.rows[tile] = 16;
    }
    _tile_loadconfig(&s);
}
C
compiler=root/usr/lib/gcc/x86_64-linux-gnu/12
LD_LIBRARY_PATH=root/usr/lib/x86_64-linux-gnu "$compiler/cc1" -quiet -O2 -march=sapphirerapids -nostdinc -isystem "$compiler/include" \
    -isystem root/usr/include -isystem root/usr/include/x86_64-linux-gnu shapes.c -o shapes.s
seen=$(grep -oE '^\s+(mov|vmov|v?pxor|rep|call|ldtilecfg)\S*\s.*$' shapes.s | grep -v 'rbp' | sed -E 's/\s+/ /g')
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'SEEN'
 vpxor %xmm0, %xmm0, %xmm0
 movb $1, -64(%rsp)
 vmovdqu8 %ymm0, -63(%rsp)
 ldtilecfg -64(%rsp)
SEEN
echo "of 64 bytes, 33 are written: no tile has rows"
