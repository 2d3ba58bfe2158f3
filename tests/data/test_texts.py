"""Very many texts in two arrays are the texts that they were made of."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.data.texts import Texts

# any name that a file may have: what is no UTF-8 stands as half of a surrogate pair
NAMES = st.lists(st.binary(max_size=8).map(os.fsdecode), max_size=20)


@given(NAMES)
def test_they_are_what_they_were_made_of(names: list[str]) -> None:
    texts = Texts.of(names)
    assert list(texts) == names
    assert [texts[index] for index in range(len(texts))] == names
    assert texts[1:3] == names[1:3]
    assert not names or texts[-1] == names[-1]
    with pytest.raises(IndexError):
        texts[len(names)]


@given(st.lists(NAMES, max_size=4))
def test_several_are_joined_in_their_order(parts: list[list[str]]) -> None:
    joined = Texts.joined([Texts.of(part) for part in parts])
    assert list(joined) == [name for part in parts for name in part]


def test_they_take_their_letters_and_eight_bytes_each() -> None:
    texts = Texts.of(f"class/{number:06}.jpg" for number in range(1000))
    assert texts.buffer.nbytes + texts.ends.nbytes == 1000 * (len("class/000000.jpg") + 8)
