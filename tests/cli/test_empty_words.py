"""A word of a command line that is empty stands for nothing: not for the working directory."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

import archdsl
from archdsl.cli import parser
from archdsl.errors import ArchError
from tests.cli.conftest import TINY, Ran
from tests.cli.test_train import PROXY

Run = Callable[..., Ran]
SAYS = "nothing is named.  name what is meant, or leave it out"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.yaml").write_text(TINY + PROXY)


def words() -> list[tuple[str, list[str], str]]:
    """Verb, what stands before its word, and what an error calls that: every word of every verb."""
    found = []
    (verbs,) = [
        one
        for one in parser._parser(parser.VERBS)._actions
        if isinstance(one, argparse._SubParsersAction)
    ]
    for name, verb in verbs.choices.items():
        needed = [one for one in verb._actions if not one.option_strings and one.nargs is None]
        for action in verb._actions:
            if action.nargs == 0 or action.default == argparse.SUPPRESS or name == "weights":
                continue
            if action.type not in (None, Path):  # a number, or a list of them
                continue
            if action.option_strings:
                before = [*("import" if one.choices else "x" for one in needed)]
                found.append(
                    (name, [*before, action.option_strings[-1]], action.option_strings[-1])
                )
            else:
                at = needed.index(action) if action in needed else len(needed)
                found.append((name, ["x"] * at, str(action.metavar)))
    return found


@pytest.mark.parametrize(("verb", "before", "called"), words())
def test_no_verb_takes_an_empty_word(run: Run, verb: str, before: list[str], called: str) -> None:
    ran = run(verb, *before, "")
    assert ran.code == 2
    first = ran.err.splitlines()[0]
    assert first.startswith(f"archdsl {verb}: argument ")
    assert called in first and first.endswith(SAYS), first


@pytest.mark.parametrize("line", ["export '' -o x", "import x -o ''", "export x -o=", "'' x -o y"])
def test_weights_take_none_either(run: Run, line: str) -> None:
    assert SAYS in run("weights", *shlex.split(line)).err.splitlines()[0]


def test_an_empty_word_after_an_equals_sign_is_one(run: Run) -> None:
    ran = run("train", "tiny.yaml", "--out=")
    assert ran.code == 2 and ran.err.splitlines()[0].endswith(f"argument --out: {SAYS}")
    assert run("train", "tiny.yaml", "--out=here").code == 0


@pytest.mark.parametrize(
    "call",
    [
        lambda: archdsl.train("./tiny.yaml", out="", listener=None),
        lambda: archdsl.train("./tiny.yaml", data="", listener=None),
        lambda: archdsl.train("./tiny.yaml", weights="", listener=None),
        lambda: archdsl.train("./tiny.yaml", data={"type": "npz", "path": ""}, listener=None),
        lambda: archdsl.build("./tiny.yaml", weights=""),
        lambda: archdsl.save(archdsl.build("./tiny.yaml"), ""),
        lambda: archdsl.load_model(""),
        lambda: archdsl.search("./tiny.yaml", out=""),
        lambda: archdsl.evaluate("./tiny.yaml", ""),
        lambda: archdsl.export("./tiny.yaml", path=""),
        lambda: archdsl.hub.from_pretrained(""),
        lambda: archdsl.hub.save_pretrained(archdsl.build("./tiny.yaml"), ""),
        lambda: archdsl.data.Npz(path="").describe(Path()),
        lambda: archdsl.data.ImageFolder(path="").describe(Path()),
        lambda: archdsl.data.WebDataset(path="").describe(Path()),
        lambda: archdsl.data.Datasets(path="").describe(Path()),
    ],
)
def test_nor_does_python_take_an_empty_path(call: Callable[[], object]) -> None:
    with pytest.raises(ArchError, match="is a path, and this one is empty"):
        call()
    assert [path.name for path in Path().iterdir()] == ["tiny.yaml"]


@pytest.mark.parametrize("text", ["", "imports: ['']\n", "extends: ''\n"])
def test_an_empty_name_of_a_spec_suggests_no_file(text: str) -> None:
    name = ""
    if text:
        Path("other.yaml").write_text(f"archdsl: 1\n{text}" if "ext" in text else TINY + text)
        name = "./other.yaml"
    with pytest.raises(ArchError) as caught:
        archdsl.load(name)
    assert "is called ''" in str(caught.value) or "an import has a name" in str(caught.value)
    assert "./  for what lies here" not in str(caught.value)


def test_a_recipe_without_a_name_suggests_no_file() -> None:
    from archdsl.recipes import recipe

    with pytest.raises(ArchError, match="no shipped recipe is called ''") as caught:
        recipe("")
    assert "for what lies here" not in str(caught.value)
