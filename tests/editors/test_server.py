"""Completion, hover and errors in an editor, by yaml-language-server with the schema."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from archdsl import shipped
from archdsl.editors import as_text, json_schema
from archdsl.loading import fill_registry
from tests.editors.server import SERVER, Editor, editor

pytestmark = [
    pytest.mark.skipif(
        not SERVER.is_file() or shutil.which("node") is None, reason="runs by  make editors"
    )
]

TEXT = """\
# yaml-language-server: $schema=archdsl.schema.json
archdsl: 1
name: mine
input: [1, 12, 12]
classes: 10
stem: {type: conv, kernel: 3}
block:
  norm: layer_norm
  token_mixer:
    choice:
      - pooling
      - type: attention
        head_dim: 8
        |
  channel_mixer: mlp
stages:
  - dim: 16
    depth: 2
head: linear
"""
LINE = TEXT.splitlines().index("        |")


@pytest.fixture(scope="module")
def session(tmp_path_factory) -> Iterator[tuple[Editor, Path]]:
    fill_registry()
    folder = tmp_path_factory.mktemp("editor")
    (folder / "archdsl.schema.json").write_text(as_text(json_schema()))
    with editor() as opened:
        yield opened, folder


def test_mixers_are_offered_inside_a_choice(session) -> None:
    opened, folder = session
    path = folder / "mixers.yaml"
    lines = TEXT.splitlines()
    lines[LINE - 2 : LINE + 1] = ["      - "]
    opened.opened(path, "\n".join(lines))
    found = opened.completed(path, LINE - 2, 8)
    assert {"pooling", "identity", "attention", "depthwise", "window_attention"} <= set(found)
    assert "conv" not in found
    assert "mean over a window" in str(found["pooling"].get("documentation"))


def test_options_are_offered_with_types_and_defaults(session) -> None:
    opened, folder = session
    path = folder / "options.yaml"
    opened.opened(path, TEXT.replace("        |", "        "))
    found = opened.completed(path, LINE, 8)
    assert "qkv_bias" in found and "kernel" not in found, sorted(found)
    said = str(found["qkv_bias"])
    assert "qkv_bias (true)" in said or "qkv_bias (false)" in said
    assert "head_dim" not in found, "what is written is not offered again"


def test_hover_has_the_docstring(session) -> None:
    opened, folder = session
    path = folder / "hover.yaml"
    opened.opened(path, TEXT.replace("        |\n", ""))
    assert "elf-attention" in opened.hovered(path, LINE - 2, 18)
    assert "channels of a head" in opened.hovered(path, LINE - 1, 10)


def test_what_is_wrong_is_underlined_and_what_is_right_is_not(session) -> None:
    opened, folder = session
    right = TEXT.replace("        |\n", "")
    assert opened.opened(folder / "right.yaml", right) == []
    assert opened.opened(folder / "wrong.yaml", right.replace("head_dim: 8", "head_dimm: 8"))
    assert opened.opened(folder / "depth.yaml", right.replace("depth: 2", "depth: many"))


def test_shipped_files_have_no_errors_in_an_editor(session) -> None:
    opened, _ = session
    for name in shipped.names():
        path = shipped.shipped(name)
        text = path.read_text("utf-8")
        assert opened.opened(path, text) == [], name
    right = shipped.shipped("poolformer_s12")
    wrong = right.read_text("utf-8").replace("stages:", "stagess:")
    assert opened.opened(right.with_name("mistaken.yaml"), wrong), "they find the schema"
