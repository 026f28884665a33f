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

# python_packages FOLDER REQUIREMENTS : a virtual environment with exactly these packages from PyPI.
python_packages() {
    local venv=$1 wanted=$2
    cmp -s "$wanted" "$venv/requirements.txt" && return
    say "installing $wanted into $venv"
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --no-deps --disable-pip-version-check -r "$wanted" ||
        die "the packages of $wanted could not be installed"
    cp "$wanted" "$venv/requirements.txt"
}

media=$PWD/build/media

# Unpack a Debian package into build/media; nothing is installed, no dependency comes along.
unpack_package() {
    local package=$1 folder=$media/$1
    [ -f "$folder/.complete" ] && return
    say "fetching $package"
    rm -rf "$folder"
    mkdir -p "$folder"
    ( cd "$folder" && download "$package" && dpkg-deb -x ./*.deb . && rm -f ./*.deb ) ||
        die "$package could not be fetched"
    touch "$folder/.complete"
}

# The sandbox user of apt cannot write into our folder, hence root does the download.
download() {
    local get=(apt-get -qq -o APT::Sandbox::User=root download)
    "${get[@]}" "$1" 2>/dev/null || { apt-get -qq update && "${get[@]}" "$1"; }
}

# demo_content : photos and music from Debian packages, and how the demo shows them: demo_render holds
# the arguments of hydra-cli render.
demo_content() {
    unpack_package lomiri-wallpapers-16.04
    unpack_package asc-music
    local photos=$media/lomiri-wallpapers-16.04/usr/share/backgrounds
    # shellcheck disable=SC2034
    demo_render=(
        "$photos/aitzgorri_by_Aitzol_Berasategi.jpg"
        "$photos/life_by_Aitzol_Berasategi.jpg"
        "$photos/friends_by_Aitzol_Berasategi.jpg"
        "$photos/Dragonfly_by_Bolly.jpg"
        "$photos/picosdeeuropa_by_Aitzol_Berasategi.jpg"
        "$photos/Wine_by_Jakkub_Mede.jpg"
        "$photos/Picture_0B_by_freespace.jpg"
        "$photos/sunset_by_Aitzol_Berasategi.jpg"
        --duration 20 --motion "zoom-in,pan-left,zoom-out,pan-up,zoom-in,pan-right,zoom-out,pan-down"
        --transition crossfade --transition-duration 0.8
        --music "$media/asc-music/usr/share/games/asc/music/frontiers.mp3"
        --fade-in 0.5 --fade-out 2
    )
}
