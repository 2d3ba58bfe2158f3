"""What is read off a drawing."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from xml.etree import ElementTree

from archdsl.views.shapes import Bounds, Sketch, Words

SVG = "{http://www.w3.org/2000/svg}"


def overlapping(sketch: Sketch) -> Iterator[tuple[Words, Words]]:
    """Texts of which one lies on another."""
    for one, other in itertools.combinations(sketch.words, 2):
        if _meet(one.bounds, other.bounds):
            yield one, other


def outside(sketch: Sketch) -> list[Words]:
    """Texts that do not lie in the picture."""
    return [
        words
        for words in sketch.words
        if words.bounds[0] < 0
        or words.bounds[1] < 0
        or words.bounds[2] > sketch.width
        or words.bounds[3] > sketch.height
    ]


def texts(svg: str) -> list[str]:
    """What is written in an SVG; it is well-formed XML of tags that run and load nothing."""
    root = ElementTree.fromstring(svg)
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    harmless = {"svg", "g", "path", "text", "style", "rect"}
    assert tags <= harmless, tags - harmless
    for element in root.iter():
        for name, value in element.attrib.items():
            assert not name.lower().startswith("on"), name
            assert "href" not in name and "url(" not in value, (name, value)
            assert name != "id"
    return [element.text or "" for element in root.iter(f"{SVG}text")]


def _meet(one: Bounds, other: Bounds) -> bool:
    return (
        one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
    )  # fmt: skip
