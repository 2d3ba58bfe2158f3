"""Arguments of wrong types are mistakes that the user can mend, and told in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from torch import nn

import archdsl
from archdsl.errors import ArchError, SpecError


def half(_: Any) -> float:
    return 0.5


WRONG: dict[str, Callable[[Any], Any]] = {
    "set maps addresses to values, and is int": lambda _: archdsl.load("digits", set=3),  # type: ignore[arg-type]
    "set maps addresses to values, and is list": lambda _: archdsl.load("digits", set=["depth=3"]),  # type: ignore[arg-type]
    "loads takes a text of YAML, and not int": lambda _: archdsl.loads(3),  # type: ignore[arg-type]
    "weights is a path, and not int": lambda _: archdsl.build("digits", weights=3),  # type: ignore[call-overload]
    "out is a path, and not int": lambda _: archdsl.search("digits", half, out=3),  # type: ignore[arg-type]
    "path is a path, and not int": lambda _: archdsl.export("digits", path=3),  # type: ignore[arg-type]
    'listener is a function, "progress" or None, and not 3': lambda _: archdsl.search(
        "digits", half, listener=3
    ),  # type: ignore[arg-type]
    "evaluate is a function, and not int": lambda _: archdsl.search("digits", 3),  # type: ignore[arg-type]
    "fuse takes a model, and not Spec": lambda _: archdsl.fuse(archdsl.load("digits")),  # type: ignore[arg-type]
    '@token_mixer stands without the name of the component.  write  @token_mixer("shift_conv")': (
        lambda _: archdsl.token_mixer(type("ShiftConv", (nn.Module,), {}))
    ),
}


@pytest.mark.parametrize("words", WRONG)
def test_they_are_refused(words: str) -> None:
    with pytest.raises(ArchError) as caught:
        WRONG[words](None)
    assert str(caught.value).startswith(words)


MIXER = """
from torch import nn
from archdsl import token_mixer

@token_mixer("grower")
class Grower(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.conv = nn.Conv2d(dim, dim, 1, padding=PADDING)

    def forward(self, x):
        return self.conv(x)
"""


@pytest.mark.parametrize("padding", [0, 1])
def test_a_mixer_that_changes_the_shape_does_not_leave(tmp_path: Any, padding: int) -> None:
    (tmp_path / "grower.py").write_text(MIXER.replace("PADDING", str(padding)))
    (tmp_path / "a.yaml").write_text(
        "archdsl: 1\nimports: [./grower.py]\ninput: [3, 16, 16]\nclasses: 2\n"
        "stem: {type: conv, kernel: 4, stride: 4, padding: 0}\n"
        "block: {token_mixer: grower}\nstages: [{dim: 8, depth: 1}]\n"
    )
    if not padding:
        assert "class Grower" in archdsl.export(tmp_path / "a.yaml")
        return
    with pytest.raises(SpecError, match="turns 8x4x4 into 8x6x6, and the network expects 8x4x4"):
        archdsl.export(tmp_path / "a.yaml")
