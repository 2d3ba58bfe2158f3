"""A picture in hand: its forms, its bytes, what is refused."""

from __future__ import annotations

import doctest
import os
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import strategies as st
from PIL import Image

import archdsl
from archdsl.changes import verb
from archdsl.drawing import drawing, folding
from archdsl.drawing.folding import folded
from archdsl.drawing.kinds import COLOURS, Mixer, badges
from archdsl.errors import SpecError
from archdsl.views import letters
from tests import started
from tests.drawing.conftest import overlapping, texts
from tests.soon import law

HYBRID: dict[str, Any] = {
    "archdsl": 1, "name": "hybrid", "input": [3, 32, 32], "classes": 10, "head": "linear",
    "stem": {"type": "conv", "kernel": 3, "stride": 2},
    "block": {"norm": "layer_norm", "token_mixer": "pooling", "channel_mixer": "mlp"},
    "stages": [{"dim": 16, "runs": [
        *({"depth": 1, "token_mixer": one} for one in ["sep_conv", "pooling"] * 20),
        {"depth": 3, "token_mixer": {"type": "sep_conv", "kernel": 3}},
    ]}],
}  # fmt: skip

META: dict[str, Any] = HYBRID | {
    "name": "meta",
    "stages": [{"dim": 16, "depth": 2, "token_mixer": {
        "type": "meta_mixer", "query": {"type": "depthwise", "kernel": 5},
        "key": {"type": "dynamic", "head_dim": 8}, "act": "softmax", "value": "dynamic",
        "out": "pointwise",
    }}],
}  # fmt: skip


def said(x: Any) -> list[str]:
    return [words.text for words in archdsl.load(x).draw().sketch.words]


def test_blocks_that_alternate_are_drawn_once_with_how_often_they_come() -> None:
    assert [text for text in said(HYBRID) if text.startswith("×")] == ["×20", "×3"]
    assert not list(overlapping(archdsl.load(HYBRID).draw().sketch))


def test_mixers_of_one_type_have_one_letter_and_a_number_for_their_options() -> None:
    words = said(HYBRID)
    assert {"A1", "A2", "B"} <= set(words)
    assert "sep_conv: kernel 7" in words and "sep_conv: kernel 3" in words


def test_an_option_of_one_is_said_with_its_value_and_a_switch_by_its_name() -> None:
    block = HYBRID["block"] | {
        "token_mixer": {"type": "attention", "head_dim": 8, "qkv_bias": True},
        "channel_mixer": {"type": "mlp", "ratio": 1},
    }
    words = said(HYBRID | {"block": block, "stages": [{"dim": 16, "depth": 1}]})
    assert "mlp: ratio 1" in words
    assert "attention: head_dim 8, qkv_bias" in words


def test_a_meta_mixer_is_opened() -> None:
    words = " ".join(said(META))
    for name in ("query", "key", "act", "value", "out"):
        assert name in words
    for part in ("depthwise (kernel 5)", "dynamic (head_dim 8)", "softmax", "pointwise"):
        assert part in words


def test_a_space_says_what_is_open_elsewhere() -> None:
    space = HYBRID | {
        "stages": [{"dim": 16, "depth": {"range": [2, 40]}}],
        "drop_path": {"choice": [0.1, 0.2]},
        "block": HYBRID["block"] | {"norm": {"choice": ["layer_norm", None]}},
    }
    words = said(space)
    assert "also open: drop_path 0.1 | 0.2" in words
    assert "norm of the blocks: layer_norm | none" in words
    assert {"×2–40", "2–40 blocks"} <= set(words)


