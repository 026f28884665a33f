# SPDX-License-Identifier: MIT
"""Inputs and outputs that are missing, damaged, in the way, or oddly named."""

import json
import os
import stat
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import media
from support import PROGRAM, SMALL, TIMEOUT_S, CliTest
from test_remote import DIRECT

__all__ = ["InputTest", "NameTest", "OutputTest", "ReplaceTest"]


class InputTest(CliTest):
    def refused(self, *arguments: str, says: str) -> None:
        self.fails(3, "render", *SMALL, "-o", "out.mp4", *arguments, says=says)

    def test_missing_photo(self) -> None:
        self.refused("a.png", "missing.jpg", says="missing.jpg")

    def test_empty_photo(self) -> None:
        self.refused(self.write("empty.jpg", b""), says="empty.jpg")

    def test_text_as_photo(self) -> None:
        self.refused("a.png", self.write("note.jpg", b"Dear diary,\n" * 50), says="note.jpg")

    def test_truncated_photo(self) -> None:
        data = media.png(200, 200)
        self.refused(self.write("half.png", data[: len(data) // 2]), says="half.png")

    def test_photo_is_a_folder(self) -> None:
        (self.folder / "album").mkdir()
        self.before = self.names()
        done = self.cli("render", *SMALL, "-o", "out.mp4", "album")
        self.assertIn(done.returncode, (2, 3))
        self.assertIn(b"album", done.stderr)

    def test_photo_is_a_fifo(self) -> None:
        os.mkfifo(self.folder / "pipe.jpg")
        self.before = self.names()
        done = self.cli("render", *SMALL, "-o", "out.mp4", "pipe.jpg")
        self.assertIn(done.returncode, (2, 3))
        self.assertIn(b"pipe.jpg", done.stderr)

    def test_enormous_photo_is_refused_by_its_header(self) -> None:
        data = bytearray(media.png(8, 8))
        header = b"\x00\x00\xff\xff" * 2 + bytes(data[24:29])
        data[8:33] = media.png_chunk(b"IHDR", header)
        self.refused(self.write("bomb.png", bytes(data)), says="bomb.png")

    def test_missing_music(self) -> None:
        self.refused("a.png", "--music", "missing.mp3", says="missing.mp3")

    def test_text_as_music(self) -> None:
        name = self.write("song.mp3", b"la la la\n" * 100)
        self.refused("a.png", "--music", name, says="song.mp3")

    def test_photo_as_music(self) -> None:
        self.refused("a.png", "--music", "b.png", says="b.png")

    def test_music_starts_after_its_end(self) -> None:
        done = self.cli("render", *SMALL, "-o", "out.mp4", "a.png", "--music", "music.wav",
                        "--music-start", "100")
        self.assertIn(done.returncode, (2, 3))
        self.assertIn(b"music.wav", done.stderr)
        self.assertEqual(self.names(), self.before)

    def test_other_scheme(self) -> None:
        self.refused("ftp://example.org/a.jpg", says="ftp://example.org/a.jpg")

    def test_error_as_json(self) -> None:
        done = self.cli("render", *SMALL, "--json", "-o", "out.mp4", "missing.jpg")
        error = json.loads(done.stdout)
        self.assertEqual((error["ok"], error["exit_code"]), (False, 3))
        self.assertEqual(error["status"], "HYDRA_ERR_NOT_FOUND")
        self.assertIn("missing.jpg", error["error"])
        self.assertEqual(done.returncode, 3)


class OutputTest(CliTest):
    def refused(self, output: str, *options: str, says: str) -> None:
        for verb in (["render"], ["frame", "-t", "0"]):
            self.fails(4, *verb, *SMALL, "a.png", "--music", "music.wav", "-o", output, *options,
                       says=says)

    def test_existing_output_is_kept(self) -> None:
        (self.folder / "out").write_bytes(b"precious")
        self.before = self.names()
        self.refused("out", says="-y or --overwrite replaces it")
        self.assertEqual((self.folder / "out").read_bytes(), b"precious")

    def test_overwrite(self) -> None:
        (self.folder / "out.mp4").write_bytes(b"old")
        self.render("a.png", "--overwrite")
        self.assertEqual((self.folder / "out.mp4").read_bytes()[4:8], b"ftyp")

    def test_failed_render_keeps_the_old_output(self) -> None:
        (self.folder / "out.mp4").write_bytes(b"old")
        self.before = self.names()
        self.fails(3, "render", *SMALL, "-y", "-o", "out.mp4", "missing.png")
        self.assertEqual((self.folder / "out.mp4").read_bytes(), b"old")

    def test_folder(self) -> None:
        (self.folder / "videos").mkdir()
        self.before = self.names()
        self.refused("videos", "-y", says="is a folder")
        self.refused("videos/", "-y", says="is a folder")
        self.refused("new/", "-y", says="is a folder")

    def test_never_overwrite(self) -> None:
        self.write("out", b"precious")
        self.refused("out", "-n", says="is kept")
        self.refused("out", "-y", "--no-overwrite", says="is kept")
        self.ok("render", *SMALL, "-q", "-n", "-y", "-o", "out", "a.png")

    def test_never_overwrite_makes_a_new_file(self) -> None:
        self.render("a.png", "-n")

    def test_device(self) -> None:
        self.refused("/dev/zero", "-y", says="neither a regular file nor a pipe")

    def test_null_device_takes_everything(self) -> None:
        device = os.stat("/dev/null")
        for options in ((), ("-y",), ("-n",)):
            self.assertGreater(self.render("a.png", *options, output="/dev/null")["bytes"], 1000)
            self.ok("frame", *SMALL, "-q", "-t", "0", "a.png", *options, "-o", "/dev/null")
        text = self.ok("render", *SMALL, "a.png", "-o", "/dev/null", "--save-project", "null")
        self.assertTrue(text.startswith("/dev/null\n"), text)
        self.ok("render", *SMALL, "-q", "--encoder", "raw", "a.png", "-o", "/dev/null")
        self.assertEqual(os.stat("/dev/null").st_ino, device.st_ino)
        self.assertEqual(self.names(), self.before | {"null"})

    def test_missing_folder(self) -> None:
        self.refused("nowhere/out.mp4", says="nowhere/out.mp4")
        self.refused("a.png/out.mp4", says="a.png/out.mp4")

    def test_folder_that_vanishes(self) -> None:
        """The output is looked at, then the project is read from a pipe, then the folder is gone."""
        (self.folder / "sub").mkdir()
        process = subprocess.Popen(
            [PROGRAM, "render", "--project", "-", "-o", "sub/out.mp4"], cwd=self.folder,
            stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stdin and process.stderr
        process.stdin.write(b" " * 500_000)  # more than a pipe holds: somebody reads it
        process.stdin.flush()
        (self.folder / "sub").rmdir()
        process.stdin.write(b'{"hydra": 1, "images": [{"src": "a.png"}]}')
        process.stdin.close()
        error = process.stderr.read().decode()
        self.assertEqual(process.wait(TIMEOUT_S), 4, error)
        self.assertIn("sub/out.mp4", error)
        process.stderr.close()
        self.assertEqual(self.names(), self.before)

    def test_output_is_an_input(self) -> None:
        original = (self.folder / "a.png").read_bytes()
        (self.folder / "alias").symlink_to("a.png")
        os.link(self.folder / "music.wav", self.folder / "twin")
        self.before = self.names()
        for name in ("a.png", "./a.png", "music.wav", "alias", "twin"):
            self.refused(name, "-y", says="is also an input")
        self.assertEqual((self.folder / "a.png").read_bytes(), original)

    def test_uri(self) -> None:
        self.refused(f"file://{self.folder}/out.mp4", says="not a URI")

    def test_absolute_path_and_other_folder(self) -> None:
        (self.folder / "sub").mkdir()
        self.render("a.png", output=str(self.folder / "sub" / "out.mp4"))
        self.render("a.png", output="sub/../sub/two.mp4")
        self.assertEqual({p.name for p in (self.folder / "sub").iterdir()}, {"out.mp4", "two.mp4"})


class ReplaceTest(CliTest):
    """What happens to the file, or link, that has the name of the output."""

    PROJECT = (b'{"hydra": 1, "canvas": {"width": 128, "height": 128}, "fps": 10,'
               b' "images": [{"src": "a.png", "duration": 1}],'
               b' "output": {"profile": "draft", "when_exists": "replace"}}')
    # Each verb with what makes it write `out`.
    WRITERS = {"render": ("-o",), "frame": ("-t", "0", "-o"), "save": ("--save-project",)}

    def write_out(self, writer: str, *options: str, name: str = "out") -> None:
        self.ok("render" if writer == "save" else writer, *SMALL, "-q", "a.png", *options,
                *self.WRITERS[writer], name)

    def serve(self) -> str:
        """The URL of a photo; `out` appears when it is asked for."""
        folder, photo = self.folder, (self.folder / "a.png").read_bytes()

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None:
                pass

            def do_GET(self) -> None:
                (folder / "out").write_bytes(b"precious")
                self.send_response(200)
                self.send_header("Content-Length", str(len(photo)))
                self.end_headers()
                self.wfile.write(photo)

        server = HTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"http://127.0.0.1:{server.server_port}/a.png"

    def race(self, writer: str, *options: str, late: bool = False) -> str:
        """The file appears when it was looked for and not there: the project comes through a pipe,
        in two parts; or, late, during the work itself. Returns the error."""
        verb = "render" if writer == "save" else writer
        process = subprocess.Popen(
            [PROGRAM, verb, "--project", "-", "-q", *options, *self.WRITERS[writer], "out"],
            cwd=self.folder, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ | DIRECT)
        assert process.stdin and process.stderr
        process.stdin.write(b" " * 500_000)  # more than a pipe holds: somebody reads it
        process.stdin.flush()
        project = self.PROJECT
        if late:
            project = project.replace(b"a.png", self.serve().encode())
        else:
            (self.folder / "out").write_bytes(b"precious")
        process.stdin.write(project)
        process.stdin.close()
        error = process.stderr.read().decode()
        process.stderr.close()
        self.assertEqual(process.wait(TIMEOUT_S), 4, error)
        self.assertEqual((self.folder / "out").read_bytes(), b"precious")
        self.assertEqual(self.names(), self.before | {"out"})
        (self.folder / "out").unlink()
        return error

    def test_file_that_came_before_the_work(self) -> None:
        for writer in self.WRITERS:
            for options in ((), ("-n",), ("-y", "-n")):
                with self.subTest(writer=writer, options=options):
                    self.assertIn("exists already", self.race(writer, *options))

    def test_file_that_came_during_the_work(self) -> None:
        for options in ((), ("-n",)):
            self.assertIn("exists already", self.race("render", *options, late=True))

    def test_overwrite_beats_the_project(self) -> None:
        self.write("p.json", self.PROJECT.replace(b'"replace"', b'"fail"'))
        self.write("out.mp4", b"old")
        self.ok("render", "p.json", "-q", "-y", "-o", "out.mp4")
        self.assertEqual((self.folder / "out.mp4").read_bytes()[4:8], b"ftyp")

    def test_saved_project_does_not_know_of_it(self) -> None:
        self.ok("render", *SMALL, "-q", "a.png", "--save-project", "p.json", "-o", "out.mp4")
        self.assertNotIn("when_exists", (self.folder / "p.json").read_text())

    def test_permissions_stay(self) -> None:
        for writer in self.WRITERS:
            for mode in (0o600, 0o604, 0o755):
                with self.subTest(writer=writer, mode=mode):
                    path = self.folder / self.write("out", b"secret")
                    path.chmod(mode)
                    self.write_out(writer, "-y")
                    self.assertNotEqual(path.read_bytes(), b"secret")
                    self.assertEqual(stat.S_IMODE(path.stat().st_mode), mode)
        self.assertEqual(self.names(), self.before | {"out"})

    def test_permissions_of_a_new_file_are_the_usual_ones(self) -> None:
        mask = os.umask(0o027)
        try:
            for writer in self.WRITERS:
                self.write_out(writer, name=f"{writer}.out")
                mode = (self.folder / f"{writer}.out").stat().st_mode
                self.assertEqual(stat.S_IMODE(mode), 0o640, writer)
        finally:
            os.umask(mask)

    def test_links_stay(self) -> None:
        (self.folder / "sub").mkdir()
        (self.folder / "sub" / "end").symlink_to("deep")  # relative to its own folder
        (self.folder / "link").symlink_to("sub/end")
        before = self.names()
        for writer in self.WRITERS:
            with self.subTest(writer=writer):
                self.write_out(writer, name="link")  # to nothing yet
                first = (self.folder / "sub" / "deep").read_bytes()
                (self.folder / "sub" / "deep").write_bytes(b"old")
                (self.folder / "sub" / "deep").chmod(0o600)
                self.write_out(writer, "-y", name="link")
                self.assertEqual((self.folder / "sub" / "deep").read_bytes(), first)
                self.assertEqual((self.folder / "sub" / "deep").stat().st_mode & 0o777, 0o600)
                self.assertEqual(os.readlink(self.folder / "link"), "sub/end")
                self.assertEqual(os.readlink(self.folder / "sub" / "end"), "deep")
                (self.folder / "sub" / "deep").unlink()
        self.assertEqual(self.names(), before)
        self.assertEqual([p.name for p in (self.folder / "sub").iterdir()], ["end"])

    def test_links_in_a_circle(self) -> None:
        (self.folder / "here").symlink_to("there")
        (self.folder / "there").symlink_to("here")
        self.before = self.names()
        for writer in ("render", "frame"):
            self.fails(4, writer, *SMALL, "-y", "a.png", *self.WRITERS[writer], "here", says="here")

    def test_long_name(self) -> None:
        name = "\u00e9" * 120
        for writer in self.WRITERS:
            self.write_out(writer, "-y", name=name)
        self.assertEqual(self.names(), self.before | {name})


class NameTest(CliTest):
    def test_unusual_names(self) -> None:
        for name in ("two words", "fd:1", "pull:", "s3:", "it's", 'say "cheese"', "Łódź 東京 🎬",
                     "100%25", "a:b", "new\nline", "back\\slash", "$HOME", "*"):
            with self.subTest(name=name):
                (self.folder / f"{name}.png").write_bytes((self.folder / "a.png").read_bytes())
                (self.folder / f"{name}.wav").write_bytes((self.folder / "music.wav").read_bytes())
                result = self.render(f"{name}.png", "--music", f"{name}.wav", output=f"{name}.mp4")
                self.assertEqual(result["output"], f"{name}.mp4")
                self.assertTrue((self.folder / f"{name}.mp4").is_file())

    def test_name_that_is_no_utf8(self) -> None:
        name = b"caf\xe9"
        (Path(os.fsdecode(os.fsencode(self.folder) + b"/" + name + b".png"))).write_bytes(
            (self.folder / "a.png").read_bytes())
        result = self.render(name + b".png", output=name + b".mp4")
        self.assertEqual(result["output"], "caf\ufffd.mp4")

    def test_leading_dashes(self) -> None:
        for name in ("-o", "--music", "-photo.png"):
            (self.folder / name).write_bytes((self.folder / "a.png").read_bytes())
        result = self.render("--", "-o", "--music", "-photo.png")
        self.assertEqual(result["frames"], 15)
        self.render("-y", "a.png", output="-out.mp4")
        self.assertTrue((self.folder / "-out.mp4").is_file())

    def test_file_uri(self) -> None:
        self.render(f"file://{self.folder}/a.png", "--music", f"file:{self.folder}/music.wav")

    def test_control_characters_stay_out_of_messages(self) -> None:
        error = self.fails(3, "render", *SMALL, "-o", "out.mp4", "bad\x1b[31m\nname.png")
        self.assertNotIn("\x1b", error)
        self.assertEqual(error.count("\n"), 1)
