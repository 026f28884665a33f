# SPDX-License-Identifier: MIT
"""Options: what is understood, what is refused and with which words."""

import subprocess

from support import PROGRAM, SMALL, VERBS, CliTest

__all__ = ["HelpTest", "NumberTest", "UsageTest"]


class HelpTest(CliTest):
    def test_version(self) -> None:
        self.assertRegex(self.ok("--version"), r"^hydra-cli \d+\.\d+\.\d+\n$")

    def test_overview_names_all_verbs(self) -> None:
        for arguments in (["--help"], ["-h"], ["help"]):
            text = self.ok(*arguments)
            for verb in VERBS:
                self.assertIn(f"hydra-cli {verb}", text)

    def test_help_of_a_verb_has_two_spellings(self) -> None:
        for verb in VERBS:
            text = self.ok("help", verb)
            self.assertIn("--help", text)
            self.assertEqual(text, self.ok(verb, "--help"))
            self.assertEqual(text, self.ok(verb, "-h"))

    def test_help_fits_a_terminal(self) -> None:
        for arguments in (["help"], *(["help", verb] for verb in VERBS)):
            for line in self.ok(*arguments).splitlines():
                self.assertLessEqual(len(line), 100, line)

    def test_output_that_cannot_be_written(self) -> None:
        with open("/dev/full", "wb") as full:
            done = subprocess.run([PROGRAM, "--version"], stdout=full, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 4)
        self.assertIn(b"standard output", done.stderr)


class UsageTest(CliTest):
    def test_no_verb(self) -> None:
        self.usage_error(says="no verb")

    def test_unknown_verb(self) -> None:
        self.usage_error("rendre", says="did you mean render?")
        self.usage_error("help", "farme", says="did you mean frame?")
        self.usage_error("bake", says='unknown verb "bake"')

    def test_unknown_option(self) -> None:
        self.usage_error("render", "--muzic", "x", says="did you mean --music?")
        self.usage_error("render", "--transition_duration=1", says="did you mean --transition-duration?")
        self.usage_error("render", "--xyzzy", says="unknown option --xyzzy")
        self.usage_error("render", "-z", says="after --")
        self.usage_error("probe", "--fps", "30", says="unknown option --fps")

    def test_value_missing_or_unwanted(self) -> None:
        self.usage_error("render", "a.png", "-o", says="--output needs a value")
        self.usage_error("render", "a.png", "--fps", says="--fps needs a value")
        self.usage_error("render", "a.png", "--json=yes", says="--json takes no value")
        self.usage_error("render", "a.png", "--output=", says="--output: the value is empty")

    def test_what_must_be_given(self) -> None:
        self.usage_error("render", "-o", "out.mp4", says="no photos")
        self.usage_error("render", "a.png", says="no output")
        self.usage_error("frame", "-t", "0", "-o", "out.png", says="no photos")
        self.usage_error("frame", "a.png", "-t", "0", says="no output")
        self.usage_error("frame", "a.png", "-o", "out.png", says="no time")
        self.usage_error("check", says="no photos")
        self.usage_error("estimate", "--json", says="no photos")
        for verb in ("probe", "schema", "doctor"):
            self.usage_error(verb, "a.png", says="takes no files")

    def test_words(self) -> None:
        for option in ("--easing", "--transition", "--transition-mode", "--profile", "--encoder", "--codec",
                       "--motion", "--fit", "--progress", "--in-order"):
            self.usage_error("render", "a.png", "-o", "o.mp4", option, "sideways",
                             says=f'{option} "sideways": expected ')
        self.usage_error("render", "a.png", "--transition", "wipe", says="cut or crossfade")
        self.usage_error("render", "a.png", "--motion", "zoom_in,", says="expected")
        self.usage_error("render", "a.png", "--motion", ",".join(["none"] * 17), says="up to 16")

    def test_sizes_rates_and_colours(self) -> None:
        for size in ("", "9x", "x9", "100", "10x10x10", "-2x64", "9:15", "99999999999x2", "64 x64"):
            self.usage_error("render", "a.png", f"--size={size}", says="--size")
        for rate in ("", "0", "-30", "30/0", "30/", "/1", "30fps", "29,97", "1/2/3", "1001"):
            self.usage_error("render", "a.png", f"--fps={rate}", says="--fps")
        for color in ("", "red", "12345", "1234567", "#12345", "0x1234", "##12345"):
            self.usage_error("render", "a.png", f"--background={color}", says="--background")

    def test_values_that_the_library_refuses(self) -> None:
        for size in ("65x64", "62x64", "4098x64"):
            self.fails(2, "render", "a.png", "-o", "o.mp4", "--size", size)
        for rate in ("121", "0.5", "30/1002"):
            self.fails(2, "render", "a.png", "-o", "o.mp4", "--fps", rate)
        self.fails(2, "render", "a.png", "-o", "o.mp4", "--preset", "warp")
        self.fails(2, "render", "a.png", "-o", "o.mp4", "--crf", "20", "--bitrate", "900")

    def test_timeline_that_does_not_add_up(self) -> None:
        self.fails(2, "render", "a.png", "b.png", "-o", "o.mp4", "--image-duration", "1",
                   "--transition-duration", "3")

    def test_equals_sign_and_short_forms(self) -> None:
        spaced = self.ok("render", "--plan", "a.png", "b.png", "--fps", "25", "--fit", "contain")
        self.assertEqual(spaced, self.ok("render", "--plan", "a.png", "--fps=25", "b.png",
                                         "--fit=contain"))
        self.ok("render", *SMALL, "-q", "-oout.mp4", "a.png")
        self.ok("render", *SMALL, "-q", "-y", "-o", "out.mp4", "a.png")

    def test_dash_and_underscore_are_the_same_in_words(self) -> None:
        self.assertEqual(self.ok("render", "--plan", "a.png", "--motion", "pan_left"),
                         self.ok("render", "--plan", "a.png", "--motion", "pan-left"))
        self.assertEqual(self.ok("render", "--plan", "a.png", "--easing", "in_out"),
                         self.ok("render", "--plan", "a.png", "--easing", "in-out"))

    def test_motions_have_the_words_of_projects(self) -> None:
        for verb in ("render", "frame"):
            text = self.ok("help", verb)
            for word in ("zoom-in", "zoom-out", "pan-left", "pan-right", "pan-up", "pan-down"):
                self.assertIn(f'"{word}"', self.ok("schema"))
                self.assertIn(word, text)

    def test_last_of_two_wins(self) -> None:
        self.assertEqual(self.ok("render", "--plan", "a.png", "--fps", "50", "--fps", "25"),
                         self.ok("render", "--plan", "a.png", "--fps", "25"))

    def test_plan_needs_no_output(self) -> None:
        self.assertNotEqual(self.ok("render", "--plan", "a.png", "b.png"), "")
        self.assertEqual(self.names(), self.before)


