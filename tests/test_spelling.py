"""The question that an error asks of a word that nothing is called."""

from __future__ import annotations

import doctest

from archdsl import spelling
from archdsl.spelling import did_you_mean, similar

KNOWN = ("check", "show", "count", "search")


def test_the_nearest_word_is_asked_for() -> None:
    assert did_you_mean("serach", KNOWN) == "did you mean 'search'?"
    assert did_you_mean("chek", KNOWN, before="  ") == "  did you mean 'check'?"


def test_nothing_is_asked_where_nothing_is_like_it() -> None:
    assert did_you_mean("xyzzy", KNOWN, before="  ", after="  ") == ""
    assert did_you_mean("check", ()) == ""


def test_more_than_one_word_may_be_asked_for() -> None:
    asked = did_you_mean("conv_gl", ["conv_glu", "conv", "mlp"], most=2)
    assert asked == "did you mean 'conv_glu' or 'conv'?"


def test_how_a_word_is_shown_is_no_part_of_what_it_is_compared_with() -> None:
    assert did_you_mean("widht", ["width"], quoted="${}") == "did you mean $width?"


def test_how_alike_two_words_are_can_be_asked_for() -> None:
    assert similar("stages.0.dpeth", ["stages.0.depth"], alike=0.85) == ["stages.0.depth"]
    assert similar("depth", ["death"], alike=0.85) == []


def test_the_examples_are_true() -> None:
    found = doctest.testmod(spelling)
    assert found.attempted and not found.failed
