#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Each public header alone, included twice, as C11 and as C++17; then the layout of the structs.
# Ends with the counts.
cd "$(dirname "$0")/../.." || exit 1

passed=0
failed=0
warnings=(-Wall -Wextra -Wpedantic -Werror -fsyntax-only -Iinclude)

check() {
    local name=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        printf 'FAIL: %s\n' "$name"
        failed=$((failed + 1))
    fi
}

compile_text() {
    local text=$1
    shift
    printf '%b' "$text" | "$@" -
}

for header in include/hydra/*.h; do
    name=hydra/$(basename "$header")
    text="#include <$name>\n#include <$name>\ntypedef int not_empty;\n"
    check "$name as C11" compile_text "$text" gcc -std=c11 "${warnings[@]}" -x c
    check "$name as C++17" compile_text "$text" g++ -std=c++17 "${warnings[@]}" -x c++
done
check "layout as C11" gcc -std=c11 "${warnings[@]}" -Wpadded tests/headers/layout.c
check "layout as C++17" g++ -std=c++17 "${warnings[@]}" -Wpadded -x c++ tests/headers/layout.c

printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
