"""The catalogue says of each component what the component says, and needs no torch for it."""

from __future__ import annotations

import pytest

from archdsl import shipped
from tests.broken.test_broken import BROKEN, expected
from tests.catalogue.said import described, said
from tests.catalogue.sources import CATALOGUE, HEAD, catalogued

BASELINES = list(shipped.names(shipped.BASELINES))


def test_it_is_fresh() -> None:
    """`make catalogue` writes it anew."""
    lying = {
        str(path.relative_to(CATALOGUE)): path.read_text("utf-8")
        for path in CATALOGUE.rglob("*.py")
    }
    made = {name: text for name, text in lying.items() if text.startswith(HEAD)}
    assert made == catalogued()
    assert lying.keys() - made.keys() == {"torch_names.py"}


def test_it_knows_of_each_component_what_the_component_says() -> None:
    own, stand_in = described("torch"), described("catalogue")
    assert own.keys() == stand_in.keys()
    for kind in own:
        assert own[kind] == stand_in[kind], kind
    assert len(own["token_mixer"]) > 9 and len(own["act"]) > 20


def test_a_plain_spec_is_checked_without_torch() -> None:
    for name, (code, text, torch) in zip(BASELINES, said("catalogue", BASELINES), strict=True):
        assert (code, torch) == (0, False), text
        assert text == f"{name}: right, one architecture\n"


def test_what_is_wrong_is_wrong_without_torch_and_in_the_same_words() -> None:
    plain = [path for path in BROKEN if "imports" not in expected(path) + path.read_text("utf-8")]
    answers = said("catalogue", list(map(str, plain)))
    for path, (code, text, torch) in zip(plain, answers, strict=True):
        assert (code, text.rstrip("\n"), torch) == (2, expected(path), False)
    assert len(plain) > 150


@pytest.mark.parametrize("line", ["Pooling", "gelu", "LayerNorm"])
def test_a_component_of_ones_own_meets_the_components_themselves(line, tmp_path) -> None:
    """Who registers one compares it with torch's and archdsl's own classes."""
    given = {
        "Pooling": "from archdsl.nn.token_mixers.pooling import Pooling\nclass Mine(Pooling): pass",
        "gelu": "class Mine(nn.Module):\n    def __init__(self, *, act: archdsl.Act = nn.GELU):\n"
        "        super().__init__()\n        self.act = act()\n"
        "    def forward(self, x):\n        return self.act(x)",
        "LayerNorm": "from archdsl.nn.norms import LayerNorm\nclass Mine(nn.Module):\n"
        "    def __init__(self, dim, *, norm: archdsl.Norm = LayerNorm):\n"
        "        super().__init__()\n        self.norm = norm(dim)\n"
        "    def forward(self, x):\n        return self.norm(x)",
    }[line]
    own = given.replace("class Mine", '@archdsl.token_mixer("mine")\nclass Mine')
    (tmp_path / "mine.py").write_text(f"import archdsl\nfrom torch import nn\n{own}\n")
    text = (
        "archdsl: 1\nname: own\nimports: [./mine.py]\ninput: [3, 16, 16]\nclasses: 4\n"
        "stem: {type: conv, kernel: 4, stride: 4}\ndownsample: {type: conv, kernel: 2, stride: 2}\n"
        "block: {norm: layer_norm, token_mixer: mine, channel_mixer: mlp}\n"
        "stages: [{dim: 8, depth: 1}]\nhead: linear\n"
    )
    (tmp_path / "own.yaml").write_text(text)
    for which in ("torch", "catalogue"):
        ((code, words, torch),) = said(which, [str(tmp_path / "own.yaml")])
        assert (code, torch) == (0, True), words
