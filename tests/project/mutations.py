# SPDX-License-Identifier: MIT
"""Documents around what is right: each rule of the schema met and just missed, and random changes
of values, which mostly stay JSON, and of bytes."""

import copy
import json
import math
import random

# A string of this form becomes the text inside, for what json.dumps does not write.
RAW = "@raw:{}@"

LIMITS = [0, 1, 2, 4, 24, -60, 32, 320, 50, 500000, 51, 60, 64, 4096, 120, 128, 3600, 36000,
          1000000000, 0.000001, 2.2250738585072014e-308, 0.5]
NUMBERS = [*LIMITS, *(-limit for limit in LIMITS), *(limit + 1 for limit in LIMITS),
           *(math.nextafter(limit, math.inf) for limit in LIMITS),
           *(math.nextafter(limit, -math.inf) for limit in LIMITS),
           *(float(limit) for limit in LIMITS), 65, 66, 66.5, 1080, 1920, 29.97, 0.1 + 0.2, 1 / 3,
           2**53 + 1, 2**63 - 1, 2**63, -2**63 - 1, 10**40, 1.7976931348623157e308, 5e-324, -0.0,
           -1]
RAW_TEXTS = ["1e400", "-1e400", "1e-400", "-0", "-0.0", "1E2", "3e+1", "3.0e1", "30.0", "01", "1.",
             ".5", "+1", "0x10", "NaN", "Infinity", "-Infinity", "nul", "True", "'a'",
             r'"\u0000"', r'"\ud800"', r'"\ud83d\ude00"', r'"\u0061uto"', r'"\x41"', "1e1000000",
             "123456789012345678901234567890.5"]
WORDS = ["auto", "blur", "9:16", "16:9", "1:1", "4:5", "cover", "contain", "fill", "center",
         "top left", "left top", "center center", "bottom", "none", "zoom-in", "zoom-out",
         "pan-left", "pan-right", "pan-up", "pan-down", "rect", "linear", "smoothstep", "ease-in",
         "ease-out", "ease-in-out", "cut", "crossfade", "overlap", "hold", "silence", "loop",
         "x264", "raw", "draft", "default", "quality", "best", "wait", "fail", "fragmented",
         "buffered", "fast"]
MISTAKES = ["", " ", "Cover", "coverr", "top top", "center  center", "left right", "zoom_in",
            "ease", "cut ", "auto\n", "h264", "1", "null"]
COLORS = ["#000000", "#FFFFFF", "#1e90Ff", "#12345", "#1234567", "#12345g", "123456", "red",
          "#123456\n", "\n#123456", "#\u0661\u0662\u0663\u0664\u0665\u0666"]
RATES = ["30000/1001", "24000/1001", "1/1", "999/13", "999999/1", "120120/1001", "30/1002",
         "1000000/1", "0/1", "30/0", "30/01", "030/1", "30", "30/", "/1", "30/1\n", "30 /1",
         "-30/1", "30/1001/1", "30/1000", "30/999", "30/1003", "30/1010", "\u0663/\u0661"]
SOURCES = ["a.jpg", "/a/b c.jpg", "../a", "caf\u00e9.jpg", "a\u0001b", "\n", "a:b", "C:/a", "C:",
           "x://", "http://a/b", "HTTP://a", "s3://a/b", "a+b-c.d://e", "+a://b", "1a://b", "://a",
           "file:", "file:a", "FILE:a.jpg", "file:/", "file://", "file:///", "file:///a%20b",
           "file://localhost/a", "file://LocalHost/a", "file://localhost", "file://localhosts/a",
           "file://host/a", "file:////a", "file:/a//b", "file:%", "file:%2", "file:%2g", "file:%00",
           "file:%0a", "file:a%00b", "file:/a%c3%a9", "file:a\n", "file:a%41\n", "file:%41",
           "file:a\nb", "file:///a\nb%20", "a://b", "a\n://b", "file :a", "%00", "\U0001f600.jpg"]
STRINGS = WORDS + MISTAKES + COLORS + RATES + SOURCES
KEYS = ["hydra", "$schema", "canvas", "fps", "background", "duration", "images", "transition",
        "audio", "output", "preset", "width", "height", "src", "fit", "position", "backdrop",
        "motion", "type", "amount", "easing", "start", "end", "x", "y", "mode", "gain_db",
        "fade_in", "fade_out", "when_short", "encoder", "codec", "profile", "crf", "bitrate_kbps",
        "audio_bitrate_kbps",
        "threads", "deadline", "when_busy", "in_order", "when_exists", "", "Hydra", "fitt", "a/b~c",
        "\u00e9"]


# What an object needs beside a key to be right.
COMPANIONS = {"hydra": 1, "src": "a.jpg", "type": "none", "width": 64, "height": 64}


