#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests of the bench itself: parsing, ratios, tables, timeline, process trees, lines to servers.
Nothing is timed."""

from __future__ import annotations

import hashlib
import json
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

import cases_gpu
import cases_upload
import check_video
import report
from cases_render import checkasm_lines
from content import HERE, Bench
from job import Job, Photo, load, save, zoom
from measure import (
    Command, Figures, TreeSampler, alternate, children, medians, pss_kb, run, tree,
)  # fmt: skip
from results import Ratio, Result, from_json, number, text
from slow_line import SlowLine
from store import etag_of

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


class Gpu(unittest.TestCase):
    """How fast frames go."""

    def test_speed(self) -> None:
        """From frame 60 to when the last one was first seen."""
        seen = [(0.0, 1), (1.0, 59), (1.5, 90), (2.5, 190), (3.5, 290), (9.0, 290)]
        self.assertAlmostEqual(cases_gpu.speed(seen), 100.0)

    def test_job(self) -> None:
        """A minute of photos, three seconds each."""
        bench = Bench(Path("b"), "python", job(), Path("f"), 1, False)
        made = cases_gpu.job_of(bench)
        self.assertEqual((len(made.photos), made.frames), (20, 1800))


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

    def test_our_own_peak_is_not_theirs(self) -> None:
        """What the bench once held is not counted."""
        held = bytearray(300 << 20)
        del held
        self.assertLess(run(["true"]).peak_mb, 200)

    def test_a_failed_command_ends_the_bench(self) -> None:
        """Its figures are worth nothing."""
        with self.assertRaises(SystemExit):
            run(["sh", "-c", "exit 3"])

    def test_after_each_run(self) -> None:
        """Once for every command and turn, `after` only in the first."""
        first: list[str] = []
        every: list[str] = []
        alternate({"a": ["true"], "b": ["true"]}, 2, first.append, every.append)
        self.assertEqual((first, every), (["a", "b"], ["a", "b", "a", "b"]))


class Sink:
    """A server that says at the end of each connection how much it was sent."""

    def __enter__(self) -> Sink:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._take, args=(client,), daemon=True).start()

    def _take(self, client: socket.socket) -> None:
        with client:
            size = 0
            while data := client.recv(65536):
                size += len(data)
            client.sendall(b"%d" % size)


def send(url: str, size: int) -> bytes:
    """What the sink says of so many bytes."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(bytes(size))
        connection.shutdown(socket.SHUT_WR)
        return connection.recv(100)


class Uploads(unittest.TestCase):
    """What the case `upload` is made of."""

    def test_etags(self) -> None:
        """Of the whole, of parts, of parts longer than what is read at a time; of nothing."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "file"
            data = bytes(range(256)) * 10000
            path.write_bytes(data)
            self.assertEqual(etag_of(path), hashlib.md5(data).hexdigest())
            for size, count in ((1 << 20, 3), (1500000, 2), (2560000, 1), (1 << 30, 1)):
                sums = [hashlib.md5(data[i : i + size]) for i in range(0, len(data), size)]
                whole = hashlib.md5(b"".join(s.digest() for s in sums)).hexdigest()
                self.assertEqual(etag_of(path, size), f"{whole}-{count}")
            path.write_bytes(b"")
            self.assertEqual(etag_of(path), hashlib.md5(b"").hexdigest())

    def test_line_counts(self) -> None:
        """All that clients send, nothing of the replies."""
        with Sink() as sink, SlowLine(sink.port) as line:
            self.assertEqual(send(line.url, 300000), b"300000")
            self.assertEqual(send(line.url, 5), b"5")
            self.assertEqual(line.passed, 300005)

    def test_line_is_shared(self) -> None:
        """Two connections together are no faster than the line."""
        with Sink() as sink, SlowLine(sink.port, rate=1000000) as line:
            start = time.monotonic()
            clients = [threading.Thread(target=send, args=(line.url, 100000)) for _ in range(2)]
            for client in clients:
                client.start()
            for client in clients:
                client.join()
            self.assertGreaterEqual(time.monotonic() - start, 0.19)
            self.assertEqual(line.passed, 200000)

    def test_memory(self) -> None:
        """Only files for which there is room; at least one."""
        bench = Bench(Path("build"), "python3", job(), Path("folder"), 1, quick=False)
        gib = 1 << 30
        self.assertEqual(cases_upload.sizes(bench, 4 * gib), [gib // 16, gib])
        self.assertEqual(cases_upload.sizes(bench, 4 * gib - 1), [gib // 16])
        with self.assertRaises(SystemExit):
            cases_upload.sizes(bench, 0)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "meminfo"
            path.write_text("MemFree:  1 kB\nMemAvailable:    2048 kB\n")
            self.assertEqual(cases_upload.memory_now(path), 2 << 20)
            path.write_text("MemFree:  1 kB\n")
            self.assertEqual(cases_upload.memory_now(path), 0)

    def test_targets(self) -> None:
        """Files are in the folder; objects and pipes are not."""
        bench = Bench(Path("build"), "python3", job(), Path("folder"), 1, quick=True)
        for output, wanted in (("a.mp4", "folder/a.mp4"), ("-", "-"), ("s3://b/k", "s3://b/k")):
            self.assertEqual(bench.render([], output)[-2:], ["-o", wanted])
        self.assertEqual(bench.longer(8.0).photos, job().photos * 2)

    def test_watch(self) -> None:
        """What had passed at the first event of each stage, and at the end."""
        stages = ("rendering", "rendering", "finishing", "uploading", "done")
        lines = [json.dumps({"event": "progress", "stage": stage}) for stage in stages]
        script = "; ".join(f"echo '{line}' >&2" for line in ["a warning", *lines])
        answer = '{"bytes": 50, "ready_us": 1500000}'
        counts = iter((10, 20, 30, 40, 41, 50))
        seen = cases_upload.watch(["sh", "-c", f"{script}; echo '{answer}'"], lambda: next(counts))
        wanted = {"rendering": 10, "finishing": 30, "uploading": 40, "done": 41, "end": 50}
        self.assertEqual((seen.passed, seen.bytes, seen.ready_s), (wanted, 50, 1.5))
        self.assertAlmostEqual(cases_upload.left_mb([seen], "uploading"), 10e-6)
        with self.assertRaises(SystemExit):
            cases_upload.watch(["sh", "-c", "echo no; exit 4"])


if __name__ == "__main__":
    tests = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    outcome = unittest.TextTestRunner(stream=sys.stdout, verbosity=1).run(tests)
    failed = len(outcome.failures) + len(outcome.errors)
    print(f"{outcome.testsRun - failed} passed, {failed} failed")
    sys.exit(1 if failed or not outcome.testsRun else 0)
