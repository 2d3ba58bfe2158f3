"""What is drawn can be read: letters stand out from what they stand on."""

from __future__ import annotations

import pytest

from archdsl.drawing.kinds import COLOURS, NEUTRAL
from archdsl.views.picture import DARK, FAINT, LIGHT, ON_A_FILL

ENOUGH = 4.5
"""Of text, by WCAG 2.2, 1.4.3."""


def channels(colour: str) -> list[float]:
    return [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]


def luminance(rgb: list[float]) -> float:
    """Relative luminance, as WCAG 2.2 defines it."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: list[float], other: list[float]) -> float:
    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colour", [*COLOURS, NEUTRAL])
def test_letters_can_be_read_on_every_colour(colour: str) -> None:
    assert contrast(channels(ON_A_FILL), channels(colour)) >= ENOUGH


@pytest.mark.parametrize(("ink", "paper"), [LIGHT, DARK], ids=["light", "dark"])
def test_ink_and_faint_ink_can_be_read_on_their_paper(ink: str, paper: str) -> None:
    on, under = channels(ink), channels(paper)
    faint = [FAINT * a + (1 - FAINT) * b for a, b in zip(on, under, strict=True)]
    assert contrast(faint, under) >= ENOUGH


def test_what_cannot_be_read_would_be_seen() -> None:
    assert contrast(channels("#888888"), channels("#999999")) < ENOUGH
    assert contrast(channels("#000000"), channels("#ffffff")) == pytest.approx(21)
