#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What a packager and an embedder do: install into a staging folder, move it, then build a program
# with nothing but pkg-config, once against the shared library and once against libhydra.a.
#
#   run.sh BUILD_FOLDER        (configured with -Dpkgconfig.relocatable=true)
set -euo pipefail
build=$(realpath "$1")
source=$(realpath "$(dirname "$0")/../../examples/c/minimal.c")
media=$(realpath "$(dirname "$0")/../support/media.py")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

DESTDIR=$work/stage meson install -C "$build" --no-rebuild --quiet
# One prefix folder, wherever the build was told it would be.
prefix=$(meson introspect "$build" --buildoptions |
    python3 -c 'import json, sys
print(next(o["value"] for o in json.load(sys.stdin) if o["name"] == "prefix"))')
mv "$work/stage$prefix" "$work/moved here"

cd "$work"
ln -s "moved here" moved
pc=$(find moved/ -name hydra.pc)
export PKG_CONFIG_PATH=$work/${pc%/hydra.pc}
library=${PKG_CONFIG_PATH%/pkgconfig}
python3 "$media" photo.png music.wav

# A program's folder holds nothing of this project.
mkdir shared static
read -ra flags <<<"$(pkg-config --cflags --libs hydra)"
gcc -std=c11 -Wall -Wextra -Werror "$source" -o shared/minimal "${flags[@]}"
readelf -d shared/minimal | grep -q 'NEEDED.*libhydra\.so\.' || { echo "not linked to the soname"; exit 1; }
if readelf -d shared/minimal | grep -E 'NEEDED.*lib(av|sw)'; then
    echo "a program that embeds libhydra must not need FFmpeg itself"
    exit 1
fi
LD_LIBRARY_PATH=$library ./shared/minimal shared/out.mp4 music.wav photo.png photo.png

read -ra flags <<<"$(pkg-config --cflags --libs hydra-static)"
gcc -std=c11 -Wall -Wextra -Werror "$source" -o static/minimal "${flags[@]}"
if readelf -d static/minimal | grep 'NEEDED.*libhydra'; then
    echo "linked to the shared library"
    exit 1
fi
./static/minimal static/out.mp4 music.wav photo.png photo.png

LD_LIBRARY_PATH=$library "moved here/bin/hydra-cli" --version
LD_LIBRARY_PATH=$library "moved here/bin/hydra-cli" probe
for made in shared static; do
    [ "$(head -c 8 $made/out.mp4 | tail -c 4)" = ftyp ] || { echo "$made/out.mp4 is no MP4"; exit 1; }
done
echo "installed, moved, linked both ways"
