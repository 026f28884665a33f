#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The loader and docs/project.schema.json are of one mind: what one accepts, so does the other.

    schema_check.py BUILD_FOLDER

On the corpus (valid-*.json, invalid-*.json), on mutations of it, and on what the loader writes
back; in locales with another decimal point too.
"""

import json
import os
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jsonschema import Draft202012Validator

from mutations import dumped, edges, mutate_text, mutate_value

HERE = Path(__file__).parent
SCHEMA_FILE = HERE.parent.parent / "docs" / "project.schema.json"
MANUAL = SCHEMA_FILE.with_name("project.md")
SEED = 20250117
STRUCTURED = 8000
TEXTUAL = 4000
# Decimal points of one byte and of two.
LOCALES = {"de_DE": ",", "ps_AF": "\u066b"}


@dataclass
class Answer:
    accepted: bool
    text: bytes  # what the loader writes, or why it refuses


class Loader:
    def __init__(self, build: str):
        self.program = f"{build}/tests/project/json_check"

    def schema(self) -> bytes:
        return subprocess.run([self.program, "--schema"], check=True, capture_output=True).stdout

    def ask(self, documents: list[bytes], **environment: str) -> list[Answer]:
        data = b"".join(b"%d\n%s" % (len(d), d) for d in documents)
        run = subprocess.run([self.program], input=data, check=True, capture_output=True,
                             env=os.environ | environment)
        answers = list(self.parse(run.stdout))
        if len(answers) != len(documents):
            raise RuntimeError(f"{len(answers)} answers of {len(documents)}: {run.stderr!r}")
        return answers

    @staticmethod
    def parse(output: bytes) -> Iterator[Answer]:
        at = 0
        while at < len(output):
            end = output.index(b"\n", at)
            verdict, _, rest = output[at:end].partition(b" ")
            at = end + 1
            if verdict == b"accept":
                size = int(rest)
                yield Answer(True, output[at:at + size])
                at += size
            else:
                yield Answer(False, rest)


def no_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("duplicate key")
    return result


def no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def parse_strictly(document: bytes) -> object:
    """JSON as RFC 8259 has it, without duplicate keys; ValueError otherwise."""
    value = json.loads(document.decode(), object_pairs_hook=no_duplicates,
                       parse_constant=no_constant)
    # Half a surrogate pair is no text.
    json.dumps(value, ensure_ascii=False).encode()
    return value


class Schema:
    def __init__(self) -> None:
        schema = json.loads(SCHEMA_FILE.read_text())
        Draft202012Validator.check_schema(schema)
        self.validator = Draft202012Validator(schema)

    def accepts(self, document: bytes) -> bool:
        try:
            value = parse_strictly(document)
        except (ValueError, RecursionError):
            return False
        return self.validator.is_valid(value)


class Report:
    def __init__(self) -> None:
        self.passed = 0
        self.failed = 0

    def check(self, name: str, problems: list[str]) -> None:
        self.passed += not problems
        self.failed += bool(problems)
        for problem in problems[:10]:
            print(f"{name}: {problem}")


def shown(document: bytes) -> str:
    return repr(document[:400])


def check_corpus(report: Report, loader: Loader, schema: Schema) -> list[bytes]:
    """Returns the valid documents."""
    paths = sorted((HERE / "corpus").glob("*.json"))
    documents = [path.read_bytes() for path in paths]
    valid = []
    for path, document, answer in zip(paths, documents, loader.ask(documents)):
        expected = path.name.startswith("valid-")
        problems = []
        if answer.accepted != expected:
            problems.append(f"the loader says {answer}")
        if schema.accepts(document) != expected:
            problems.append(f"the schema {'refuses' if expected else 'accepts'} it")
        report.check(path.name, problems)
        if expected:
            valid.append(document)
    if len(valid) < 20 or len(paths) - len(valid) < 50:
        report.check("corpus", [f"only {len(paths)} files"])
    return valid


def compare(loader: Loader, schema: Schema,
            documents: list[bytes]) -> tuple[list[str], list[bytes]]:
    """Differences, and what the loader made of the accepted ones."""
    problems = []
    saved = []
    for document, answer in zip(documents, loader.ask(documents)):
        if schema.accepts(document) != answer.accepted:
            problems.append(f"loader {answer}, schema the opposite: {shown(document)}")
        if answer.accepted:
            saved.append(answer.text)
    # A test where nearly all is refused, or accepted, shows little.
    if not len(documents) / 10 < len(saved) < len(documents) * 9 / 10:
        problems.append(f"{len(saved)} of {len(documents)} accepted")
    return problems, saved


def check_saved(loader: Loader, schema: Schema, saved: list[bytes]) -> list[str]:
    """What the loader writes is valid, and loading it changes nothing."""
    problems = []
    for document, answer in zip(saved, loader.ask(saved)):
        if not schema.accepts(document):
            problems.append(f"written, but against the schema: {shown(document)}")
        if not answer.accepted or answer.text != document:
            problems.append(f"{shown(document)} became {answer}")
    return problems


def names_in(schema: object) -> Iterator[str]:
    """Keys and words of the format."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        yield from (f'"{word}"' for word in schema.get("enum", []))
        for part in schema.values():
            yield from names_in(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from names_in(part)


def check_manual(loader: Loader, schema: Schema) -> list[str]:
    """The examples work, and nothing is left out but the many ways to say a position."""
    text = MANUAL.read_text()
    examples = [block.encode() for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]
    problems = [f"example: {answer}" for example, answer in zip(examples, loader.ask(examples))
                if not answer.accepted or not schema.accepts(example)]
    position = schema.validator.schema["$defs"]["image"]["properties"]["position"]["anyOf"][0]
    several = {f'"{word}"' for word in position["enum"]}
    problems += [f"{name} is not in the manual" for name in names_in(schema.validator.schema)
                 if f"`{name}`" not in text and name not in several]
    return problems if examples else ["no examples"]


def check_locales(report: Report, loader: Loader, documents: list[bytes]) -> None:
    expected = loader.ask(documents, LC_ALL="C")
    for name, point in LOCALES.items():
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["localedef", "-i", name, "-f", "UTF-8", f"{folder}/{name}.UTF-8"],
                           check=True, capture_output=True)
            environment = {"LOCPATH": folder, "LC_ALL": f"{name}.UTF-8"}
            used = subprocess.run(["locale", "decimal_point"], check=True, capture_output=True,
                                  env=os.environ | environment).stdout.decode().strip()
            problems = [] if used == point else [f"its decimal point is {used!r}"]
            if loader.ask(documents, **environment) != expected:
                problems.append("other answers than in the C locale")
            report.check(name, problems)


def main(build: str) -> int:
    loader, schema, report = Loader(build), Schema(), Report()
    report.check("embedded schema",
                 [] if loader.schema() == SCHEMA_FILE.read_bytes() else ["differs from the file"])
    valid = check_corpus(report, loader, schema)
    values = [json.loads(document) for document in valid]
    rng = random.Random(SEED)
    structured = [mutate_value(rng, values) for _ in range(STRUCTURED)]
    textual = [mutate_text(rng, valid) for _ in range(TEXTUAL)]
    report.check(MANUAL.name, check_manual(loader, schema))
    ends = [dumped(value) for value in edges(schema.validator.schema)]
    count = 0
    saved = []
    for name, documents in {"ends of ranges": ends, "mutations of values": structured,
                            "mutations of text": textual}.items():
        problems, written = compare(loader, schema, documents)
        report.check(name, problems)
        saved += written
        count += len(documents)
    report.check("written documents", check_saved(loader, schema, saved))
    check_locales(report, loader, valid + saved[:500])
    print(f"{count} documents beside the corpus, {len(saved)} of them accepted by both")
    print(f"{report.passed} passed, {report.failed} failed")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
