"""A page of the documents: its fenced blocks, and what a test does with each sort."""

from __future__ import annotations

import doctest
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archdsl.cli import main

DOCS = Path(__file__).parents[2] / "docs"


@dataclass(frozen=True)
class Fence:
    """A fenced block: its language, its text, where it begins, and the text block below it."""

    language: str
    text: str
    line: int
    below: str | None

    @property
    def name(self) -> str:
        """Of a spec: its name."""
        found = re.search(r"^name: (\w+)$", self.text, re.MULTILINE)
        return found[1] if found else ""

    @property
    def file(self) -> str | None:
        """What the block is called as a file: `NAME.yaml`, or what its first comment says."""
        if self.language == "yaml":
            return f"{self.name}.yaml"
        first = self.text.partition("\n")[0].removeprefix("# ")
        return first if self.language == "python" and first.endswith(".py") else None


class Page:
    """A page by its name in `docs/`."""

    def __init__(self, name: str) -> None:
        self.path = DOCS / name
        self.text = self.path.read_text(encoding="utf-8")
        pattern = r"^```(\w+)\n(.*?)^```\n(?:```text\n(.*?)^```\n)?"
        self.fences = [
            Fence(m[1], m[2], self.text.count("\n", 0, m.start()) + 1, m[3])
            for m in re.finditer(pattern, self.text, re.DOTALL | re.MULTILINE)
        ]

    def of(self, language: str) -> list[Fence]:
        """The blocks of a language, in order."""
        return [fence for fence in self.fences if fence.language == language]

    def write(self, folder: Path) -> None:
        """Put every block that is a file into a folder."""
        for fence in self.fences:
            if fence.file is not None:
                (folder / fence.file).write_text(fence.text, encoding="utf-8")

    def run_python(self) -> int:
        """Run the interactive blocks as one session; how many lines gave something else."""
        names: dict[str, Any] = {}
        runner = doctest.DocTestRunner(verbose=False)
        for fence in self.of("pycon"):
            test = doctest.DocTestParser().get_doctest(
                fence.text, names, self.path.name, str(self.path), fence.line
            )
            runner.run(test, clear_globs=False)
            names.update(test.globs)
        return runner.summarize(verbose=False).failed

    def run_commands(self, fence: Fence) -> None:
        """Run the commands of a block, one a line."""
        for line in fence.text.splitlines():
            program, *arguments = shlex.split(line)
            assert program == "archdsl"
            assert main(arguments) == 0, line
