# SPDX-License-Identifier: MIT
"""Projects: from a file, from standard input, from options; what is wrong with them."""

import json
import os
from typing import Any

from support import SMALL, CliTest

__all__ = ["CheckTest", "EstimateTest", "OverrideTest", "ProjectTest", "SchemaTest"]

PROJECT: dict[str, Any] = {
    "hydra": 1,
    "canvas": {"width": 128, "height": 128},
    "fps": 10,
    "images": [
        {"src": "a.png", "duration": 0.5},
        {"src": "b.png", "duration": 1.5, "motion": {"type": "pan-left", "amount": 0.125}},
    ],
    "output": {"profile": "draft"},
}

BROKEN = """{
  "hydra": 1,
  "images": [
    {"src": "a.png", "fit": "covr"},
    {"src": "b.png", "duration": -1}
  ],
  "fsp": 30
}
"""


class ProjectCase(CliTest):
    def setUp(self) -> None:
        super().setUp()
        self.write("trip.json", json.dumps(PROJECT))

    def saved(self, *arguments: str, stdin: bytes = b"") -> dict[str, Any]:
        """The project that these arguments make."""
        text = self.ok("render", *arguments, "--save-project", "-", stdin=stdin)
        saved: dict[str, Any] = json.loads(text)
        return saved


class ProjectTest(ProjectCase):
    def result(self, *arguments: str, stdin: bytes = b"") -> dict[str, Any]:
        text = self.ok("render", "--json", "-y", "-o", "out.mp4", *arguments, stdin=stdin)
        result: dict[str, Any] = json.loads(text)
        self.assertEqual((result["width_px"], result["fps_num"], result["frames"]), (128, 10, 20))
        return result

    def test_by_name(self) -> None:
        self.result("trip.json")

    def test_by_content(self) -> None:
        for name, start in (("trip", ""), ("trip.txt", " \n\t"), ("marked", "\ufeff")):
            self.write(name, start + json.dumps(PROJECT))
            done = self.cli("render", "--plan", name)
            self.assertEqual(done.returncode == 0, start != "\ufeff", done.stderr)
            self.assertNotIn(b"picture", done.stderr)

    def test_by_option(self) -> None:
        self.result("--project", "trip.json")
        os.rename(self.folder / "trip.json", self.folder / "trip.x")
        self.result("--project=trip.x")

    def test_standard_input(self) -> None:
        text = json.dumps(PROJECT).encode()
        self.result("-", stdin=text)
        self.result("--project", "-", stdin=text)

    def test_other_verbs(self) -> None:
        self.ok("frame", "trip.json", "-t", "1", "-o", "frame.png")
        self.ok("render", "--plan", "trip.json")
        self.ok("check", "trip.json")
        self.ok("estimate", "trip.json")

    def test_one_project_and_nothing_beside_it(self) -> None:
        self.usage_error("render", "trip.json", "a.png", "-o", "o.mp4", says="one project")
        self.usage_error("render", "a.png", "-", "-o", "o.mp4", says="one project")
        self.usage_error("render", "--project", "trip.json", "a.png", "-o", "o.mp4", says="in the project")

    def test_that_cannot_be_read(self) -> None:
        (self.folder / "folder.json").mkdir()
        self.before = self.names()
        self.fails(3, "render", "none.json", "-o", "o.mp4", says="none.json: cannot be read")
        self.fails(3, "render", "folder.json", "-o", "o.mp4", says="folder.json: cannot be read")

    def test_too_large(self) -> None:
        self.write("huge.json", b" " * ((16 << 20) + 1))
        self.fails(3, "check", "huge.json")

    def test_output_is_the_project(self) -> None:
        self.fails(4, "render", "trip.json", "-y", "-o", "trip.json", says="is also an input")
        self.fails(4, "render", "--project", "trip.json", "-y", "-o", "./trip.json",
                   says="is also an input")

    def test_photo_of_a_project_is_missing(self) -> None:
        (self.folder / "sub").mkdir()
        (self.folder / "sub/p.json").write_text('{"hydra": 1, "images": [{"src": "no.jpg"}]}')
        self.before = self.names()
        error = self.fails(3, "render", "sub/p.json", "-o", "o.mp4", says="no.jpg")
        self.assertIn("count from the current folder", error)

    def test_saved_project_makes_the_same_video(self) -> None:
        options = [*SMALL, "--encoder", "raw", "--motion", "pan_up,zoom_out", "--fit", "blur",
                   "--easing=in_out", "a.png", "b.png"]
        self.ok("render", *options, "-q", "-o", "one.y4m", "--save-project", "saved.json")
        self.ok("render", "saved.json", "-q", "-o", "two.y4m")
        one, two = ((self.folder / name).read_bytes() for name in ("one.y4m", "two.y4m"))
        self.assertEqual(one, two)
        self.assertEqual(self.saved("saved.json"), json.loads((self.folder / "saved.json").read_text()))

    def test_save_keeps_what_is_there(self) -> None:
        self.fails(4, "render", "a.png", "--save-project", "trip.json", says="exists already")
        self.ok("render", "a.png", "-y", "--save-project", "trip.json")
        self.usage_error("render", "a.png", "--save-project", "-", "-o", "-", says="the same")
        self.fails(4, "render", "a.png", "--save-project", "no/p.json", says="its folder")