def test_a_picture_of_what_cannot_be_counted_says_why(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from torch import nn\nimport torch\nimport archdsl\n\n\n"
        "@archdsl.token_mixer('uncounted')\n"
        "class Uncounted(nn.Module):\n"
        '    """A product along channels, which no rule counts."""\n\n'
        "    def __init__(self, dim: int) -> None:\n"
        "        super().__init__()\n\n"
        "    def forward(self, x):\n"
        "        return torch.cumprod(x, 1)\n"
    )
    spec = archdsl.load("poolformer_s12").dump().replace("archdsl: 1\n", "archdsl: 1\n\n", 1)
    file = tmp_path / "mine.yaml"
    file.write_text(f"{spec}\nimports: [./mine.py]\nstages.0.token_mixer: uncounted\n")
    words = said(str(file))
    assert any(text.startswith("its cost is not known: ") for text in words)
    assert "share of MACs" not in words


def test_an_element_takes_ink_and_width_of_its_page_and_says_what_it_shows() -> None:
    picture = archdsl.load("poolformer_s12").draw()
    element = picture.element()
    head = element[: element.index(">")]
    assert head.startswith('<svg role="img" aria-label="poolformer_s12: 3×224×224 → 1000 classes;')
    assert "6 of pooling, mlp" in head
    assert " width=" not in head and " height=" not in head and "viewBox" in head
    assert "currentColor" in element and "#010203" not in element
    assert "<style" not in element  # which would be that of the page
    assert picture._repr_html_() == str(element)
    assert picture._repr_svg_() == picture.svg()
    assert "id=" not in element


def test_a_file_of_svg_is_light_or_dark_as_its_reader_is() -> None:
    svg = archdsl.load("poolformer_s12").draw().svg()
    assert svg.startswith("<?xml") and "prefers-color-scheme:dark" in svg
    texts(svg)


@pytest.mark.slow
def test_equal_specs_give_equal_bytes_in_another_process_too(tmp_path: Path) -> None:
    program = "import archdsl; archdsl.load('hybrid_search').draw().save('a.svg')"
    for seed in ("1", "2"):
        subprocess.run(
            [*started.python(), "-c", program], check=True, cwd=tmp_path,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )  # fmt: skip
        assert (tmp_path / "a.svg").read_text() == archdsl.load("hybrid_search").draw().svg()


def test_it_is_saved_as_its_ending_says(tmp_path: Path) -> None:
    picture = archdsl.load(HYBRID).draw()
    assert picture.save(tmp_path / "a.svg").read_text("utf-8") == picture.svg()
    with Image.open(picture.save(str(tmp_path / "a.png"))) as image:
        width, height = image.size
    assert (width, height) == pytest.approx(
        (2 * picture.sketch.width, 2 * picture.sketch.height), abs=2
    )


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("a.pdf", "a drawing is written as .svg or .png, and not to 'a.pdf'\n  write  drawing.svg"),
        ("a", "a drawing is written as .svg or .png, and not to 'a'\n  write  drawing.svg"),
        (
            "nowhere/a.svg",
            "'nowhere/a.svg' cannot be written: no such file or directory\n"
            "  name a file in a folder that is there",
        ),
        (3, "path is a path, and not int"),
    ],
)
def test_another_place_is_refused_in_words(
    file: Any, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SpecError) as error:
        archdsl.load(HYBRID).draw().save(file)
    assert str(error.value) == words
    assert list(tmp_path.iterdir()) == []


@law(st.lists(st.sampled_from("abc"), max_size=40), few=100, many=2000)
def test_what_is_folded_unfolds_to_itself(items: list[str]) -> None:
    again = [
        item
        for one in folded(items)
        for _ in range(one.times)
        for item, count in one.items
        for _ in range(count)
    ]
    assert again == items


@pytest.mark.parametrize("module", [drawing, folding, verb, letters])
def test_examples_in_docstrings_are_right(module: ModuleType) -> None:
    found = doctest.testmod(module)
    assert found.attempted and not found.failed


def test_no_two_kinds_of_mixer_look_alike() -> None:
    many = [Mixer(f"m{number}", ()) for number in range(2 * len(COLOURS))]
    found = badges(many)
    assert len({(one.colour, one.striped) for one in found.values()}) == len(many)
    assert (
        len({one.code for one in badges([Mixer(f"m{n}", ()) for n in range(100)]).values()}) == 100
    )
