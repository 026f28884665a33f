# SPDX-License-Identifier: MIT
"""Help, man page, completion and docs/cli.md tell of the same options and words."""

import re
import subprocess
from pathlib import Path

from support import VERBS, CliTest

__all__ = ["CompletionTest", "ManualTest"]

SOURCE = Path(__file__).resolve().parent.parent.parent
TOOL = SOURCE / "tools/hydra-cli"

# For each verb its long options; for each option its words, if its value is one of several.
Options = dict[str, set[str]]
Words = dict[str, set[str]]


def from_help(case: CliTest) -> tuple[Options, Words]:
    options: Options = {}
    words: Words = {}
    for verb in VERBS:
        text = case.ok("help", verb)
        options[verb] = set(re.findall(r"^  (?:-\w, |    )(--[a-z-]+)", text, re.MULTILINE))
        for name, listed in re.findall(r"^      (--[a-z-]+) .*:\n {36}([a-z0-9_, ]+)$", text,
                                       re.MULTILINE):
            words[name] = set(listed.split(", "))
    return options, words


def verbs_in(text: str) -> set[str]:
    if "All verbs but" in text:
        return set(VERBS) - verbs_in(text.replace("All verbs but", ""))
    if "All verbs" in text:
        return set(VERBS)
    return {verb for verb in VERBS if re.search(rf"\b{verb}\b", text)}


def from_docs() -> tuple[Options, dict[str, str]]:
    """Verbs are in the heading, or at the end of the row in parentheses."""
    options: Options = {verb: set() for verb in VERBS}
    rows: dict[str, str] = {}
    heading = ""
    for line in (SOURCE / "docs/cli.md").read_text().splitlines():
        if line.startswith("## "):
            heading = line
        match = re.match(r"\| (?:`-\w`, )?`(--[a-z-]+)", line)
        if match:
            remark = re.search(r"\((All verbs.*|`[^()]*`)\) \|$", line)
            rows[match[1]] = line
            for verb in verbs_in(remark[1] if remark else heading):
                options[verb].add(match[1])
    return options, rows


def from_man_page() -> tuple[Options, dict[str, str]]:
    """Verbs are in the subheading, or in a remark that names exceptions."""
    options: Options = {verb: set() for verb in VERBS}
    paragraphs: dict[str, str] = {}
    text = (TOOL / "hydra-cli.1").read_text().split(".SH OPTIONS\n")[1].split(".SH EXIT")[0]
    for section in text.split(".SS ")[1:]:
        heading, *entries = section.split(".TP\n")
        for entry in entries:
            plain = re.sub(r"\\f[BIR]|\"", "", entry).replace("\\-", "-")
            match = re.search(r"--[a-z-]+", plain.splitlines()[0])
            assert match, entry
            paragraphs[match[0]] = plain
            remark = re.search(r"\(all verbs but\n\.BR (\w+) \)", plain)
            for verb in verbs_in(heading) - verbs_in(remark[1] if remark else ""):
                options[verb].add(match[0])
    return options, paragraphs