class OverrideTest(ProjectCase):
    def test_nothing_given_changes_nothing(self) -> None:
        saved = self.saved("trip.json")
        self.assertEqual(saved["canvas"], {"width": 128, "height": 128})
        self.assertEqual(saved, self.saved("-", stdin=json.dumps(PROJECT).encode()))

    def test_one_value_leaves_its_neighbours(self) -> None:
        before = self.saved("trip.json")
        after = self.saved("trip.json", "--fps", "29.97")
        self.assertEqual(after.pop("fps"), "30000/1001")
        before.pop("fps")
        self.assertEqual(after, before)

    def test_values_of_the_whole(self) -> None:
        saved = self.saved("trip.json", "--size", "1:1", "--background", "102030", "--duration", "7.25",
                           "--crf", "21.5", "--deadline", "90", "--in-order", "buffered", "--preset",
                           "fast", "--audio-bitrate", "96", "--encoder", "x265", "--codec",
                           "hevc")
        self.assertEqual(saved["background"], "#102030")
        self.assertEqual(saved["duration"], 7.25)
        self.assertEqual(saved["output"] | {"profile": "draft"}, saved["output"])
        for key, value in {"crf": 21.5, "deadline": 90, "in_order": "buffered", "preset": "fast",
                           "audio_bitrate_kbps": 96, "encoder": "x265", "codec": "hevc"}.items():
            self.assertEqual(saved["output"][key], value)
        self.assertIn(saved["canvas"], ({"preset": "1:1"}, {"width": 1080, "height": 1080}))

    def test_size_in_pixels(self) -> None:
        self.assertEqual(self.saved("trip.json", "--size", "64x66")["canvas"], {"width": 64, "height": 66})

    def test_values_of_every_photo(self) -> None:
        images = self.saved("trip.json", "--image-duration", "2", "--fit", "blur")["images"]
        self.assertEqual([(i["duration"], i["fit"], i["backdrop"]) for i in images],
                         [(2, "contain", "blur")] * 2)

    def test_motions_in_turn(self) -> None:
        project = PROJECT | {"images": [{"src": "a.png", "motion": "none"}] * 3}
        images = self.saved("-", "--motion", "pan_up,pan_down", stdin=json.dumps(project).encode())["images"]
        kinds = [i["motion"]["type"] if isinstance(i["motion"], dict) else i["motion"] for i in images]
        self.assertEqual(kinds, ["pan-up", "pan-down", "pan-up"])

    def test_part_of_a_motion(self) -> None:
        images = self.saved("trip.json", "--easing", "in")["images"]
        self.assertEqual(images[0]["motion"]["easing"], "ease-in")
        self.assertEqual(images[1]["motion"], {"type": "pan-left", "amount": 0.125, "easing": "ease-in"})
        images = self.saved("trip.json", "--motion-amount", "0.25")["images"]
        self.assertEqual([i["motion"]["amount"] for i in images], [0.25, 0.25])

    def test_transitions(self) -> None:
        project = PROJECT | {"transition": {"type": "crossfade", "duration": 0.25, "mode": "hold"}}
        project["images"] = [{"src": "a.png", "transition": {"type": "crossfade", "duration": 0.5}},
                             {"src": "b.png"}]
        text = json.dumps(project).encode()
        saved = self.saved("-", "--transition-duration", "0.125", stdin=text)
        self.assertEqual(saved["transition"] | {"duration": 0.125, "mode": "hold"}, saved["transition"])
        self.assertEqual(saved["images"][0]["transition"]["duration"], 0.125)
        self.assertNotIn("transition", saved["images"][1])

    def test_music(self) -> None:
        self.assertNotIn("audio", self.saved("trip.json", "--gain", "3"))
        saved = self.saved("trip.json", "--gain", "-3.5", "--music", 'music.wav', "--music-loop",
                           "--fade-in=.25")
        self.assertEqual(saved["audio"], {"src": "music.wav", "gain_db": -3.5, "fade_in": 0.25,
                                          "when_short": "loop"} | saved["audio"])
        again = self.saved("-", "--music", "b\"\\.wav", stdin=json.dumps(saved).encode())
        self.assertEqual(again["audio"]["src"], "b\"\\.wav")
        self.assertEqual(again["audio"]["gain_db"], -3.5)

    def test_quality_takes_the_place_of_a_bit_rate(self) -> None:
        first = self.saved("trip.json", "--bitrate", "900")
        self.assertEqual(first["output"]["bitrate_kbps"], 900)
        second = self.saved("-", "--crf", "20", stdin=json.dumps(first).encode())
        self.assertNotIn("bitrate_kbps", second["output"])
        self.assertEqual(second["output"]["crf"], 20)

    def test_bad_value_is_the_options_fault(self) -> None:
        error = self.fails(2, "render", "trip.json", "--size", "65x64", "-o", "o.mp4", says="/canvas/width")
        self.assertNotIn("trip.json", error)


