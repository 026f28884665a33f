# SPDX-License-Identifier: MIT
"""Small photos and sounds for tests, made with the standard library alone.

    media.py PHOTO.png MUSIC.wav      writes one of each
"""

import math
import struct
import sys
import wave
import zlib
from pathlib import Path


def png_chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def png(width: int = 320, height: int = 240, tint: int = 0) -> bytes:
    """A colour gradient with stripes: no two neighbouring regions look the same."""
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            stripe = 40 if (x // 16 + y // 16) % 2 else 0
            rows += bytes(((x * 200 // width + stripe) & 255, (y * 200 // height) & 255, tint & 255))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header)
            + png_chunk(b"IDAT", zlib.compress(bytes(rows), 1)) + png_chunk(b"IEND", b""))


def write_wav(path: Path, seconds: float = 3.0, rate: int = 44100, pitch_hz: float = 440.0) -> None:
    """A quiet stereo sine."""
    samples = bytearray()
    for n in range(round(seconds * rate)):
        value = round(6000 * math.sin(2 * math.pi * pitch_hz * n / rate))
        samples += struct.pack("<hh", value, value)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(bytes(samples))


def boxes(data: bytes) -> list[tuple[str, int, int]]:
    """Top-level boxes of an MP4: name, offset, size."""
    found = []
    offset = 0
    while offset + 8 <= len(data):
        size, name = struct.unpack_from(">I4s", data, offset)
        if size == 1:
            size = struct.unpack_from(">Q", data, offset + 8)[0]
        elif size == 0:
            size = len(data) - offset
        if size < 8:
            raise ValueError(f"box at {offset} of {size} bytes")
        found.append((name.decode("latin-1"), offset, size))
        offset += size
    if offset != len(data):
        raise ValueError("the last box does not end at the end of the file")
    return found


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(png())
    write_wav(Path(sys.argv[2]))
