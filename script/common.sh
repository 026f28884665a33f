# SPDX-License-Identifier: MIT
# Shared by the commands in script/: talking, and building. Sourced, never run.
# shellcheck shell=bash

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C.UTF-8

say() {
    printf '== %s\n' "$*"
}

die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# configure FOLDER OPTION... : a build folder with exactly these options, made or brought up to date.
configure() {
    local folder=$1
    shift
    if [ -f "$folder/build.ninja" ]; then
        meson setup --reconfigure "$folder" "$@"
    else
        rm -rf "$folder"
        meson setup "$folder" "$@"
    fi
}
