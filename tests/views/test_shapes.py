"""Texts in pictures: how wide they are, and what becomes of those that are too wide."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.views.letters import text_width
from archdsl.views.shapes import Sketch, Words, broken, cut


@pytest.mark.parametrize("bold", [False, True])
def test_widths_are_those_of_the_font_that_draws(bold: bool) -> None:
    from matplotlib.font_manager import FontProperties, findfont
    from matplotlib.ft2font import FT2Font, LoadFlags

    font = FT2Font(findfont(FontProperties(family="DejaVu Sans", weight="bold" if bold else 400)))
    for each in [*map(chr, range(32, 127)), *"×–→…÷"]:
        glyph = font.load_char(ord(each), flags=LoadFlags.NO_SCALE)
        measured = glyph.horiAdvance / font.units_per_EM
        assert text_width(each, 1, bold=bold) == pytest.approx(measured, abs=6e-4), each


@given(st.text(max_size=60), st.floats(20, 300))
def test_what_is_cut_fits_and_is_the_beginning(text: str, width: float) -> None:
    found = cut(text, width, 9)
    assert text_width(found, 9) <= width
    assert found.isprintable()
    assert not text.isprintable() or text.startswith(found.removesuffix("…").rstrip()[:1] or "")


@given(st.text("ab ", max_size=80), st.floats(30, 200))
def test_what_is_broken_fits_and_loses_no_letter(text: str, width: float) -> None:
    lines = broken(text, width, 9, most=99)
    assert all(text_width(line, 9) <= width for line in lines)
    if not any("…" in line for line in lines):
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_the_words_of_a_sketch_are_its_texts() -> None:
    words = Words(10, 10, "pooling", 10)
    assert Sketch(100, 20, (words,), "").words == [words]
    assert words.bounds == pytest.approx((10, 2.4, 46.84, 12.4))