class CheckTest(ProjectCase):
    def test_fine(self) -> None:
        self.assertEqual(self.ok("check", "trip.json"), "no problems found\n")
        self.assertEqual(json.loads(self.ok("check", "--json", "trip.json")),
                         {"ok": True, "images": 2, "issues": []})
        self.ok("check", "a.png", "b.png", "--music", "music.wav")

    def test_all_problems_with_their_places(self) -> None:
        self.write("bad.json", BROKEN)
        for verb in (["check"], ["render", "-o", "o.mp4"]):
            lines = self.fails(3, *verb, "bad.json").splitlines()
            self.assertEqual(len(lines), 3, lines)
            found = sorted(line.removeprefix("hydra-cli: error: bad.json:") for line in lines)
            self.assertRegex(found[0], r'^4:\d+: /images/0/fit: .*covr.*did you mean.*cover')
            self.assertRegex(found[1], r"^5:\d+: /images/1/duration: ")
            self.assertRegex(found[2], r"^7:\d+: /fsp: .*did you mean.*fps")

    def test_problems_as_json(self) -> None:
        self.write("bad.json", BROKEN)
        done = self.cli("check", "--json", "bad.json")
        report = json.loads(done.stdout)
        self.assertEqual((done.returncode, report["ok"], report["exit_code"]), (3, False, 3))
        issues = {issue["pointer"]: issue for issue in report["issues"]}
        self.assertEqual(set(issues), {"/images/0/fit", "/images/1/duration", "/fsp"})
        self.assertEqual(issues["/images/0/fit"]["line"], 4)
        self.assertEqual(issues["/fsp"]["status"], "HYDRA_ERR_ARGUMENT")

    def test_syntax(self) -> None:
        self.write("bad.json", '{\n  "hydra": 1,,\n}')
        self.fails(3, "check", "bad.json", says="bad.json:2:")
        self.fails(3, "check", "-", stdin=b'{"hydra": 1', says="standard input:1:")

    def test_all_files_that_are_missing(self) -> None:
        project = PROJECT | {"images": [{"src": "no.png"}, {"src": "a.png"}, {"src": "nein.png"}]}
        self.write("p.json", json.dumps(project))
        error = self.fails(3, "check", "p.json")
        for name in ("/images/0", "no.png", "/images/2", "nein.png"):
            self.assertIn(name, error)
        error = self.fails(3, "check", "no.png", "nein.png", "--music", "stumm.wav")
        for name in ("no.png", "nein.png", "stumm.wav"):
            self.assertIn(name, error)


class EstimateTest(ProjectCase):
    def test_json(self) -> None:
        estimate = json.loads(self.ok("estimate", "--json", "trip.json"))
        self.assertEqual(set(estimate), {"ok", "frames", "duration_us", "memory_bytes", "output_bytes",
                                         "seconds"})
        self.assertEqual((estimate["frames"], estimate["duration_us"]), (20, 2000000))
        self.assertGreater(estimate["memory_bytes"], 128 * 128)

    def test_table(self) -> None:
        text = self.ok("estimate", *SMALL, "a.png", "b.png")
        self.assertIn("1.000 s, 10 frames", text)
        for word in ("memory", "file", "time"):
            self.assertIn(word, text)

    def test_missing_photo(self) -> None:
        self.fails(3, "estimate", "missing.png", says="missing.png")


class SchemaTest(CliTest):
    def test_schema(self) -> None:
        schema = json.loads(self.ok("schema"))
        self.assertEqual(schema["$schema"], "https://json-schema.org/draft/2020-12/schema")
