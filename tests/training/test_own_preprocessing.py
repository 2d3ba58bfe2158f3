"""What a datamodule says of its images, and what it is told where it says it wrongly."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from archdsl.data.preprocessing import BYTES, Pixels, Preprocessing
from archdsl.errors import SearchError
from archdsl.training.own_preprocessing import said_by

GOOD = {"class_names": ["a", "b"], "mean": 0.5, "std": [0.1, 0.2, 0.3], "cover": [9, 10]}
NOT_RIGHT = "search.proxy.datamodule: the preprocessing of m:M is not right: "


def said(statement: Any) -> tuple[Preprocessing, tuple[str, ...]]:
    return said_by(SimpleNamespace(preprocessing=statement), "m:M", (3, 8, 8), 2)


def test_a_statement_is_taken_from_an_attribute_or_a_method() -> None:
    pixels = Pixels(BYTES, (0.5,) * 3, (0.1, 0.2, 0.3), cover=(9, 10))
    assert said(GOOD) == (Preprocessing(("a", "b"), 3, (8, 8), pixels), ())
    assert said(lambda: GOOD) == said(GOOD)
    assert said({**GOOD, "scale": 1}) == (
        Preprocessing(("a", "b"), 3, (8, 8), replace(pixels, scale=1.0)),
        (),
    )


@pytest.mark.parametrize(
    "statement, missing",
    [
        (None, "no CLASSES and no preprocess()"),
        ({"class_names": ["a", "b"]}, "no preprocess()"),
        ({"mean": 0, "std": 1}, "no CLASSES"),
    ],
)
def test_what_is_not_said_is_noted(statement, missing) -> None:
    assert said(statement)[1] == (
        f"m:M does not say so in `preprocessing`, and the winner's code has {missing}",
    )


@pytest.mark.parametrize(
    "statement, words",
    [
        ({**GOOD, "class_names": ["a"]}, "class_names has 1 names, and the spec 2 classes"),
        ({"mean": 0.5}, "it says no std, and takes mean and std together"),
        ({**GOOD, "std": 0}, "std is 0 for a channel, and takes numbers above 0"),
        ({**GOOD, "std": [0.1, -0.2, 0.3]}, "std is -0.2 for a channel, and takes numbers above 0"),
        ({**GOOD, "cover": [4, 9]}, "cover is 4 x 9, and the input is 8 x 8"),
        ({**GOOD, "interpolation": "area"},
         "interpolation is 'area', and takes bilinear or bicubic"),
        ({**GOOD, "scale": 0}, "scale is 0, and takes a number above 0"),
        ({**GOOD, "mean": 10**400},
         "mean is [100000000000000000...0000000000000000000, 100000000000000000..."
         "0000000000000000000, 100000000000000000...0000000000000000000], and takes a number for "
         "each channel"),
        ({**GOOD, "scale": None}, "scale is None, and takes a number above 0"),
    ],
)  # fmt: skip
def test_a_wrong_statement_is_refused(statement, words) -> None:
    with pytest.raises(SearchError) as caught:
        said(statement)
    assert str(caught.value) == f"{NOT_RIGHT}{words}.  mend it, or drop it"


def test_a_method_that_fails_is_said() -> None:
    def fails() -> None:
        raise ValueError("no")

    with pytest.raises(SearchError) as caught:
        said(fails)
    assert str(caught.value) == (
        "search.proxy.datamodule: its preprocessing() failed (ValueError: no).  it takes no "
        "arguments and returns a mapping"
    )
