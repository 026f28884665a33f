# SPDX-License-Identifier: MIT
"""What the sweep found: medians against `fast` at crf 20 as a table, and the Pareto front as SVG."""
from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from sweep_settings import LABELS, REFERENCE, SLOPE

METRICS = ("vmaf", "xpsnr", "ssim")

Rows = dict[tuple[str, str], dict]


@dataclass
class Summary:
    """One setting over all clips: ratios and differences to the reference."""

    label: str  # "" without a name
    setting: str
    clips: int
    cpu: float
    bits: float
    rss_mb: float
    difference: dict[str, float]
    worst_vmaf: tuple[float, str]
    # Bits, as a ratio, that it would take for the reference's quality by each metric.
    equal_bits: dict[str, float]


def slopes(rows: Rows, clip: str) -> dict[str, float]:
    """What each metric gains on this clip when the bits double, from two values of crf."""
    fine, coarse = (rows.get((clip, setting.text())) for setting in SLOPE)
    if not fine or not coarse:
        return {}
    doublings = math.log2(fine["size"] / coarse["size"])
    return {m: (fine[m] - coarse[m]) / doublings for m in METRICS}


def equal_bits(row: dict, reference: dict, slope: dict[str, float], metric: str) -> float:
    """Its ratio of bits, moved along the clip's slope to where the metric equals the reference's.
    Where more bits bring next to nothing (a flat slope) the move is bounded."""
    if not slope:
        return math.nan
    doublings = (reference[metric] - row[metric]) / max(slope[metric], 0.3)
    return row["size"] / reference["size"] * 2 ** max(-1.5, min(1.5, doublings))


def summarise(rows: Rows, setting: str, clips: list[str], read_s: float) -> Summary:
    """Medians of one setting. `read_s` of each CPU time went into reading the clip."""
    pairs = [(rows[clip, setting], rows[clip, REFERENCE.text()], clip) for clip in clips]
    return Summary(
        LABELS.get(setting, ""),
        setting,
        len(clips),
        median((a["cpu_s"] - read_s) / (b["cpu_s"] - read_s) for a, b, _ in pairs),
        median(a["size"] / b["size"] for a, b, _ in pairs),
        median(a["rss_mb"] for a, _, _ in pairs),
        {m: median(a[m] - b[m] for a, b, _ in pairs) for m in METRICS},
        min((a["vmaf"] - b["vmaf"], clip) for a, b, clip in pairs),
        {m: median(equal_bits(a, b, slopes(rows, clip), m) for a, b, clip in pairs)
         for m in METRICS},
    )  # fmt: skip


def report(found: list[dict], svg: Path | None, read_s: float) -> None:
    """Print the table of all settings that every clip was measured with; draw them."""
    rows: Rows = {(row["clip"], row["setting"]): row for row in found}
    clips = sorted({clip for clip, setting in rows if setting == REFERENCE.text()})
    settings = dict.fromkeys(setting for _, setting in rows)
    full = [s for s in settings if all((clip, s) in rows for clip in clips)]
    summaries = sorted((summarise(rows, s, clips, read_s) for s in full), key=lambda s: s.cpu)
    print(f"Medians over {len(clips)} clips against {REFERENCE.text()}; "
          "bits= are those of equal VMAF, XPSNR, SSIM.\n")  # fmt: skip
    print("| setting | CPU | bits | VMAF | XPSNR dB | SSIM dB | worst VMAF | MB | bits= |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | --- | ---: | --- |")
    for s in summaries:
        equal = " ".join(f"{s.equal_bits[m]:.2f}" for m in METRICS)
        print(f"| {s.label or s.setting} | {s.cpu:.3f} | {s.bits:.2f} | {s.difference['vmaf']:+.2f} "
              f"| {s.difference['xpsnr']:+.2f} | {s.difference['ssim']:+.2f} "
              f"| {s.worst_vmaf[0]:+.2f} {s.worst_vmaf[1]} | {s.rss_mb:.0f} | {equal} |")  # fmt: skip
    for s in summaries:
        if s.label in ("draft", "default", "quality", "best"):
            print(f"\n{s.label}: {s.setting}\n")
            print_clips(rows, s.setting, clips)
    if svg:
        svg.write_text(draw(summaries), encoding="utf-8")


