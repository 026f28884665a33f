# SPDX-License-Identifier: MIT
"""What comes out: videos, frames, tables, JSON."""

import json
import os
import resource
import shutil
import struct
import subprocess
from collections.abc import Callable
from typing import Any

import media
from support import PROGRAM, SMALL, TIMEOUT_S, CliTest

__all__ = ["DoctorTest", "FrameTest", "ProbeTest", "RenderTest", "TimelineTest"]

NUMBERS = ["width_px", "height_px", "fps_num", "fps_den", "frames", "key_frames", "duration_us",
           "audio_samples", "av_offset_us", "bytes", "moov_offset", "moov_bytes",
           "moov_reserved_bytes", "pool_peak_bytes", "video_level", "decode_s", "compose_s",
           "encode_s", "audio_s", "mux_s", "total_s", "ready_us"]
TEXTS = ["output", "encoder", "encoder_reason", "container", "video_codec", "video_profile",
         "pixel_format", "color_range", "color_primaries", "color_transfer", "color_matrix",
         "audio_codec"]


class RenderTest(CliTest):
    def test_result_has_every_field(self) -> None:
        result = self.render("a.png", "b.png", "--music", "music.wav")
        self.assertEqual(set(result), {"ok", "has_audio", *NUMBERS, *TEXTS})
        for name in NUMBERS:
            self.assertIsInstance(result[name], (int, float), name)
        for name in TEXTS:
            self.assertIsInstance(result[name], str, name)

    def test_result_is_true(self) -> None:
        result = self.render("a.png", "b.png", "--music", "music.wav")
        self.assertEqual((result["width_px"], result["height_px"]), (128, 128))
        self.assertEqual((result["fps_num"], result["fps_den"]), (10, 1))
        self.assertEqual((result["frames"], result["duration_us"]), (10, 1000000))
        self.assertEqual(result["output"], "out.mp4")
        self.assertEqual((result["encoder"], result["container"]), ("x264", "mp4"))
        self.assertEqual((result["pixel_format"], result["color_matrix"]), ("yuv420p", "bt709"))
        self.assertIs(result["has_audio"], True)
        self.assertLess(abs(result["av_offset_us"]), 1024 * 1000000 // 48000 + 1)
        self.assertEqual(result["bytes"], (self.folder / "out.mp4").stat().st_size)

    def test_index_comes_first(self) -> None:
        result = self.render("a.png", "--music", "music.wav")
        boxes = media.boxes((self.folder / "out.mp4").read_bytes())
        names = [name for name, _, _ in boxes]
        self.assertEqual(names[0], "ftyp")
        self.assertLess(names.index("moov"), names.index("mdat"))
        self.assertIn(("moov", result["moov_offset"], result["moov_bytes"]), boxes)

    def test_without_music(self) -> None:
        result = self.render("a.png")
        self.assertIs(result["has_audio"], False)
        self.assertEqual((result["audio_samples"], result["audio_codec"]), (0, ""))

    def test_music_options(self) -> None:
        result = self.render("a.png", "b.png", "a.png", "b.png", "a.png", "b.png", "--music",
                             "music.wav", "--music-loop", "--music-start", "0.25", "--gain", "-3.5",
                             "--fade-in", "0.2", "--fade-out=0.3", "--audio-bitrate", "96")
        self.assertEqual(result["duration_us"], 3000000)
        self.assertEqual(result["audio_samples"], 3 * 48000)

    def test_table(self) -> None:
        text = self.ok("render", *SMALL, "-o", "out.mp4", "a.png", "--music", "music.wav")
        self.assertTrue(text.startswith("out.mp4\n"), text)
        for word in ("128 x 128", "5 frames, 1 key frame\n", " reserved", "x264", "moov", "A/V offset", "encoder", "memory"):
            self.assertIn(word, text)

    def test_quiet(self) -> None:
        self.assertEqual(self.ok("render", *SMALL, "--quiet", "-o", "out.mp4", "a.png"), "")

    def test_raw_encoder(self) -> None:
        result = self.render("a.png", "--encoder", "raw", output="out.y4m")
        self.assertEqual((result["container"], result["moov_offset"]), ("y4m", -1))
        header = (self.folder / "out.y4m").read_bytes().split(b"\n", 1)[0].split(b" ")
        self.assertEqual(header[:4], [b"YUV4MPEG2", b"W128", b"H128", b"F10:1"])

    def test_threads_change_nothing(self) -> None:
        videos = set()
        for threads in ("1", "2", "3"):
            self.render("a.png", "b.png", "--encoder", "raw", "--threads", threads,
                        output=f"{threads}.y4m")
            videos.add((self.folder / f"{threads}.y4m").read_bytes())
        self.assertEqual(len(videos), 1)

    def test_encoder_options(self) -> None:
        for options in (["--profile", "default"], ["--profile", "quality"], ["--profile", "best"],
                        ["--crf", "30.5"], ["--bitrate", "300"], ["--preset", "ultrafast"],
                        ["--encoder", "x264", "--preset=fast", "--crf=0"]):
            self.assertEqual(self.render("a.png", "-y", *options)["encoder"], "x264")

    def test_hevc(self) -> None:
        if not self.can_make_hevc():
            self.skipTest("this build has no x265")
        for options in (["--codec", "hevc"], ["--codec=hevc", "--encoder", "x265", "--crf", "30"]):
            result = self.render("a.png", "b.png", "--music", "music.wav", "-y", *options)
            self.assertEqual((result["video_codec"], result["video_profile"]), ("hevc", "Main"))
            probe = subprocess.run(
                ["ffprobe", "-v", "error", "-select_streams", "v", "-count_frames", "-of", "csv=p=0",
                 "-show_entries", "stream=codec_name,codec_tag_string,nb_read_frames",
                 self.folder / "out.mp4"], check=True, capture_output=True, text=True,
                timeout=TIMEOUT_S).stdout  # fmt: skip
            self.assertEqual(probe.strip(), "hevc,hvc1,10")

    def test_encoder_and_codec_fit(self) -> None:
        self.fails(2, "render", "a.png", "-o", "no.mp4", "--codec", "hevc", "--encoder", "x264",
                   says="encoder x264 does not make HEVC")
        self.fails(2, "render", "a.png", "-o", "no.mp4", "--encoder", "x265",
                   says="encoder x265 does not make H.264")

    def can_make_hevc(self) -> bool:
        probe = json.loads(self.ok("probe", "--json"))
        return any(e["name"] == "x265" and e["available"] for e in probe["encoders"])

    def test_pictures_options(self) -> None:
        for options in (["--fit", "contain", "--background", "#ff8000"], ["--fit", "blur"],
                        ["--fit", "fill"], ["--motion", "none"], ["--easing", "in_out"],
                        ["--motion", "pan_left,pan_right,pan_up,pan_down", "--motion-amount", "0.1"]):
            self.render("a.png", "b.png", "-y", *options)


class TimelineTest(CliTest):
    def test_presets(self) -> None:
        presets = {"9:16": (1080, 1920), "16:9": (1920, 1080), "1:1": (1080, 1080),
                   "4:5": (1080, 1350)}
        self.write("large.png", media.png(1920, 1920))
        for preset, size in presets.items():
            result = self.render("large.png", "-y", "--size", preset, "--image-duration", "0.1")
            self.assertEqual((result["width_px"], result["height_px"]), size)

    def test_frame_rates_are_exact(self) -> None:
        rates = {"30": (30, 1), "25": (25, 1), "29.97": (30000, 1001), "30000/1001": (30000, 1001),
                 "23.976": (24000, 1001), "23.98": (24000, 1001), "59.94": (60000, 1001),
                 "12.5": (25, 2), "1": (1, 1), "120": (120, 1)}
        for text, rate in rates.items():
            result = self.render("a.png", "-y", "--fps", text, "--image-duration", "1")
            self.assertEqual(result["fps_num"] * rate[1], result["fps_den"] * rate[0], text)
            self.assertAlmostEqual(result["frames"], rate[0] / rate[1], delta=0.5, msg=text)

    def test_whole_length(self) -> None:
        text = self.ok("render", "--size", "128x128", "--fps", "10", "--duration", "2.5", "--json",
                       "--profile", "draft", "-o", "out.mp4", "a.png", "b.png", "a.png")
        self.assertEqual(json.loads(text)["frames"], 25)

    def test_transition_modes(self) -> None:
        lengths = {("cut", "overlap"): 20, ("crossfade", "overlap"): 15, ("crossfade", "hold"): 20}
        for (kind, mode), frames in lengths.items():
            result = self.render("a.png", "b.png", "-y", "--image-duration", "1", "--transition",
                                 kind, "--transition-mode", mode, "--transition-duration", "0.5")
            self.assertEqual(result["frames"], frames, (kind, mode))


class FrameTest(CliTest):
    def frame(self, *arguments: str) -> dict[str, object]:
        result: dict[str, object] = json.loads(
            self.ok("frame", *SMALL, "--json", "-o", "poster.png", *arguments))
        return result

    def test_png(self) -> None:
        result = self.frame("a.png", "b.png", "-t", "0.75")
        data = (self.folder / "poster.png").read_bytes()
        self.assertEqual(data[:8], b"\x89PNG\r\n\x1a\n")
        self.assertEqual(struct.unpack_from(">II", data, 16), (128, 128))
        self.assertEqual(result, {"ok": True, "output": "poster.png", "frame": 7, "width_px": 128,
                                  "height_px": 128, "bytes": len(data)})

    def test_only_visible_photos_are_opened(self) -> None:
        self.frame("a.png", "missing.png", "--time", "0.2")

    def test_same_picture_on_any_number_of_threads(self) -> None:
        pictures = set()
        for threads in ("1", "2", "3"):
            self.frame("a.png", "b.png", "-y", "-t", "0.3", "--threads", threads)
            pictures.add((self.folder / "poster.png").read_bytes())
        self.assertEqual(len(pictures), 1)

    def test_text_and_quiet(self) -> None:
        text = self.ok("frame", *SMALL, "-t", "0", "-o", "p.png", "a.png")
        self.assertEqual(text, "p.png\n  frame 0, 128 x 128\n")
        self.assertEqual(self.ok("frame", *SMALL, "-q", "-t", "0", "-o", "q.png", "a.png"), "")

    def test_time_after_the_end(self) -> None:
        self.fails(2, "frame", *SMALL, "a.png", "-t", "0.5", "-o", "poster.png",
                   says="--time 0.5: the video is 0.5 s long")
        self.fails(2, "frame", *SMALL, "a.png", "b.png", "-t", "90", "-o", "poster.png",
                   says="--time 90: the video is 1 s long")
        # What else is wrong is told as ever.
        self.fails(2, "frame", *SMALL, "a.png", "--transition", "crossfade", "b.png", "-t", "90",
                   "--transition-duration", "9", "-o", "poster.png", says="cut 0: the transition")

    def test_photo_that_is_shown_is_missing(self) -> None:
        self.fails(3, "frame", *SMALL, "missing.png", "-t", "0", "-o", "poster.png",
                   says="missing.png")


class ProbeTest(CliTest):
    def test_json(self) -> None:
        probe = json.loads(self.ok("probe", "--json"))
        self.assertEqual(set(probe), {"version", "features", "encoders"})
        self.assertEqual(set(probe["features"]), {"x264", "x265", "heif"})
        encoders = {e["name"]: e for e in probe["encoders"]}
        self.assertLessEqual({"x264", "x265", "nvenc", "raw"}, set(encoders))
        for encoder in encoders.values():
            self.assertEqual(encoder["available"], encoder["reason"] == "", encoder)

    def test_text(self) -> None:
        text = self.ok("probe")
        for word in ("libhydra", "x264", "x265", "heif", "raw", "available"):
            self.assertIn(word, text)


class DoctorTest(CliTest):
    def doctor(self, prepare: Callable[[], object] | None = None, folder: str | None = None,
               **environment: str) -> tuple[int, dict[str, dict[str, Any]]]:
        """Exit code and findings by name, on a host that is made worse."""
        done = subprocess.run([PROGRAM, "doctor", "--json"], cwd=folder or self.folder,
                              env=os.environ | environment, preexec_fn=prepare, capture_output=True,
                              timeout=TIMEOUT_S)
        self.assertEqual(done.stderr, b"")
        report = json.loads(done.stdout)
        states = [c["state"] for c in report["checks"]]
        self.assertEqual(report["ok"], "problem" not in states)
        self.assertEqual(done.returncode, 0 if report["ok"] else 1)
        return done.returncode, {c["name"]: c for c in report["checks"]}

    def test_findings(self) -> None:
        _, found = self.doctor(LC_ALL="C.UTF-8")
        self.assertEqual(list(found), ["encoder", "heif", "cpus", "memory", "folder", "disk", "locale"])
        for name in ("folder", "locale"):
            self.assertEqual((found[name]["state"], found[name]["advice"]), ("ok", ""))
        for finding in found.values():
            self.assertEqual(finding["state"] == "problem" and finding["advice"] == "", False, finding)

    def test_encoder_and_heif_are_those_of_the_build(self) -> None:
        _, found = self.doctor()
        probe = json.loads(self.ok("probe", "--json"))
        usable = [e["name"] for e in probe["encoders"] if e["available"] and e["name"] != "raw"]
        self.assertEqual(found["encoder"]["state"] == "ok", bool(usable))
        self.assertEqual(found["heif"]["state"] == "ok", probe["features"]["heif"])

    def test_little_memory(self) -> None:
        limit = 250 << 20
        code, found = self.doctor(lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))
        self.assertEqual((code, found["memory"]["state"]), (1, "problem"))
        self.assertIn("--size", found["memory"]["advice"])

    def test_one_cpu(self) -> None:
        first = min(os.sched_getaffinity(0))
        _, found = self.doctor(lambda: os.sched_setaffinity(0, {first}))
        self.assertRegex(found["cpus"]["text"], r"^(1\.00 CPUs|only 0\.)")

    def in_groups(self, told: str, files: dict[str, str]) -> dict[str, dict[str, Any]]:
        """Findings in a container whose control groups are these files of /sys/fs/cgroup."""
        inside = """set -e
            mount -t tmpfs -o size=1m tmpfs /sys
            mkdir -p /sys/fs
            cp -r "$1" /sys/fs/cgroup
            mount --bind "$2" /proc/$$/cgroup
            exec "$3" doctor --json"""
        groups = self.folder / "groups"
        for name, text in files.items():
            (groups / name).parent.mkdir(parents=True, exist_ok=True)
            (groups / name).write_text(text + "\n")
        (self.folder / "told").write_text(told + "\n")
        own_mounts = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
        if subprocess.run([*own_mounts, "mount", "-t", "tmpfs", "tmpfs", "/sys"],
                          capture_output=True).returncode:
            self.skipTest("no mounts of one's own here")
        done = subprocess.run([*own_mounts, "sh", "-c", inside, "sh", groups, self.folder / "told",
                               PROGRAM], cwd=self.folder, capture_output=True, timeout=TIMEOUT_S)
        self.assertEqual(done.stderr, b"")
        shutil.rmtree(groups)
        return {c["name"]: c for c in json.loads(done.stdout)["checks"]}

    def test_limits_of_the_own_group(self) -> None:
        """As a container without a namespace of its own sees it: the limits are not at the root."""
        found = self.in_groups("0::/app/job", {
            "app/cpu.max": "50000 100000", "app/job/cpu.max": "max 100000",
            "app/memory.max": "50000000", "app/memory.current": "20000000",
            "app/memory.stat": "anon 1000000\ninactive_file 12000000\nactive_file 1",
            "app/job/memory.max": "max", "app/job/memory.current": "20000000"})
        self.assertTrue(found["cpus"]["text"].startswith("only 0.50 of a CPU"), found["cpus"])
        self.assertTrue(found["memory"]["text"].startswith("42 MB are free"), found["memory"])
        self.assertEqual((found["cpus"]["state"], found["memory"]["state"]), ("problem", "problem"))

    def test_limits_of_the_first_generation(self) -> None:
        found = self.in_groups("4:cpuacct,cpu:/app\n5:memory:/app/job", {
            "cpu/app/cpu.cfs_quota_us": "25000", "cpu/app/cpu.cfs_period_us": "100000",
            "memory/app/job/memory.usage_in_bytes": "1000",
            "memory/app/job/memory.limit_in_bytes": "9223372036854771712",
            "memory/app/memory.usage_in_bytes": "70000000",
            "memory/app/memory.limit_in_bytes": "60000000"})
        self.assertTrue(found["cpus"]["text"].startswith("only 0.25 of a CPU"), found["cpus"])
        self.assertTrue(found["memory"]["text"].startswith("0 MB are free"), found["memory"])

    def test_no_limits(self) -> None:
        found = self.in_groups("0::/app", {"app/cpu.max": "max 100000", "app/memory.max": "max",
                                           "other/cpu.max": "1000 100000"})
        self.assertEqual(found["cpus"]["text"], f"{len(os.sched_getaffinity(0))}.00 CPUs can be used")
        self.assertNotRegex(found["memory"]["text"], "^0 MB")

    def test_full_disk(self) -> None:
        code, found = self.doctor(folder="/proc")
        self.assertEqual((code, found["disk"]["state"]), (1, "problem"))
        self.assertIn("make room", found["disk"]["advice"])

    def test_locale_is_only_a_note(self) -> None:
        _, found = self.doctor(LC_ALL="C")
        self.assertEqual(found["locale"]["state"], "note")

    def test_text(self) -> None:
        done = self.cli("doctor")
        lines = done.stdout.decode().splitlines()
        self.assertTrue(lines[0].startswith("libhydra "), lines)
        self.assertEqual(len([line for line in lines if line[:2] == "  " and "->" not in line]), 7)
        self.assertEqual(lines[-1] == "All is fine.", done.returncode == 0)
