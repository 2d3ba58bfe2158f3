"""A short run of the fuzzer; the long one is `make fuzz`."""

from __future__ import annotations

import random

import pytest

from tests.fuzz.__main__ import strings
from tests.fuzz.law import Tally
from tests.fuzz.mutate import mutant, random_bytes, seeds


def test_a_mutant_is_a_spec_or_is_refused_in_words() -> None:
    texts, tally = seeds(), Tally()
    for number in range(60):
        tally.add(mutant(random.Random(f"suite-{number}"), texts), counted=False)
    assert tally.found["refused"] > 0 and tally.found["read"] > 0


def test_what_was_not_changed_is_read_and_written_and_counted() -> None:
    text = next(text for text in seeds() if "name: poolformer_s12" in text)
    assert Tally().add(text, counted=True) == "counted"


def test_strings_of_bytes_are_refused_in_words(tmp_path) -> None:
    read, broken = strings(60, 0, tmp_path)
    assert broken == 0
    assert read <= 5


def test_the_same_seed_gives_the_same_texts() -> None:
    texts = seeds()
    assert mutant(random.Random("a"), texts) == mutant(random.Random("a"), texts)
    assert mutant(random.Random("a"), texts) != mutant(random.Random("b"), texts)
    assert random_bytes(random.Random("a")) == random_bytes(random.Random("a"))


@pytest.mark.parametrize("text", ["archdsl: 1\nname: 1", "\x00", "[" * 70, "a: &a [*a]"])
def test_the_law_finds_words_for_what_is_wrong(text: str) -> None:
    assert Tally().add(text, counted=False) == "refused"
