# SPDX-License-Identifier: MIT
"""hydra-cli on hosts with NVIDIA GPUs: the stand-in of the driver, found through LD_LIBRARY_PATH."""

import json
import os
import re
import shlex
import subprocess
import sys
import time
import unittest
from pathlib import Path
from typing import Any

from support import PROGRAM, SMALL, TIMEOUT_S, CliTest

__all__ = ["GpuCheckTest", "GpuDoctorTest", "GpuProbeTest", "GpuRenderTest"]

BUILD = Path(sys.argv[1]).resolve()
SOURCE = Path(__file__).resolve().parent.parent.parent
STAND_IN = BUILD / "tests/nvenc/stand-in"
NO_VIDEO = BUILD / "tests/nvenc/stand-in-no-video"

A100 = "NVIDIA A100-SXM4-40GB:8.0:nonvenc,mem=40536"
T4 = "Tesla T4:7.5"


class GpuTest(CliTest):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        probe = json.loads(subprocess.run([PROGRAM, "probe", "--json"], check=True,
                                          capture_output=True, timeout=TIMEOUT_S).stdout)
        if probe["encoders"][0]["finding"] == "HYDRA_PROBE_NOT_BUILT" or not STAND_IN.is_dir():
            cls.tearDownClass()
            raise unittest.SkipTest("this build has no NVENC, or no stand-in of the driver")

    def on_gpu(self, *arguments: str, folder: Path = STAND_IN,
               **environment: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run([PROGRAM, *arguments], cwd=self.folder, capture_output=True,
                              timeout=TIMEOUT_S,
                              env=os.environ | {"LD_LIBRARY_PATH": str(folder)} | environment)

    def report(self, *arguments: str, folder: Path = STAND_IN, **environment: str) -> dict[str, Any]:
        """What a verb says with --json."""
        done = self.on_gpu(*arguments, "--json", folder=folder, **environment)
        self.assertEqual(done.stderr, b"")
        report: dict[str, Any] = json.loads(done.stdout)
        return report

    def nvenc(self, *arguments: str, folder: Path = STAND_IN, **environment: str) -> dict[str, Any]:
        """The encoder as probe shows it."""
        encoder: dict[str, Any] = self.report("probe", *arguments, folder=folder,
                                              **environment)["encoders"][0]
        self.assertEqual(encoder["name"], "nvenc")
        return encoder


class GpuProbeTest(GpuTest):
    def test_gpu_that_works(self) -> None:
        report = self.report("probe")
        self.assertEqual((report["encoders"][0]["available"], report["encoders"][0]["reason"]), (True, ""))
        gpu, = report["gpus"]
        self.assertEqual((gpu["index"], gpu["name"], gpu["memory_bytes"]), (0, "Tesla T4", 15360 << 20))
        self.assertEqual((gpu["driver_version"], gpu["sessions"], gpu["session_limit"]), (11040, 0, 3))
        self.assertEqual(gpu["uuid"], "GPU-00000000-0000-0000-0000-000000000001")
        self.assertEqual((gpu["finding_h264"], gpu["finding_hevc"], gpu["reason"]),
                         ("HYDRA_PROBE_OK", "HYDRA_PROBE_OK", ""))

    def test_text(self) -> None:
        text = self.on_gpu("probe", FAKENV_GPUS=f"{A100};{T4}").stdout.decode()
        self.assertRegex(text, r"(?m)^  nvenc    .*; available$")
        self.assertIn("0        NVIDIA A100-SXM4-40GB, 40536 MiB, CUDA 11.4, GPU-", text)
        self.assertIn("H.264 HYDRA_PROBE_NO_ENCODER, HEVC HYDRA_PROBE_NO_ENCODER", text)
        self.assertIn("H.264 HYDRA_PROBE_OK, HEVC HYDRA_PROBE_OK, 0 of 3 encodings", text)

    def test_what_stands_in_the_way(self) -> None:
        hosts: list[tuple[str, Path, dict[str, str]]] = [
            ("NO_VIDEO", NO_VIDEO, {}),
            ("NO_ENCODER", STAND_IN, {"FAKENV_GPUS": A100}),
            ("OLD_DRIVER", STAND_IN, {"FAKENV_API": "10.0"}),
            ("NO_GPU", STAND_IN, {"FAKENV_GPUS": ""}),
            ("BROKEN_DRIVER", STAND_IN, {"FAKENV_FAULT": "cuInit@1+=CUDA_UNKNOWN"}),
        ]
        for name, folder, environment in hosts:
            encoder = self.nvenc(folder=folder, **environment)
            self.assertEqual(encoder["finding"], f"HYDRA_PROBE_{name}", encoder)
            self.assertFalse(encoder["available"])
            self.assertGreater(len(encoder["reason"]), 20)

    def test_only_what_is_allowed(self) -> None:
        both = {"FAKENV_GPUS": f"{A100};{T4}"}
        for gpu, finding in (("none", "SWITCHED_OFF"), ("0", "NO_ENCODER"), ("1", "OK"),
                             ("GPU-00000000-0000-0000-0000-000000000002", "OK")):
            self.assertEqual(self.nvenc("--gpu", gpu, **both)["finding"], f"HYDRA_PROBE_{finding}", gpu)

    def test_no_driver_costs_next_to_nothing(self) -> None:
        def seconds(*arguments: str) -> float:
            start = time.monotonic()
            self.cli("probe", *arguments)
            return time.monotonic() - start

        if self.nvenc(folder=self.folder)["finding"] != "HYDRA_PROBE_NO_DRIVER":
            return
        looked, unlooked = [], []  # in turn, until a quiet moment of the machine came to both
        for _ in range(50):
            looked.append(seconds())
            unlooked.append(seconds("--gpu", "none"))
            if len(looked) >= 7 and min(looked) < min(unlooked) + 0.03:
                return
        self.fail(f"{min(looked)} s, and {min(unlooked)} s where no driver is looked for")

    def test_bench_is_as_fast_as_the_encoder(self) -> None:
        slowest = 0.0
        for _ in range(5):  # the machine may be busy
            rows = self.report("probe", "--bench", "--encoder", "nvenc", "--seconds", "1",
                               FAKENV_ENCODER="null", FAKENV_FPS="60")["bench"]
            self.assertEqual([row["status"] for row in rows], ["HYDRA_OK"] * 4)
            for row in rows:
                self.assertLess(row["frames_per_s"], 66)
            slowest = max(slowest, min(row["frames_per_s"] for row in rows))
            if slowest > 50:
                break
        self.assertGreater(slowest, 50)

    def test_bench_tells_what_fails(self) -> None:
        done = self.on_gpu("probe", "--bench", "--encoder", "nvenc", "--seconds", "0.1",
                           FAKENV_GPUS=A100)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout.decode(), r"nvenc +h264 +draft +HYDRA_PROBE_NO_ENCODER: ")


