"""A file for one network: what it does not use is gone, and what it does is to the bit the same."""

from __future__ import annotations

import ast
import copy
import pickle
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import archdsl
from archdsl.exporters import code as exporter
from archdsl.exporters.specialise import specialised
from archdsl.exporters.specialise.equal import equal
from archdsl.exporters.specialise.observed import Promised
from tests.bench.code_lines import AIMS, WINNER, lines_of, network
from tests.soon import soon

REACHED = {
    "poolformer_s12": 125, "ffnet_1": 250, "transnext_micro": 406, "caformer_s18": 199,
    "swin_tiny": 246, WINNER: 147,
}  # fmt: skip
"""Lines that the files have, of those that have an aim."""


def exported(name: str, **patches: Any) -> str:
    return exporter.code(archdsl.load(name, set=patches).network())


def run(text: str) -> dict[str, Any]:
    module = types.ModuleType("specialised")
    exec(compile(text, "specialised.py", "exec"), module.__dict__)
    return module.__dict__


@pytest.mark.parametrize("name", soon(AIMS, ("poolformer_s12",), str))
def test_a_file_is_as_short_as_it_was(name: str) -> None:
    assert lines_of(exporter.code(network(name))) <= REACHED[name] <= AIMS[name]


def without_bodies(text: str, ran: set[tuple[str, int]]) -> list[str]:
    """Functions of a file that did not run, constructors aside, and what only folding asks."""
    tree = ast.parse(text)
    folding = {
        inner.id for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name == "fused"
        for inner in ast.walk(node) if isinstance(inner, ast.Name)
    }  # fmt: skip
    return [
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name != "__init__"
        and (node.name, node.lineno) not in ran
        and node.name not in folding
        and node.name != "backward"  # of gradients, some of them of gradients
    ]  # fmt: skip


def used(text: str, name: str, size: tuple[int, ...]) -> set[tuple[str, int]]:
    """What of a file runs where its network is made, trained, evaluated, copied and deployed."""
    ran: set[tuple[str, int]] = set()

    def note(frame: types.FrameType, event: str, given: object) -> None:
        if event == "call" and frame.f_code.co_filename == "specialised.py":
            ran.add((frame.f_code.co_name, frame.f_code.co_firstlineno))

    names = run(text)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    sys.setprofile(note)
    try:
        torch.manual_seed(0)
        model = names[name]()
        images = torch.randn(2, *size)
        model.train()(images).sum().backward()
        model.eval()
        with torch.no_grad():
            model(images)
            if "fuse" in names:
                names["fuse"](model)(images)
        pickle.dumps(copy.deepcopy(model).float().state_dict())
    finally:
        sys.setprofile(None)
        torch.set_num_threads(threads)
    decorated = {(n.name, n.decorator_list[0].lineno): n.lineno for n in ast.walk(ast.parse(text))
                 if isinstance(n, ast.FunctionDef) and n.decorator_list}  # fmt: skip
    return {(what, decorated.get((what, line), line)) for what, line in ran}


FAMILIES = (
    "poolformer_s12", "convnext_tiny", "caformer_s18", "convformer_s18", "deit_tiny", "ffnet_1",
    "identityformer_s12", "metaformer_ppaa_s12", "metaformer_ppff_s12", "mixer_s16",
    "poolformerv2_s12", "randformer_s12", "resmlp_s12", "swin_tiny", "transnext_micro",
)  # fmt: skip
"""The smallest shipped network of each."""


@pytest.mark.parametrize("name", soon(FAMILIES, ("poolformer_s12", "convnext_tiny"), str))
def test_every_function_of_a_file_runs(name: str) -> None:
    spec = archdsl.load(name, set={"input": [3, 64, 64]})
    text = exporter.code(spec.network())
    ran = used(text, spec.network().name, spec.network().input)
    assert without_bodies(text, ran) == []


