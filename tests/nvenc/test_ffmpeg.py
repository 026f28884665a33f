#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The stand-in under the stock ffmpeg program: settings from the environment, and the files it makes.

    test_ffmpeg.py BUILD_FOLDER
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

import counting  # noqa: E402

FOLDER = Path(sys.argv[1]).resolve() / "tests/nvenc"
TIMEOUT_S = 60
ENCODERS = ("h264_nvenc", "hevc_nvenc")


def run(*command: str, stand_in: str | None = None, **settings: str) -> subprocess.CompletedProcess[str]:
    """`stand_in`: the folder of libraries, None for none; `settings`: FAKENV_..."""
    environment = {k: v for k, v in os.environ.items()
                   if k != "LD_LIBRARY_PATH" and not k.startswith("FAKENV_")}
    environment |= {f"FAKENV_{name.upper()}": value for name, value in settings.items()}
    if stand_in:
        environment["LD_LIBRARY_PATH"] = str(FOLDER / stand_in)
    return subprocess.run(command, env=environment, capture_output=True, text=True,
                          timeout=TIMEOUT_S)


def source(size: str = "320x240", seconds: float = 1) -> list[str]:
    return ["-f", "lavfi", "-i", f"testsrc2=s={size}:r=30:d={seconds}"]


def encode(*arguments: str, stand_in: str | None = "stand-in", seconds: float = 1,
           **settings: str) -> subprocess.CompletedProcess[str]:
    return run("ffmpeg", "-v", "error", "-y", *source(seconds=seconds), *arguments,
               stand_in=stand_in, **settings)


class Ffmpeg(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        self.video = str(self.folder / "video.mp4")

    def probe(self, entries: str) -> dict:
        done = run("ffprobe", "-v", "error", "-count_frames", "-show_entries", entries, "-of", "json",
                   self.video)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def refused(self, message: str, *arguments: str, stand_in: str | None = "stand-in",
                **settings: str) -> None:
        done = encode("-c:v", "h264_nvenc", *arguments, "-f", "null", "-", stand_in=stand_in,
                      **settings)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(message, done.stderr)

    def test_file_is_whole(self) -> None:
        for encoder in ENCODERS:
            with self.subTest(encoder):
                done = run("ffmpeg", "-v", "error", "-y", *source("1080x1920", 2), "-c:v", encoder,
                           "-preset", "p4", "-rc", "vbr", "-cq", "19", self.video,
                           stand_in="stand-in")
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                found = self.probe("stream=width,height,nb_read_frames,avg_frame_rate,has_b_frames:"
                                   "packet=pts,dts")
                stream = found["streams"][0]
                self.assertEqual((stream["width"], stream["height"], stream["nb_read_frames"],
                                  stream["avg_frame_rate"]), (1080, 1920, "60", "30/1"))
                self.assertGreater(stream["has_b_frames"], 0)
                pts = [packet["pts"] for packet in found["packets"]]
                dts = [packet["dts"] for packet in found["packets"]]
                self.assertEqual(sorted(pts), [512 * n for n in range(60)])
                self.assertEqual(sorted(set(dts)), dts)
                self.assertTrue(all(d <= p for d, p in zip(dts, pts)))

    def test_pictures_are_those_of_the_source(self) -> None:
        for encoder in ENCODERS:
            with self.subTest(encoder):
                done = encode("-c:v", encoder, "-cq", "19", self.video)
                self.assertEqual(done.returncode, 0, done.stderr)
                log = self.folder / "psnr"
                done = run("ffmpeg", "-v", "error", "-i", self.video, *source(),
                           "-lavfi", f"psnr=stats_file={log}", "-f", "null", "-")
                self.assertEqual(done.returncode, 0, done.stderr)
                psnr = [float(field.split(":")[1]) for line in log.read_text().splitlines()
                        for field in line.split() if field.startswith("psnr_avg:")]
                self.assertEqual(len(psnr), 30)
                self.assertGreater(min(psnr), 35)

    def test_frames_of_the_device(self) -> None:
        trace = self.folder / "trace"
        done = run("ffmpeg", "-v", "error", "-y", "-init_hw_device", "cuda=c:0",
                   "-filter_hw_device", "c", *source(), "-vf", "format=nv12,hwupload_cuda",
                   "-c:v", "hevc_nvenc", self.video, stand_in="stand-in", trace=str(trace))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("nvEncRegisterResource", trace.read_text())
        self.assertNotIn("nvEncCreateInputBuffer", trace.read_text())

    def test_options_arrive(self) -> None:
        trace = self.folder / "trace"
        done = encode("-c:v", "h264_nvenc", "-preset", "p6", "-bf", "3", "-b_ref_mode", "middle",
                      "-cq", "21", "-maxrate", "12M", "-spatial-aq", "1", "-g", "60", self.video,
                      trace=str(trace))
        self.assertEqual(done.returncode, 0, done.stderr)
        told = [line.strip() for line in trace.read_text().splitlines()
                if line.startswith(("  init", "  rate"))]
        self.assertEqual(told[0], "init h264 320x240 30/1 p6 tuning 1 gop 60 intervalP 4 bref 2 level 0")
        self.assertRegex(told[1], r"rate 1 average 0 max 12000000 .* cq 21\.0 .* aq 1/8 ")

    def test_libraries_are_missing(self) -> None:
        self.refused("Cannot load libcuda.so.1", stand_in=None)
        self.refused("Cannot load libnvidia-encode.so.1", stand_in="stand-in-no-video")
        self.refused("Cannot load cuEventCreate", stand_in="stand-in-no-cuda-symbol")
        self.refused("Cannot load NvEncodeAPIGetMaxSupportedVersion",
                     stand_in="stand-in-no-nvenc-symbol")

    def test_settings_from_the_environment(self) -> None:
        self.refused("Required: 11.1 Found: 11.0", api="11.0")
        self.refused("CUDA_ERROR_NO_DEVICE", gpus="")
        self.refused("unsupported device (2)", gpus="NVIDIA A100:8.0:nonvenc")
        self.refused("CUDA_ERROR_SYSTEM_DRIVER_MISMATCH", fault="cuInit=803")
        self.refused("CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE", fault="cuInit=804")
        self.refused("CUDA_ERROR_UNKNOWN", fault="cuInit=CUDA_UNKNOWN")
        self.refused("No capable devices found", "-b_ref_mode", "middle", caps="BREF=0")
        self.refused("CreateInputBuffer failed: out of memory", vram_mb="1")
        self.refused("EncodePicture failed", fault="nvEncEncodePicture@20=GENERIC")
        self.refused("FAKENV_FAULT=nonsense: not understood", fault="nonsense")

    def test_sessions_are_limited(self) -> None:
        done = encode("-c:v", "h264_nvenc", "-f", "null", "-", "-c:v", "h264_nvenc", "-f", "null", "-",
                      max_sessions="1")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("out of memory (10)", done.stderr)

    def test_null_encoder_is_paced(self) -> None:
        for encoder in ENCODERS:
            with self.subTest(encoder):
                start = time.monotonic()
                done = encode("-c:v", encoder, self.video, seconds=5, encoder="null", fps="150")
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertGreaterEqual(time.monotonic() - start, 0.98)
                stream = self.probe("stream=nb_read_frames,bit_rate")["streams"][0]
                self.assertEqual(stream["nb_read_frames"], "150")
                self.assertAlmostEqual(int(stream["bit_rate"]), 33000 * 8 * 30, delta=200000)


if __name__ == "__main__":
    sys.exit(counting.run("__main__"))
