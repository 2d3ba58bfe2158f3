"""A picture in which every text is another's: none of it is markup, and all of it has its place."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import pytest

import archdsl
from archdsl.components.component import component
from archdsl.drawing.drawing import Drawing
from archdsl.drawing.kinds import Mixer
from archdsl.drawing.layout import layout
from archdsl.drawing.plan import BlockCell, CellGroup, LayerCell, MixerPlace, Plan, PlanRow
from archdsl.printable import printable_line
from tests.drawing.conftest import SVG, outside, overlapping, texts
from tests.study.test_report_hostile import PAYLOADS


def hostile(evil: str) -> Plan:
    """A plan with a text in every place that holds one."""
    amounts = {"macs": 9, "params": 9, "activations": 9}
    mixers = (Mixer(f"m{evil}", ()), Mixer(f"o{evil}", (component("token_mixer", "pooling"),)))
    block = BlockCell((MixerPlace(mixers),), f"n{evil}")
    cells = (block, BlockCell((), f"b{evil}"), block, block)
    layer = LayerCell(f"l{evil}", f"w{evil}", (8, 4, 4))
    row = PlanRow(
        f"a{evil}", (8, 4, 4), (f"r{evil}",), amounts, (layer,), (CellGroup(cells, 2),), (layer,)
    )
    return Plan(f"p{evil}", f"e{evil}", (row, replace(row, address="x")), amounts, (f"t{evil}",))


@pytest.mark.parametrize("evil", PAYLOADS.values(), ids=PAYLOADS)
def test_text_of_others_is_text(evil: str) -> None:
    sketch = layout([hostile(evil), hostile(evil * 30)])
    drawing = Drawing(sketch, evil)
    written = texts(drawing.svg())
    begin = printable_line(evil)[:6]
    for letter in "mlwarpetn":
        assert any(text.startswith(f"{letter}{begin}") for text in map(_bare, written)), letter
    assert len(written) == len(sketch.words)
    assert all(text.isprintable() for text in written)
    assert not list(overlapping(sketch)) and not outside(sketch)
    drawing.png()


@pytest.mark.parametrize("evil", PAYLOADS.values(), ids=PAYLOADS)
def test_an_element_stays_one_element(evil: str) -> None:
    class Found(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.tags: list[str] = []
            self.attributes: set[str] = set()

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.tags.append(tag)
            self.attributes |= {name for name, _ in attrs}

    found = Found()
    found.feed(str(Drawing(layout([hostile(evil)]), "").element()))
    assert found.tags.count("svg") == 1
    assert {"script", "img", "iframe", "a", "animate", "link", "meta"}.isdisjoint(found.tags)
    assert not {name for name in found.attributes if name.startswith("on") or name == "href"}


def _bare(text: str) -> str:
    """A text without the letter that stands before a mixer's name."""
    for begin in ("or ", "A ", "B ", "norm "):
        text = text.removeprefix(begin)
    return text


def test_names_of_specs_stay_in_their_place() -> None:
    spec = archdsl.load("poolformer_s12", set={"name": "n" * 200})
    sketch = spec.draw().sketch
    assert not list(overlapping(sketch)) and not outside(sketch)
    assert SVG in spec.draw().svg().replace('xmlns="', "{").replace('"', "}")


@pytest.mark.parametrize("evil", [one for one in PAYLOADS.values() if one.isprintable()])
def test_labels_of_options_are_text(evil: str) -> None:
    kernels = [
        {"label": f"{name}{evil}", "type": "sep_conv", "kernel": kernel}
        for name, kernel in (("x", 3), ("y", 5))
    ]
    spec = archdsl.load(
        {
            "archdsl": 1, "name": "labels", "input": [1, 8, 8], "classes": 2,
            "stem": {"type": "conv", "kernel": 3},
            "block": {"token_mixer": {"choice": kernels}, "channel_mixer": "mlp"},
            "stages": [{"dim": 4, "depth": 1}],
        }
    )  # fmt: skip
    sketch = spec.draw().sketch
    assert not list(overlapping(sketch)) and not outside(sketch)
    assert any(text.startswith(f"A x{evil}"[:8]) for text in texts(spec.draw().svg()))
    assert "<script" not in archdsl.diff(spec, archdsl.space(spec).default())._repr_html_()