def test_what_no_block_of_a_network_has_is_nowhere_in_its_file() -> None:
    text = exported("poolformer_s12", **{"drop_path": 0.0, "block.layer_scale": None})
    tree = ast.parse(text)
    words = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    words |= {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
    words |= {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}
    assert {"norm1", "token_mixer", "GroupNorm"} <= words
    assert not words & {"DropPath", "drop_path", "Scale", "layer_scale1", "res_scale1", "pos_embed",
                        "class_token", "pre_norm", "rates"}  # fmt: skip


def test_comments_stay_with_what_they_speak_of(tmp_path: Path, tidy: Callable[[str], None]) -> None:
    (tmp_path / "own.py").write_text(OWN)
    (tmp_path / "spec.yaml").write_text(SPEC)
    text = exporter.code(archdsl.load(tmp_path / "spec.yaml").network())
    tidy(text)
    assert "# scaled, so that it starts small" in text
    assert "# only where it is gated" not in text and "gate" not in text
    assert '"""Half of it.\n\n    scale: how much\n    """' in text


OWN = '''\
from torch import Tensor, nn

from archdsl import token_mixer


@token_mixer("half")
class Half(nn.Module):
    """Half of it.

    scale: how much
    gate: whether the input decides
        how much
    """

    def __init__(self, dim: int, *, scale: float = 0.5, gate: bool = False) -> None:
        super().__init__()
        self.scale = scale
        self.gate = nn.Conv2d(dim, dim, 1) if gate else None

    def forward(self, x: Tensor) -> Tensor:
        # scaled, so that it starts small
        y = self.scale * x
        # only where it is gated
        if self.gate is not None:
            y = y * self.gate(x)
        return y
'''

SPEC = """\
archdsl: 1
name: mine
imports: [./own.py]
input: [1, 8, 8]
classes: 2
stem: {type: conv, kernel: 4, stride: 4, padding: 0}
block: {norm: layer_norm, channel_mixer: mlp}
stages:
  - {dim: 8, depth: 1, token_mixer: half}
  - {dim: 8, depth: 1, token_mixer: {type: half, scale: 0.25}}
"""

GENERIC = """\
from torch import Tensor, nn


class Part(nn.Module):
    def __init__(self, *, wide: bool = False) -> None:
        super().__init__()
        self.wide = wide
        self.layer = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = x.mean(dim=(2, 3))
        if self.wide:
            x = x + 1
        return self.layer(x)


def net() -> Part:
    return Part()
"""


def lines_say(text: str, shape: tuple[int, ...] = (4, 3, 3)) -> str:
    return specialised(text, Promised("net"), shape)


def test_an_option_that_is_not_used_goes() -> None:
    text = lines_say(GENERIC)
    assert "wide" not in text and "if " not in text
    assert equal(GENERIC, text, Promised("net"), (4, 3, 3))


@pytest.mark.parametrize(
    "edit",
    [
        ("self.layer(x)", "self.layer(x) * 1.0000001"),
        ("self.layer = nn", "nn.Linear(2, 2)\n        self.layer = nn"),  # drawn later than it was
        ("        if self.wide:", "        if self.training:"),
        ("self.layer = ", "self.other = "),
        ("return self.layer(x)", "return self.layer(x).double()"),
        ("return Part()", "raise ValueError"),
    ],
)  # fmt: skip
def test_another_model_is_told_from_it(edit: tuple[str, str]) -> None:
    other = GENERIC.replace(*edit)
    assert other != GENERIC
    assert not equal(GENERIC, other, Promised("net"), (4, 3, 3))
    assert equal(GENERIC, GENERIC.replace("x + 1", "x + 2"), Promised("net"), (4, 3, 3))


PREPARING = (
    "import torch\n"
    + GENERIC
    + """

def preprocess(image: Tensor) -> Tensor:
    if image.dtype != torch.uint8:
        raise ValueError("no bytes")
    return image.movedim(-1, -3).float() / 255
"""
)


@pytest.mark.parametrize(
    "edit", [("/ 255", "/ 256"), ("!=", "=="), ("no bytes", "other bytes"), ("-1, -3", "-2, -3")]
)
def test_another_way_to_prepare_images_is_told_from_it(edit: tuple[str, str]) -> None:
    other = PREPARING.replace(*edit)
    assert other != PREPARING
    said = Promised("net", others=("preprocess",))
    assert equal(PREPARING, PREPARING + "\n", said, (4, 3, 3))
    assert not equal(PREPARING, other, said, (4, 3, 3))


HARD = [
    # an attribute that a method changes
    ("        self.wide = wide\n", "        self.wide = wide\n        self.calls = 0\n",
     "        x = x.mean(dim=(2, 3))\n", "        self.calls += 1\n        x = x.mean(dim=(2, 3))\n"
     "        if self.calls > 1:\n            x = x + 1\n"),
    # one that is asked for by a name made up on the way
    ("        if self.wide:", "        if getattr(self, 'wi' + 'de'):", "", ""),
    # one that is set from outside
    ("    return Part()", "    part = Part()\n    part.wide = True\n    return part", "", ""),
    # a parameter that is given another value on some ways
    ("        self.wide = wide\n", "        for _ in range(1):\n            wide = not wide\n"
     "        self.wide = wide\n", "", ""),
    # a name of the file that a function hides
    ("        if self.wide:", "        wide = 3\n        if wide == 3:", "", ""),
    # a closure over a name that changes later
    ("        if self.wide:\n            x = x + 1\n", "        k = 1\n\n        def add():\n"
     "            return x + k\n\n        k = 2\n        x = add()\n", "", ""),
    # an f-string
    ("        self.wide = wide\n", "        self.wide = f'{wide}' == 'True'\n", "", ""),
    # two statements on a line
    ("        if self.wide:\n            x = x + 1\n",
     "        if self.wide: x = x + 1; x = x * 2\n", "", ""),
    # what is handed on without being named
    ("    return Part()", "    options = {'wide': True}\n    return Part(**options)", "", ""),
]  # fmt: skip


@pytest.mark.parametrize("edit", HARD, ids=range(len(HARD)))
def test_what_cannot_be_told_stays(edit: tuple[str, str, str, str]) -> None:
    text = GENERIC.replace(edit[0], edit[1])
    text = text.replace(edit[2], edit[3]) if edit[2] else text
    assert text != GENERIC
    made = lines_say(text)
    said = Promised("net")
    assert equal(text, made, said, (4, 3, 3))
    torch.manual_seed(0)
    one, two = run(text)["net"](), run(made)["net"]()
    two.load_state_dict(one.state_dict())
    for count in (1, 2, 3):
        images = torch.randn(count, 4, 3, 3)
        assert torch.equal(one(images), two(images))


def test_lines_are_counted_without_comments_and_docstrings() -> None:
    assert lines_of('"""A\nB"""\n\n# no\nx = 1  # yes\ny = (\n    2\n)\n') == 4
    assert lines_of('def f():\n    """No."""\n    return """a\n\nb"""\n') == 4
