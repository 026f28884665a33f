#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests of the bench itself: parsing, ratios, tables, timeline, process trees. Nothing is timed."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import check_video
import report
from cases_render import checkasm_lines
from content import HERE
from job import Job, Photo, load, save, zoom
from measure import Command, Figures, TreeSampler, children, medians, pss_kb, run, tree
from results import Ratio, Result, from_json, number, text

CHECKASM = """\
frame 1080x1920, CPU ms                          C      AVX2   AVX-512
zooming                                      10.50      1.25      0.75
crossfade of two zooming                     26.80      2.50      1.50
copy of the picture                           0.25
swscale bicubic                               5.00
zooming / swscale                            2.100     0.250     0.150

asset, CPU ms                                    C      AVX2   AVX-512
3456x5184 (18 MP)                            99.00     50.00     40.00
"""


def job(**changes: object) -> Job:
    """Three photos, 4 s."""
    photos = tuple(Photo(f"{i}.jpg", 3000, 2000) for i in range(3))
    fields: dict = {
        "photos": photos, "music": "m.mp3", "width": 108, "height": 192, "fps": 30, "seconds": 4.0,
        "threads": 2,
    }  # fmt: skip
    return Job(**(fields | changes))


class Timeline(unittest.TestCase):
    """What the rivals are told."""

    def test_shares_fill_the_video(self) -> None:
        """The last photo ends with the video."""
        for count, seconds in ((2, 4.125), (3, 4.0), (8, 15.0)):
            j = job(photos=job().photos[:1] * count, seconds=seconds)
            self.assertAlmostEqual(j.start_s(count - 1) + j.share_s, seconds)

    def test_zoom(self) -> None:
        """From 1 to 1.05, even in the middle, and no further."""
        values = [zoom(t, 2.0) for t in (-1, 0, 1, 2, 3)]
        for value, wanted in zip(values, (1, 1, 1.025, 1.05, 1.05)):
            self.assertAlmostEqual(value, wanted)

    def test_cover(self) -> None:
        """No side is shorter than the canvas'."""
        self.assertEqual(job().cover(Photo("", 3000, 2000)), (288.0, 192.0))
        self.assertEqual(job().cover(Photo("", 100, 400)), (108.0, 432.0))

    def test_job_file(self) -> None:
        """What is written is read."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "job.json"
            save(job(), path)
            self.assertEqual(load(path), job())


class Numbers(unittest.TestCase):
    """Medians, ratios, texts."""

    def test_medians(self) -> None:
        """Each figure on its own."""
        runs = [Figures(3, 1, 10), Figures(1, 2, 30), Figures(2, 9, 20)]
        self.assertEqual(medians(runs), Figures(2, 2, 20))

    def test_goals(self) -> None:
        """At the limit it is met."""
        cases = {"<= 1.05": (1.05, 1.06), ">= 5": (5.0, 4.99)}
        for goal, (good, bad) in cases.items():
            self.assertTrue(Ratio("", good, goal).met)
            self.assertFalse(Ratio("", bad, goal).met)
        self.assertIsNone(Ratio("", 1.0).met)

    def test_number(self) -> None:
        """Three digits that count."""
        cases = {0.0312: "0.0312", 0.5: "0.500", 5.123: "5.12", 98.76: "98.8", 1234.5: "1234"}
        for value, wanted in cases.items():
            self.assertEqual(number(value), wanted)
        self.assertEqual(number(0.0), "0.00")
        self.assertEqual(number(-54.84), "-54.8")

    def test_result_survives_json(self) -> None:
        """What was kept is what was found."""
        result = Result("a title", {"row": {"wall_s": 1.5, "ms": 2.0}}, notes=["a note"])
        result.ratio("r", 3, 2, "<= 2")
        result.ratio("nothing below", 3, 0)
        self.assertEqual(from_json(json.loads(json.dumps(result.to_json()))), result)
        self.assertIn("≤ 2: met", text("case", result))

    def test_checkasm(self) -> None:
        """Only the table of frames, by level."""
        lines = checkasm_lines(CHECKASM)
        self.assertEqual(lines["zooming"], {"C": 10.5, "AVX2": 1.25, "AVX-512": 0.75})
        self.assertEqual(lines["swscale bicubic"], {"": 5.0})
        self.assertEqual(lines["copy of the picture"], {"": 0.25})
        self.assertNotIn("3456x5184 (18 MP)", lines)
        self.assertNotIn("zooming / swscale", lines)
        self.assertEqual(checkasm_lines("frame 1080x1920, still   0.25 ms\n"), {})


class Tables(unittest.TestCase):
    """docs/performance.md."""

    def test_place(self) -> None:
        """Between its marks, and nowhere else."""
        page = "a\n<!-- x -->\nold\n<!-- /x -->\nb <!-- y -->\n<!-- /y -->\n"
        self.assertEqual(report.place(page, {"x": "new \\1"}), page.replace("old", "new \\1"))
        with self.assertRaises(ValueError):
            report.place(page, {"z": ""})

    def test_the_document_has_all_places(self) -> None:
        """Every case can be shown."""
        from bench import CASES

        page = (HERE / "../../docs/performance.md").read_text(encoding="utf-8")
        for name in ("machine", "missed", *CASES):
            self.assertEqual(page.count(f"<!-- {name} -->\n"), 1, name)
            self.assertEqual(page.count(f"<!-- /{name} -->\n"), 1, name)

    def test_missed(self) -> None:
        """From the tables of all cases, whenever they were renewed; not from the list itself."""
        row = "| CPU: a / b | 1.20 | ≤ 1: missed |\n"
        page = f"<!-- missed -->\n{row}<!-- /missed -->\n<!-- floor -->\n{row}<!-- /floor -->\n"
        found = report.missed(page)
        self.assertTrue(found.endswith("| [floor](#floor): CPU: a / b | 1.20 | ≤ 1 |"))
        self.assertEqual(found.count("CPU: a / b"), 1)
        self.assertEqual(report.missed(page.replace("missed |", "met |")), "All goals were met.")

    def test_case(self) -> None:
        """Figures that a row does not have are left out."""
        result = Result("two rows", {"a": {"wall_s": 1}, "b": {"ms": 2}})
        self.assertIn("| a | 1.00 |  |\n| b |  | 2.00 |", report.case_text(result))


class Checks(unittest.TestCase):
    """Videos that are not what was asked for."""

    def streams(self, **changes: object) -> list[dict]:
        """As ffprobe tells of a right one."""
        video = {
            "codec_type": "video", "nb_read_packets": "120", "width": 108, "height": 192,
            "codec_name": "h264", "pix_fmt": "yuv420p", "avg_frame_rate": "30/1",
        }  # fmt: skip
        return [video | changes, {"codec_type": "audio", "duration": "4.01"}]

    def test_streams(self) -> None:
        """Each difference is one problem."""
        self.assertEqual(check_video.stream_problems(self.streams(), job()), [])
        for change in ({"nb_read_packets": "119"}, {"width": 110}, {"avg_frame_rate": "25/1"}):
            self.assertEqual(len(check_video.stream_problems(self.streams(**change), job())), 1)
        self.assertTrue(check_video.stream_problems(self.streams()[:1], job()))
        short = [self.streams()[0], {"codec_type": "audio", "duration": "3.0"}]
        self.assertTrue(check_video.stream_problems(short, job()))

    def test_borders(self) -> None:
        """One line is enough."""
        width, height = 8, 6
        picture = bytearray([120] * (width * height))
        self.assertEqual(check_video.black_borders(bytes(picture), width, height), [])
        picture[width - 1 :: width] = bytes([16] * height)
        self.assertEqual(check_video.black_borders(bytes(picture), width, height), ["right"])

    def test_difference(self) -> None:
        """In grey levels."""
        self.assertEqual(check_video.difference(bytes([1, 5]), bytes([3, 5])), 1.0)


class Processes(unittest.TestCase):
    """The sampler, on a folder that looks like /proc and on real processes."""

    def test_tree_of_a_made_up_proc(self) -> None:
        """Children of all threads, and theirs; sizes summed up; those that are gone are nothing."""
        with tempfile.TemporaryDirectory() as folder:
            proc = Path(folder)
            for pid, thread, below, size in ((1, 1, "2", 100), (1, 7, "3 9", 0), (2, 2, "", 20),
                                             (3, 3, "4", 30), (4, 4, "", 4)):  # fmt: skip
                (proc / f"{pid}/task/{thread}").mkdir(parents=True)
                (proc / f"{pid}/task/{thread}/children").write_text(below)
                if pid == thread:
                    lines = f"Rss: 999 kB\nPss:  {size} kB\nPss_Anon: 1 kB\n"
                    (proc / f"{pid}/smaps_rollup").write_text(lines)
            self.assertEqual(sorted(tree(1, proc)), [1, 2, 3, 4, 9])
            self.assertEqual(pss_kb(9, proc), 0)
            sampler = TreeSampler(1, proc)
            sampler.sample()
            self.assertEqual(sampler.peak_kb, 154)

    def test_a_lone_process_is_not_summed_up(self) -> None:
        """The kernel keeps its peak."""
        with tempfile.TemporaryDirectory() as folder:
            sampler = TreeSampler(1, Path(folder))
            sampler.sample()
            self.assertEqual((sampler.peak_kb, sampler.most_processes), (0, 1))

    def test_real_children(self) -> None:
        """Of a shell that waits for its child."""
        with subprocess.Popen(["sh", "-c", "cat; true"], stdin=subprocess.PIPE) as shell:
            assert shell.stdin
            while not (below := children(shell.pid)):
                pass
            self.assertEqual(tree(shell.pid), [shell.pid, *below])
            self.assertGreater(pss_kb(shell.pid), 0)
            shell.stdin.close()

    def test_run(self) -> None:
        """CPU time of children counts, and a process is at least as large as what it holds."""
        work = "sum(range(3000000)); x = bytearray(64 << 20)"
        child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{work}'])"
        figures = run(Command([sys.executable, "-c", child], discard=True))
        self.assertGreater(figures.cpu_s, 0.0)
        self.assertGreater(figures.peak_mb, 64)

    def test_a_failed_command_ends_the_bench(self) -> None:
        """Its figures are worth nothing."""
        with self.assertRaises(SystemExit):
            run(["sh", "-c", "exit 3"])


if __name__ == "__main__":
    tests = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    outcome = unittest.TextTestRunner(stream=sys.stdout, verbosity=1).run(tests)
    failed = len(outcome.failures) + len(outcome.errors)
    print(f"{outcome.testsRun - failed} passed, {failed} failed")
    sys.exit(1 if failed or not outcome.testsRun else 0)