def around(low, high):
    """Both ends, a little and a whole step to each side of them, and something between."""
    for end in (low, high):
        yield from (end, math.nextafter(end, -math.inf), math.nextafter(end, math.inf))
        yield from (end - 1, end + 1, end + 2, float(end))
    yield from ((low + high) / 2, (low + high) // 2, -0.0)


def edges(schema, root=None, wrap=lambda value: value):
    """A document for each end of each range, each word and each key of the schema."""
    root = root or schema
    if "$ref" in schema:
        yield from edges(root["$defs"][schema["$ref"].rpartition("/")[2]], root, wrap)
    for part in schema.get("anyOf", []):
        yield from edges(part, root, wrap)
    for word in [*schema.get("enum", []), *([schema["const"]] if "const" in schema else [])]:
        yield from (wrap(word), wrap(f"{word} "), wrap(str(word).upper()), wrap(str(word)[:-1]))
    if "minimum" in schema:
        yield from (wrap(value) for value in around(schema["minimum"], schema["maximum"]))
    if "items" in schema:
        yield from edges(schema["items"], root, lambda value: wrap([value]))
    keys = schema.get("properties", {})
    needed = [*schema.get("required", []), *schema.get("dependentRequired", {})]
    for key, part in keys.items():
        def inner(value, key=key):
            beside = [name for name in needed if key != "preset" or name not in ("width", "height")]
            # A transition has no type "none".
            given = {name: COMPANIONS[name] for name in beside}
            if "mode" in keys:
                given["type"] = "crossfade"
            return wrap({**given, key: value})
        for value in (None, True, [], {}, "", RAW.format("1e400")):
            yield inner(value)
        yield from edges(part, root, inner)


def containers(value, found=None):
    """All objects and arrays in a value, itself first."""
    found = [] if found is None else found
    if isinstance(value, (dict, list)):
        found.append(value)
        for child in value.values() if isinstance(value, dict) else value:
            containers(child, found)
    return found


def all_values(documents):
    found = []
    for document in documents:
        for container in containers(document):
            found.extend(container.values() if isinstance(container, dict) else container)
    return found


def random_value(rng, documents):
    kind = rng.randrange(8)
    if kind < 2:
        return rng.choice(NUMBERS)
    if kind < 4:
        return rng.choice(STRINGS)
    if kind == 4:
        return RAW.format(rng.choice(RAW_TEXTS))
    if kind == 5:
        return rng.choice([None, True, False, [], {}, [[]], [1], {"src": "a"}, {"type": "cut"}])
    # Something that is right elsewhere.
    return copy.deepcopy(rng.choice(all_values(documents)))


def similar_value(rng, value):
    """Of the same type, so that it often is right."""
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, (int, float)):
        return rng.choice([*NUMBERS, value * 2, value / 2, value + 1, value - 1, float(value)])
    if isinstance(value, str):
        return rng.choice(STRINGS)
    return copy.deepcopy(value)


def sibling_of(rng, documents, container, key):
    """What the same key holds in another place, with keys beside it like these."""
    found = [c[key] for d in documents for c in containers(d) if isinstance(c, dict) and key in c]
    return copy.deepcopy(rng.choice(found)) if found else container.get(key)


def change(rng, documents, root):
    container = rng.choice(containers(root))
    kind = rng.randrange(10)
    places = list(container) if isinstance(container, dict) else list(range(len(container)))
    if kind == 0 and places:
        del container[rng.choice(places)]
    elif kind <= 3 and isinstance(container, dict):
        key = rng.choice(KEYS)
        container[key] = sibling_of(rng, documents, container, key)
    elif kind <= 3:
        container.insert(rng.randrange(len(container) + 1), random_value(rng, documents))
    elif places:
        place = rng.choice(places)
        new = random_value(rng, documents) if kind == 4 else similar_value(rng, container[place])
        container[place] = new


def dumped(value) -> bytes:
    text = json.dumps(value, ensure_ascii=False)
    while '"@raw:' in text:
        before, _, rest = text.partition('"@raw:')
        raw, _, after = rest.partition('@"')
        text = before + json.loads(f'"{raw}"') + after
    return text.encode(errors="surrogatepass")


def mutate_value(rng: random.Random, documents: list) -> bytes:
    root = copy.deepcopy(rng.choice(documents))
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        change(rng, documents, root)
    return dumped(root)


def mutate_text(rng: random.Random, documents: list[bytes]) -> bytes:
    text = bytearray(rng.choice(documents))
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        at = rng.randrange(len(text) + 1)
        kind = rng.randrange(6)
        if kind == 0:
            del text[at:at + rng.choice([1, 1, 2, 8])]
        elif kind == 1:
            text[at:at] = bytes([rng.randrange(256)])
        elif kind == 2:
            text[at:at + 1] = rng.choice(b'0123456789.eE+-"[]{},:\\ \n\tabnrtu/').to_bytes(1, "big")
        elif kind == 3:
            # White space between tokens changes nothing, within them it does.
            text[at:at] = rng.choice([b" ", b"\n", b"\r\n", b"\t", b"\v", b"\xc2\xa0",
                                      b"\xef\xbb\xbf"])
        elif kind == 4:
            source = rng.choice(documents)
            begin = rng.randrange(len(source))
            text[at:at] = source[begin:begin + rng.randrange(12)]
        else:
            digits = [i for i, byte in enumerate(text) if chr(byte).isdigit()]
            if digits:
                text[rng.choice(digits)] = rng.choice(b"0123456789")
    return bytes(text)
