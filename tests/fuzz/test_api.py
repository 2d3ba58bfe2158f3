"""Every public function takes a zoo of wrong values: what comes out is an ArchError, or nothing."""

from __future__ import annotations

import inspect
import warnings
from pathlib import Path

import pytest

import archdsl
from archdsl.errors import ArchError
from archdsl.printable import printable, shown
from tests.fuzz import calls
from tests.fuzz.law import check
from tests.fuzz.zoo import ZOO, Mute

CALLS = {
    **calls.verbs(),
    **dict(calls.decorators()),
    **calls.of_a_space(),
    **calls.others(Path("nowhere")),
    **calls.written(),
}
ALLOWED = {"Candidate.report": (ValueError, TypeError)}
"""What a docstring promises instead."""


SLOW = {"search out", "search trials"}
"""What ends in a whole search where the value will do."""


def marked(name: str) -> object:
    """The name of a call, slow where it ends in a search."""
    return pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else [])


@pytest.mark.parametrize("name", [marked(name) for name in CALLS])
def test_a_wrong_value_is_refused_in_words(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for what, make in ZOO.items():
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                CALLS[name](make())
            except ArchError as error:
                check(error)
            except ALLOWED.get(name.split(" ")[0], ()):
                pass
            except Exception as error:
                raise AssertionError(f"{name} of {what}: {type(error).__name__}") from error


def test_every_public_function_is_called() -> None:
    types = {"Act", "Fraction", "Key", "Layer", "NonNegative", "Norm", "Odd", "Out", "Positive"}
    types |= {"PositiveNumber", "NonNegativeNumber", "Query", "Value", "__version__"}
    types |= {
        "Benchmark",
        "Bound",
        "Changes",
        "Cost",
        "Evaluation",
        "ProxyCheck",
        "Result",
        "Trial",
    }
    named = {name.split(" ")[0].split(".")[0] for name in CALLS}
    assert set(archdsl.__all__) - types <= named
    methods = {
        f"Space.{name}"
        for name, _ in inspect.getmembers(archdsl.Space, inspect.isfunction)
        if not name.startswith("_")
    }
    without_arguments = {"Space.default", "Space.enumerate", "Space.costs"}
    assert methods - without_arguments <= {name.split(" ")[0] for name in CALLS}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("gelu", "'gelu'"),
        (3, "3"),
        ([1, "a"], "[1, 'a']"),
        (10**5000, "<int of 16,610 bits>"),
        (Mute(), "<Mute>"),
        ([Mute()], "[<Mute>]"),
        ("\x1b[31m\n\ud800\u202e", r"'\x1b[31m\n\ud800\u202e'"),
    ],
    ids=["text", "int", "list", "huge", "mute", "mutes", "escapes"],
)
def test_a_value_is_shown_whatever_it_is(value: object, words: str) -> None:
    assert shown(value) == words


@pytest.mark.parametrize("make", ZOO.values(), ids=ZOO)
def test_what_is_shown_is_short_and_can_be_printed(make) -> None:
    text = shown(make())
    assert text and text.isprintable() and len(text) <= 203


def test_what_cannot_be_printed_is_escaped_in_every_error() -> None:
    assert printable("é 𝔘\n\t") == "é 𝔘\n\t"
    assert str(ArchError("a\x1b[31m\r\udcffb\u2028")) == r"a\x1b[31m\r\udcffb\u2028"
    assert len(str(ArchError("x" * 10**6))) == 2005