class ManualTest(CliTest):
    def assert_words(self, words: Words, texts: dict[str, str]) -> None:
        for option, listed in words.items():
            for word in listed:
                self.assertRegex(texts[option], rf"(?<![\w-]){word}(?![\w-])", option)

    def test_help_tells_words(self) -> None:
        words = from_help(self)[1]
        self.assertEqual(words["--progress"], {"auto", "bar", "json", "none"})
        self.assertGreaterEqual(len(words), 6)

    def test_docs(self) -> None:
        options, words = from_help(self)
        documented, rows = from_docs()
        self.assertEqual(documented, options)
        self.assert_words(words, rows)

    def test_man_page(self) -> None:
        options, words = from_help(self)
        documented, paragraphs = from_man_page()
        self.assertEqual(documented, options)
        self.assert_words(words, paragraphs)

    def test_short_options(self) -> None:
        letters = {name: letter for verb in VERBS for letter, name in
                   re.findall(r"^  (-\w), (--[a-z-]+)", self.ok("help", verb), re.MULTILINE)}
        _, paragraphs = from_man_page()
        _, rows = from_docs()
        for name in rows:
            letter = letters.get(name)
            shown = re.match(r"\| `(-\w)`, ", rows[name])
            self.assertEqual(shown[1] if shown else None, letter, name)
            shown = re.match(r"\.B\w* (-\w) ", paragraphs[name])
            self.assertEqual(shown[1] if shown else None, letter, name)

    def test_exit_codes(self) -> None:
        docs = (SOURCE / "docs/cli.md").read_text().split("## Exit codes")[1].split("## ")[0]
        man = (TOOL / "hydra-cli.1").read_text().split(".SH EXIT STATUS")[1].split(".SH ")[0]
        header = (TOOL / "cli.h").read_text()
        codes = set(re.findall(r"CLI_\w+ = (\d)\b", header.split("Exit codes")[1].split("}")[0]))
        self.assertEqual(set(re.findall(r"^\| (\d) \|", docs, re.MULTILINE)), codes)
        self.assertEqual(set(re.findall(r"^\.B (\d)$", man, re.MULTILINE)), codes)

    def test_man_page_is_clean(self) -> None:
        done = subprocess.run(["groff", "-man", "-ww", "-z", "-Tutf8", TOOL / "hydra-cli.1"],
                              capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_man_page_names_all_verbs(self) -> None:
        text = (TOOL / "hydra-cli.1").read_text().split(".SH VERBS")[1].split(".SH OPTIONS")[0]
        self.assertEqual(re.findall(r"^\.B (\w+)$", text, re.MULTILINE), [*VERBS, "help"])


class CompletionTest(CliTest):
    def complete(self, *words: str) -> list[str]:
        """What bash offers for the last of these words."""
        script = f'source "{TOOL}/hydra-cli.bash"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); ' \
                 'set -u; _hydra_cli; printf "%s\\n" "${COMPREPLY[@]}"'
        done = subprocess.run(["bash", "-c", script, "bash", "hydra-cli", *words], cwd=self.folder,
                              capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.split("\n")[:-1] if done.stdout.strip() else []

    def test_is_registered(self) -> None:
        done = subprocess.run(["bash", "-c", f'source "{TOOL}/hydra-cli.bash"; complete -p hydra-cli'],
                              capture_output=True, text=True)
        self.assertEqual(done.stdout, "complete -F _hydra_cli hydra-cli\n")

    def test_verbs(self) -> None:
        self.assertEqual(set(self.complete("")), {*VERBS, "help", "--help", "--version"})
        self.assertEqual(self.complete("re"), ["render"])
        self.assertEqual(set(self.complete("help", "")), set(VERBS))
        self.assertEqual(self.complete("help", "render", ""), [])
        self.assertEqual(self.complete("nothing", "--"), [])

    def test_options_are_those_of_the_help(self) -> None:
        for verb, options in from_help(self)[0].items():
            self.assertEqual(set(self.complete(verb, "--")), options, verb)

    def test_words_are_those_of_the_help(self) -> None:
        options, words = from_help(self)
        for option, listed in words.items():
            for verb in VERBS:
                if option in options[verb]:
                    self.assertEqual(set(self.complete(verb, option, "")), listed, option)

    def test_value_after_an_equals_sign(self) -> None:
        self.assertEqual(self.complete("render", "--profile", "=", "d"), ["draft", "default"])
        self.assertEqual(self.complete("render", "--in-order", "="), ["fragmented", "buffered"])

    def test_one_motion_after_another(self) -> None:
        self.assertEqual(self.complete("render", "--motion", "none,pan-l"), ["none,pan-left"])

    def test_files(self) -> None:
        for words in (["render", ""], ["frame", "a.png", "-o", ""], ["render", "--music", ""],
                      ["check", "--project", ""], ["render", "--save-project", ""],
                      ["render", "--plan", ""], ["render", "--fps", "30", ""]):
            self.assertEqual(set(self.complete(*words)), self.names(), words)

    def test_names_with_blanks_stay_whole(self) -> None:
        self.write("two words.png", b"")
        self.assertEqual(self.complete("render", "two"), ["two words.png"])

    def test_only_files_after_two_dashes(self) -> None:
        self.write("--odd.png", b"")
        self.assertEqual(self.complete("render", "--", "--"), ["--odd.png"])

    def test_values_that_cannot_be_known(self) -> None:
        self.assertEqual(self.complete("render", "--crf", ""), [])
