#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The compositor for 64-bit ARM: what checkasm and the tests of levels need of it is cross-compiled and
# run under emulation. FFmpeg for that CPU is not needed, and cmocka is stood in for.
source "$(dirname "$0")/../../script/common.sh"

folder=$PWD/build/arm64
mkdir -p "$folder"

sources=(
    lib/compositor/*.c lib/compositor/kernels/*.c lib/compositor/kernels/arm/*.c
    lib/core/*.c lib/api/status.c tests/support/support.c
)
flags=(
    -std=c11 -O2 -Wall -Wextra -Werror -Wshadow -Wconversion -Wno-sign-conversion -D_GNU_SOURCE
    -ffp-contract=off -DHY_HAVE_NEON -DHAVE_SWSCALE=0 -static
    -Itests/checkasm/shim -Itests/support -Iinclude -Ilib
)

# run NAME SOURCE... : adds the counts of the program's last line.
passed=0
run() {
    local program=$folder/$1 log=$folder/$1.log
    shift
    aarch64-linux-gnu-gcc "${flags[@]}" "${sources[@]}" "$@" -lm -lpthread -o "$program"
    qemu-aarch64 "$program" | tee "$log"
    passed=$((passed + $(sed -n '$s/ passed, 0 failed$//p' "$log")))
}

run checkasm tests/checkasm/*.c
run test_simd tests/unit/compositor/test_simd.c
echo "$passed passed, 0 failed"