def print_clips(rows: Rows, setting: str, clips: list[str]) -> None:
    """One setting, clip by clip."""
    print("| clip | CPU | bits | VMAF | XPSNR dB | SSIM dB |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for clip in clips:
        a, b = rows[clip, setting], rows[clip, REFERENCE.text()]
        print(f"| {clip} | {a['cpu_s'] / b['cpu_s']:.3f} | {a['size'] / b['size']:.2f} | "
              + " | ".join(f"{a[m] - b[m]:+.2f}" for m in METRICS) + " |")  # fmt: skip


# ---- The plot ----

PANEL_W, PANEL_H = 300, 300
LEFT, TOP, GAP, BOTTOM = 66, 76, 26, 96
X_RANGE = (0.13, 1.5)
Y_RANGE = (0.7, 2.0)
X_TICKS = (0.15, 0.2, 0.3, 0.5, 0.7, 1, 1.4)
Y_TICKS = (0.7, 0.8, 0.9, 1, 1.2, 1.4, 1.7, 2)
TITLES = {"vmaf": "equal VMAF", "xpsnr": "equal XPSNR", "ssim": "equal SSIM"}
INK, MUTED, GRID, FRONT, OURS = "#1f2933", "#7b8794", "#e4e7eb", "#2b6cb0", "#dd6b20"
PROFILES = ("draft", "default", "quality", "best")


def scale(value: float, span: tuple[float, float], length: float) -> float:
    """Position on a logarithmic axis."""
    low, high = (math.log(v) for v in span)
    return (math.log(value) - low) / (high - low) * length


def text(x: float, y: float, words: str, extra: str = "") -> str:
    """An SVG text element."""
    return f'<text x="{x:.1f}" y="{y:.1f}" {extra}>{words}</text>'


def axes(metric: str, first: bool) -> list[str]:
    """Frame, grid and numbers of one panel, whose corner is 0, 0."""
    out = [text(PANEL_W / 2, -12, TITLES[metric], 'class="title" text-anchor="middle"')]
    for tick in X_TICKS:
        x = scale(tick, X_RANGE, PANEL_W)
        out.append(f'<line x1="{x:.1f}" y1="0" x2="{x:.1f}" y2="{PANEL_H}" class="grid"/>')
        out.append(text(x, PANEL_H + 16, f"{tick:g}", 'class="tick" text-anchor="middle"'))
    for tick in Y_TICKS:
        y = PANEL_H - scale(tick, Y_RANGE, PANEL_H)
        strong = " one" if tick == 1 else ""
        out.append(f'<line x1="0" y1="{y:.1f}" x2="{PANEL_W}" y2="{y:.1f}" class="grid{strong}"/>')
        if first:
            out.append(text(-8, y + 4, f"{tick:g}", 'class="tick" text-anchor="end"'))
    out.append(f'<rect width="{PANEL_W}" height="{PANEL_H}" class="frame"/>')
    return out


def front(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Those that no other one beats in both."""
    best: list[tuple[float, float]] = []
    for x, y in sorted(points):
        if not best or y < best[-1][1]:
            best.append((x, y))
    return best


def marks(summaries: list[Summary], metric: str) -> list[str]:
    """The front and the settings of one panel."""
    def place(s: Summary) -> tuple[float, float]:
        bits = min(max(s.equal_bits[metric], Y_RANGE[0]), Y_RANGE[1])
        cpu = min(max(s.cpu, X_RANGE[0]), X_RANGE[1])
        return scale(cpu, X_RANGE, PANEL_W), PANEL_H - scale(bits, Y_RANGE, PANEL_H)

    points = [(s, *place(s)) for s in summaries if not math.isnan(s.equal_bits[metric])]
    line = front([(x, PANEL_H - y) for _, x, y in points])
    path = " ".join(f"{x:.1f},{PANEL_H - y:.1f}" for x, y in line)
    out = [f'<polyline points="{path}" class="front"/>']
    for s, x, y in points:
        if s.label in PROFILES:
            out.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" class="ours"/>')
            out.append(text(x + 9, y - 7, s.label, 'class="name ours-name"'))
        elif s.label:
            out.append(f'<rect x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8" class="preset"/>')
            out.append(text(x + 7, y + 13, s.label, 'class="name"'))
        else:
            out.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6" class="other"/>')
    return out


def legend(y: float) -> list[str]:
    """What the marks mean."""
    return [
        f'<circle cx="{LEFT + 6}" cy="{y}" r="6" class="ours"/>',
        text(LEFT + 18, y + 4, "profiles of the library", 'class="name"'),
        f'<rect x="{LEFT + 176}" y="{y - 4}" width="8" height="8" class="preset"/>',
        text(LEFT + 190, y + 4, "presets of x264, crf 20", 'class="name"'),
        f'<circle cx="{LEFT + 350}" cy="{y}" r="2.6" class="other"/>',
        text(LEFT + 359, y + 4, "other settings of the sweep", 'class="name"'),
        f'<line x1="{LEFT + 540}" y1="{y}" x2="{LEFT + 568}" y2="{y}" class="front"/>',
        text(LEFT + 576, y + 4, "Pareto front: nothing measured is both faster and smaller",
             'class="name"'),
    ]  # fmt: skip


STYLE = f"""
text {{ font: 12px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: {INK}; }}
.head {{ font-size: 16px; font-weight: 600; }} .title {{ font-size: 13px; font-weight: 600; }}
.tick, .axis {{ fill: {MUTED}; }} .tick {{ font-size: 10.5px; }} .name {{ font-size: 11.5px; }}
.ours-name {{ fill: {OURS}; font-weight: 600; }}
.grid {{ stroke: {GRID}; }} .grid.one {{ stroke: {MUTED}; stroke-dasharray: 4 3; }}
.frame {{ fill: none; stroke: {MUTED}; }}
.front {{ fill: none; stroke: {FRONT}; stroke-width: 1.6; }}
.ours {{ fill: {OURS}; stroke: #ffffff; stroke-width: 1.5; }}
.preset {{ fill: #ffffff; stroke: {INK}; stroke-width: 1.4; }} .other {{ fill: {MUTED}; }}
"""


def draw(summaries: list[Summary]) -> str:
    """Three panels side by side, one for each metric."""
    width = LEFT + 3 * PANEL_W + 2 * GAP + 20
    height = TOP + PANEL_H + BOTTOM
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="Bits for equal quality over CPU time">',
        f"<style>{STYLE}</style>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        text(LEFT, 28, "Bits for the quality of x264 fast, crf 20, over CPU time: lower left is better",
             'class="head"'),
        text(LEFT + (3 * PANEL_W + 2 * GAP) / 2, TOP + PANEL_H + 40,
             "CPU time, fast = 1 (logarithmic)", 'class="axis" text-anchor="middle"'),
        text(0, 0, "size at equal quality, fast = 1",
             f'class="axis" text-anchor="middle" '
             f'transform="translate(22 {TOP + PANEL_H / 2}) rotate(-90)"'),
    ]  # fmt: skip
    for i, metric in enumerate(METRICS):
        x = LEFT + i * (PANEL_W + GAP)
        body = axes(metric, i == 0) + marks(summaries, metric)
        out += [f'<g transform="translate({x} {TOP})">', *body, "</g>"]
    return "\n".join([*out, *legend(TOP + PANEL_H + 72), "</svg>", ""])