class GpuDoctorTest(GpuTest):
    def doctor(self, *arguments: str, folder: Path = STAND_IN,
               **environment: str) -> tuple[str, str, str]:
        checks = self.report("doctor", *arguments, folder=folder, **environment)["checks"]
        gpu, = (c for c in checks if c["name"] == "gpu")
        return gpu["state"], gpu["text"], gpu["advice"]

    def test_gpu_that_works(self) -> None:
        state, text, advice = self.doctor()
        self.assertEqual((state, advice), ("ok", ""))
        self.assertEqual(text, "Tesla T4: H.264 and HEVC on the GPU (NVENC)")

    def test_no_gpu_is_in_order(self) -> None:
        self.assertEqual(self.doctor(folder=self.folder),
                         ("note", "no NVIDIA GPU: renders use x264", ""))

    def test_container_without_video(self) -> None:
        state, text, advice = self.doctor(folder=NO_VIDEO)
        self.assertEqual(state, "problem")
        self.assertIn("libnvidia-encode", text)
        self.assertIn("NVIDIA_DRIVER_CAPABILITIES=compute,video,utility", text)
        self.assertTrue(text.endswith(" (HYDRA_PROBE_NO_VIDEO)"), text)
        self.assertIn("docs/gpu.md", advice)

    def test_old_driver(self) -> None:
        state, text, _ = self.doctor(FAKENV_API="10.0")
        self.assertEqual(state, "problem")
        self.assertIn("update", text)

    def test_gpu_without_encoder(self) -> None:
        state, text, _ = self.doctor(FAKENV_GPUS=A100)
        self.assertEqual(state, "note")
        self.assertIn("renders use x264", text)

    def test_gpu_that_is_switched_off(self) -> None:
        state, text, advice = self.doctor("--gpu", "none")
        self.assertEqual((state, advice), ("note", ""))


