"""Exporting to a file: whole or not at all, and only to forms that exist."""

from __future__ import annotations

from pathlib import Path

import pytest

import archdsl
from archdsl.errors import ExportError

SPEC = {
    "archdsl": 1,
    "name": "tiny",
    "input": [3, 8, 8],
    "classes": 10,
    "stem": {"type": "conv", "kernel": 1},
    "block": {"token_mixer": "pooling", "channel_mixer": "mlp"},
    "stages": [{"dim": 8, "depth": 1}],
}


def test_the_file_says_what_the_network_costs(tmp_path: Path) -> None:
    file = tmp_path / "tiny.py"
    text = archdsl.export(SPEC, path=file)
    cost = archdsl.count(SPEC)
    assert file.read_text(encoding="utf-8") == text
    first = f"{cost.macs:,} MACs and {cost.params:,} parameters"
    assert text.startswith(f'"""tiny, a vision backbone in plain PyTorch: {first}.\n')
    assert "\n    model = tiny()\n    out = model(torch.randn(1, 3, 8, 8))\n" in text
    assert archdsl.export(SPEC) == text


def test_a_form_that_does_not_exist_is_refused() -> None:
    with pytest.raises(
        ExportError, match=r"there is no export to 'tensors'\.  choose from: code, "
    ):
        archdsl.export(SPEC, to="tensors")


def test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "tiny.py"
    file.write_text("old")
    text = archdsl.export(SPEC, path=str(file))
    assert file.read_text(encoding="utf-8") == text
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("place", "said"),
    [("missing/tiny.py", r"missing"), (".", r": this is a folder\.  name a file in it$")],
)
def test_a_place_that_cannot_be_written_to_is_named(tmp_path: Path, place: str, said: str) -> None:
    with pytest.raises(ExportError, match=said):
        archdsl.export(SPEC, path=tmp_path / place)
    assert list(tmp_path.iterdir()) == []
