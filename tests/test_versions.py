"""What is said of versions is true: bounds, the pinned set, what `make compat` runs, the page."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from archdsl.cost.operators import CHECKED_WITH

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PAGE = (ROOT / "docs" / "versions.md").read_text(encoding="utf-8")


def minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def pinned(package: str) -> str:
    (found,) = re.findall(
        rf"^{package}==(\S+)$", (ROOT / "requirements.txt").read_text(), re.MULTILINE
    )
    return found


def compared() -> list[str]:
    (found,) = re.findall(r"^COMPAT \?= (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return found.split()


def test_any_torch_from_the_pinned_one_on_may_be_installed_beside_archdsl() -> None:
    (bound,) = (one for one in PROJECT["dependencies"] if one.startswith("torch>"))
    assert bound == f"torch>={minor(pinned('torch'))}"


def test_the_table_was_checked_with_the_pinned_torch_and_those_of_make_compat() -> None:
    assert [minor(one) for one in (pinned("torch"), *compared())] == list(CHECKED_WITH)


def test_the_page_tells_what_came_of_each() -> None:
    for version in (pinned("torch"), *compared()):
        assert re.search(rf"^\| {re.escape(version)} \|", PAGE, re.MULTILINE), version
    for package in ("lightning", "optuna"):
        assert pinned(package) in PAGE


def test_each_python_that_is_classified_was_tried() -> None:
    named = [
        one.rpartition(" ")[2]
        for one in PROJECT["classifiers"]
        if one.startswith("Programming Language :: Python :: ")
    ]
    assert named[0] == PROJECT["requires-python"].removeprefix(">=")
    for version in named:
        assert re.search(rf"^\| {re.escape(version)}\.\d+ \|", PAGE, re.MULTILINE), version
