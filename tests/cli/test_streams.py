# SPDX-License-Identifier: MIT
"""Standard input and output, named pipes, and readers that go away."""

import json
import os
import subprocess
import threading

import media
from support import PROGRAM, SMALL, TIMEOUT_S, CliTest
from terminal import Terminal

__all__ = ["StreamTest"]

# An hour of video: nobody waits for its end.
ENDLESS = ["render", "--size", "128x128", "--fps", "120", "--duration", "3600", "--profile", "draft",
           "a.png", "-o", "-"]
RENDER = ["render", *SMALL, "--profile", "draft", "a.png", "b.png", "--music", "music.wav"]


class StreamTest(CliTest):
    def assert_plays(self, data: bytes, seconds: float = 1.0) -> None:
        """FFmpeg decodes all of it, without a word, and finds both tracks."""
        path = self.folder / "check.mp4"
        path.write_bytes(data)
        probe = json.loads(subprocess.run(
            ["ffprobe", "-v", "error", "-of", "json", "-count_frames", "-show_entries",
             "stream=codec_name,nb_read_frames:format=duration", path],
            check=True, capture_output=True, timeout=TIMEOUT_S).stdout)
        streams = {s["codec_name"]: s for s in probe["streams"]}
        self.assertEqual(set(streams), {"h264", "aac"})
        self.assertEqual(int(streams["h264"]["nb_read_frames"]), round(seconds * 10))
        self.assertAlmostEqual(float(probe["format"]["duration"]), seconds, delta=0.1)
        done = subprocess.run(["ffmpeg", "-v", "error", "-i", path, "-f", "null", "-"],
                              capture_output=True, timeout=TIMEOUT_S)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        path.unlink()

    def test_standard_output(self) -> None:
        done = self.cli(*RENDER, "-o", "-")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertIn("moof", [name for name, _, _ in media.boxes(done.stdout)])
        self.assert_plays(done.stdout)
        self.assertEqual(self.names(), self.before)

    def test_standard_output_into_a_file(self) -> None:
        with open(self.folder / "out.mp4", "wb") as file:
            subprocess.run([PROGRAM, *RENDER, "-o", "-"], cwd=self.folder, stdout=file, check=True,
                           timeout=TIMEOUT_S)
        self.assert_plays((self.folder / "out.mp4").read_bytes())

    def test_buffered(self) -> None:
        done = self.cli(*RENDER, "--in-order", "buffered", "-o", "-")
        self.assertEqual(done.returncode, 0, done.stderr)
        names = [name for name, _, _ in media.boxes(done.stdout)]
        self.assertLess(names.index("moov"), names.index("mdat"))
        self.assertNotIn("moof", names)
        self.assert_plays(done.stdout)

    def test_json_goes_to_stderr_beside_a_video(self) -> None:
        done = self.cli(*RENDER, "--json", "-o", "-")
        self.assert_plays(done.stdout)
        result = json.loads(done.stderr)
        self.assertEqual((result["ok"], result["output"]), (True, "-"))
        self.assertEqual(result["bytes"], len(done.stdout))

    def test_not_to_a_terminal(self) -> None:
        terminal = Terminal(self.folder, *RENDER, "-o", "-")
        self.assertEqual(terminal.finish(), 4)
        self.assertIn("standard output is a terminal", terminal.text())

    def test_progress_beside_a_video(self) -> None:
        read_end, write_end = os.pipe()
        terminal = Terminal(self.folder, *RENDER, "-o", "-", stdout=write_end)
        os.close(write_end)
        with os.fdopen(read_end, "rb") as pipe:
            data = pipe.read()
        self.assertEqual(terminal.finish(), 0)
        self.assertGreater(len(terminal.drawings()), 0)
        self.assertEqual(terminal.screen(), [""])
        self.assert_plays(data)

    def test_reader_that_goes_away(self) -> None:
        process = subprocess.Popen([PROGRAM, *ENDLESS], cwd=self.folder, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        assert process.stdout and process.stderr
        self.assertEqual(len(process.stdout.read(1000)), 1000)
        process.stdout.close()
        error = process.stderr.read().decode()
        self.assertEqual(process.wait(TIMEOUT_S), 4, error)
        self.assertEqual(error, "hydra-cli: error: standard output: the program that reads it has gone "
                                "away\n")
        process.stderr.close()

    def test_full_standard_output(self) -> None:
        """The name that the library is given for it means nothing to anybody."""
        with open("/dev/full", "wb") as full:
            done = subprocess.run([PROGRAM, *RENDER, "-o", "-"], cwd=self.folder, stdout=full,
                                  stderr=subprocess.PIPE, timeout=TIMEOUT_S)
        self.assertEqual((done.returncode, done.stderr), (4, (
            b"hydra-cli: error: standard output: writing failed: No space left on device\n")))

    def test_table_of_a_fragmented_file(self) -> None:
        os.mkfifo(self.folder / "pipe")
        reader = threading.Thread(target=(self.folder / "pipe").read_bytes, daemon=True)
        reader.start()
        text = self.ok(*RENDER, "-o", "pipe")
        reader.join(TIMEOUT_S)
        self.assertNotIn("reserved", text)
        self.assertRegex(text, r"moov at byte \d+: \d+ bytes\n")

    def test_closed_standard_output(self) -> None:
        """Alone, or with standard input: then another file could take its number."""
        for closed in (">&-", "<&- >&-"):
            done = subprocess.run(["bash", "-c", f'"$@" {closed}', "bash", PROGRAM, *RENDER, "-o", "-"],
                                  cwd=self.folder, capture_output=True, timeout=TIMEOUT_S)
            self.assertEqual(done.returncode, 4)
            self.assertEqual(done.stderr,
                             b"hydra-cli: error: output -: standard output is closed\n")

    def read_fifo(self, *arguments: str) -> bytes:
        """What comes out of a named pipe that the program writes."""
        os.mkfifo(self.folder / "pipe")
        received: list[bytes] = []
        reader = threading.Thread(
            target=lambda: received.append((self.folder / "pipe").read_bytes()), daemon=True)
        reader.start()
        self.ok(*arguments, "-q", "-o", "pipe")
        reader.join(TIMEOUT_S)
        return received[0]

    def test_named_pipe(self) -> None:
        self.assert_plays(self.read_fifo(*RENDER))

    def test_frame_into_a_named_pipe(self) -> None:
        data = self.read_fifo("frame", *SMALL, "a.png", "-t", "0")
        self.assertEqual(data[:8], b"\x89PNG\r\n\x1a\n")

    def test_frame_to_standard_output(self) -> None:
        done = self.cli("frame", *SMALL, "a.png", "-t", "0", "-o", "-")
        self.ok("frame", *SMALL, "-q", "a.png", "-t", "0", "-o", "frame.png")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual(done.stdout, (self.folder / "frame.png").read_bytes())
        done = self.cli("frame", *SMALL, "a.png", "-t", "0", "--json", "-o", "-")
        self.assertEqual(json.loads(done.stderr)["bytes"], len(done.stdout))

    def test_signals_reach_a_pipe_nobody_reads(self) -> None:
        process = subprocess.Popen([PROGRAM, *ENDLESS], cwd=self.folder, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        assert process.stdout and process.stderr
        process.stdout.read(1000)  # then the pipe runs full
        process.terminate()
        error = process.stderr.read().decode()
        self.assertEqual(process.wait(TIMEOUT_S), 143, error)
        self.assertIn("cancelled; the output is incomplete", error)
        process.stdout.close()
        process.stderr.close()