class NumberTest(CliTest):
    def test_not_a_number(self) -> None:
        for text in ("", " ", "1 ", " 1", "1,5", "1e3", "0x10", "1.", ".", "-", "+", "--1", "1.2.3",
                     "1.1234567", "nan", "inf", "9" * 30, "١"):
            for option in ("--duration", "--motion-amount"):
                self.usage_error("render", "a.png", "-o", "o.mp4", f"{option}={text}", says=option)
        for text in ("", "1.5", "two", "1 ", "9" * 30):
            self.usage_error("render", "a.png", "-o", "o.mp4", f"--threads={text}", says="--threads")

    def test_out_of_range(self) -> None:
        cases = {
            "--duration": ("0", "-1", "-0.000001", "36000.000001"),
            "--image-duration": ("0", "-1", "3601"),
            "--transition-duration": ("-0.5", "60.5"),
            "--motion-amount": ("0", "-1", "4.1"),
            "--gain": ("-60.1", "24.5"),
            "--fade-in": ("-1",),
            "--fade-out": ("-1",),
            "--music-start": ("-1",),
            "--crf": ("-1", "51.5"),
            "--bitrate": ("0", "49", "500001"),
            "--audio-bitrate": ("31", "321"),
            "--threads": ("0", "-1", "257"),
            "--deadline": ("0", "-1", "360000.5"),
        }
        for option, values in cases.items():
            for value in values:
                self.usage_error("render", "a.png", "-o", "o.mp4", option, value, says=f"{option} ")

    def test_range_is_told(self) -> None:
        self.usage_error("render", "a.png", "--gain", "30", says="from -60 to 24")
        self.usage_error("render", "a.png", "--motion-amount", "9", says="from 0.000001 to 4")
        self.usage_error("render", "a.png", "--threads", "0", says="a whole number from 1 to 256")

    def test_forms_of_a_number(self) -> None:
        plan = self.ok("render", "--plan", "a.png", "--duration", "2.5")
        for text in ("2.50", "+2.5", "02.500000"):
            self.assertEqual(plan, self.ok("render", "--plan", "a.png", "--duration", text))
        self.ok("render", "--plan", "a.png", "--duration", ".5")

    def test_negative_value_is_no_option(self) -> None:
        self.ok("render", "--plan", "a.png", "--music", "music.wav", "--gain", "-6")