class GpuRenderTest(GpuTest):
    def render_on(self, *arguments: str, **environment: str) -> dict[str, Any]:
        result = self.report("render", *SMALL, "--size", "256x256", "-q", "-o", "out.mp4", "-y", "a.png",
                             "b.png", *arguments, **environment)
        return result

    def test_strict(self) -> None:
        for codec in ("h264", "hevc"):
            result = self.render_on("--encoder", "nvenc", "--codec", codec)
            self.assertEqual((result["encoder"], result["video_codec"]), ("nvenc", codec))

    def test_auto_takes_the_gpu(self) -> None:
        self.assertEqual(self.render_on()["encoder"], "nvenc")

    def test_gpu_none_is_the_cpu(self) -> None:
        self.assertEqual(self.render_on("--gpu", "none")["encoder"], "x264")

    def test_second_gpu(self) -> None:
        both = {"FAKENV_GPUS": f"{A100};{T4}"}
        self.assertEqual(self.render_on("--encoder", "nvenc", **both)["encoder"], "nvenc")
        self.assertEqual(self.render_on("--encoder", "nvenc", "--gpu", "1", **both)["encoder"], "nvenc")
        done = self.on_gpu("render", *SMALL, "-o", "new.mp4", "a.png", "--encoder", "nvenc", "--gpu",
                           "0", **both)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(b"nvenc could not be opened: GPU 0 (NVIDIA A100", done.stderr)

    def test_a_fault_is_told_once(self) -> None:
        done = self.on_gpu("render", *SMALL, "--size", "256x256", "-o", "fault.mp4", "-y", "a.png",
                           FAKENV_FAULT="nvEncEncodePicture@5=lost")
        told, shown = done.stderr.decode(), done.stdout.decode()
        self.assertEqual(done.returncode, 0, told)
        self.assertEqual(told.count("made again with x264, as nvenc failed at frame 4: GPU 0 (Tesla T4) "
                                    "was lost"), 1, told)
        self.assertRegex(shown, r"(?m)^  encoder +x264, h264 ")
        self.assertRegex(shown, r"(?m)^  attempt 1 +nvenc, 4 frames in \S+ s: GPU 0 \(Tesla T4\) was lost")
        self.assertEqual(shown.count("was lost"), 1, shown)


class GpuCheckTest(GpuTest):
    def check(self, **environment: str) -> subprocess.CompletedProcess[str]:
        """Speeds are those of a GPU that does nothing: what the stand-in codes in full size on a busy
        machine may take so long that it counts as stalled."""
        program = self.folder / "cli"
        program.write_text("#!/bin/sh\n[ \"$1\" != probe ] || export FAKENV_ENCODER=null\n"
                           f"exec {shlex.quote(PROGRAM)} \"$@\"\n")
        program.chmod(0o755)
        return subprocess.run([SOURCE / "script/gpu-check", "--quick", "--cli", program],
                              cwd=self.folder, capture_output=True, text=True, timeout=5 * TIMEOUT_S,
                              env=os.environ | {"LD_LIBRARY_PATH": str(STAND_IN)} | environment)

    def test_gpu_that_works(self) -> None:
        done = self.check()
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        rows = re.findall(r"^(\w+) +(h264|hevc) +([0-9.]+) +([0-9.]+) +([0-9.]+) +([0-9.]+) +"
                          r"([0-9.]+)  right$", done.stdout, re.MULTILINE)
        self.assertLessEqual({("nvenc", "h264"), ("x264", "h264"), ("nvenc", "hevc")},
                             {row[:2] for row in rows})
        for row in rows:
            self.assertGreater(float(row[6]), 0.9, row)
        self.assertIn("Tesla T4: H.264 and HEVC", done.stdout)

    def test_no_gpu_that_works(self) -> None:
        done = self.check(FAKENV_GPUS=A100)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"^error: no GPU works here: HYDRA_PROBE_NO_ENCODER: \w")
