"""The page on recipes is right: its recipes are read, its tables are those of the code."""

from __future__ import annotations

import re
import shlex
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from archdsl.components.options import written
from archdsl.language.load import read_assignment
from archdsl.language.nodes import plain
from archdsl.recipes import names, recipe, source_of
from archdsl.recipes.load import of_recipe
from archdsl.recipes.values import CHANGES, KEYS, TYPES
from archdsl.training import Recipe
from archdsl.training.augmentation import Augmentation
from tests.docs.page import Page

PAGE = Page("recipes.md")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading, without its head."""
    below = PAGE.text.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    found = re.findall(r"^\| .+ \|$", below, re.MULTILINE)[1:]
    return [[cell.strip() for cell in row.strip("| ").split(" | ")] for row in found]


def test_its_recipes_and_its_python_are_right(here: Path) -> None:
    for fence in PAGE.of("yaml"):
        recipe(f"./{fence.file}")
    assert PAGE.run_python() == 0


def test_its_command_lists_the_recipes(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for fence in PAGE.of("sh"):
        PAGE.run_commands(fence)
    said = capsys.readouterr().out
    assert all(f"\n{name} " in said for name in names())


@pytest.mark.parametrize("line", PAGE.of("bash")[0].text.splitlines())
def test_what_its_commands_set_is_of_their_recipes(line: str) -> None:
    words = shlex.split(line)
    assert words[:2] == ["archdsl", "train"]
    changes: dict[str, Any] = {}
    for word, value in pairwise(words):
        if word == "--set":
            address, node = read_assignment(value)
            changes |= {address: plain(node)[address]}  # type: ignore[call-overload, index]
    named = words[words.index("--recipe") + 1] if "--recipe" in words else "proxy"
    own, _ = of_recipe(changes)
    found = recipe(named, own).record()
    assert {f"train.{name}": found[name] for name in found if f"train.{name}" in own} == own


def test_the_shipped_ones_are_in_the_table_with_their_sources() -> None:
    found = {row[0].strip("`"): row for row in rows("The shipped ones")}
    assert sorted(found) == names()
    for name, (_, _, epochs, batch, optimizer, source) in found.items():
        known = recipe(name)
        assert epochs.partition(",")[0] == str(known.epochs)
        assert batch == f"{known.batch:,}"
        kind, rate = optimizer.split(", ")
        assert kind.lower() == known.optimizer and float(rate) == known.lr
        assert source == source_of(name)


def test_every_key_is_in_its_table_with_its_default() -> None:
    for heading, keys, default in (
        ("Keys of `train`", KEYS, Recipe()),
        ("Keys of `train.augmentation`", tuple(CHANGES), Augmentation()),
    ):
        found = rows(heading)
        assert [row[0].strip("`") for row in found] == list(keys)
        for name, _, usual, _ in found:
            assert usual == written(getattr(default, name.strip("`")))


def test_words_that_a_key_takes_are_those_of_the_code() -> None:
    takes = {row[0].strip("`"): row[1] for row in rows("Keys of `train`")}
    for name in ("interpolation", "schedule", "optimizer", "precision"):
        said = [word.strip("`") for word in re.split(r", | or ", takes[name])]
        assert said == TYPES[name].takes().split(" | ")
