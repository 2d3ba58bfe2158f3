"""What a user's static methods get wrong is said with the class's place."""

from __future__ import annotations

from typing import Any

import pytest
from torch import Tensor, nn

import archdsl
from archdsl.components.registry import find
from archdsl.errors import ArchError


class _Halves(nn.Module):
    def __init__(self, dim_in: int, dim_out: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(dim_in, dim_out, 2, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(x)
        return y


@archdsl.layer("own_method")
class OwnMethod(_Halves):
    """Asked of an instance."""

    def out_size(self, size: tuple[int, int]) -> tuple[int, int]:
        return size[0] // 2, size[1] // 2


@archdsl.layer("a_tuple")
class ATuple(_Halves):
    """No method at all."""

    out_size = (4, 4)


@archdsl.layer("a_class_method")
class AClassMethod(_Halves):
    """In order."""

    @classmethod
    def out_size(cls, size: tuple[int, int]) -> tuple[int, int]:
        return size[0] // 2, size[1] // 2


@archdsl.layer("a_list")
class AList(_Halves):
    """In order."""

    @staticmethod
    def out_size(size: tuple[int, int]) -> list[int]:
        return [side // 2 for side in size]


@archdsl.layer("fractions")
class Fractions(_Halves):
    """Divides with a slash."""

    @staticmethod
    def out_size(size: tuple[int, int]) -> Any:
        return size[0] / 2, size[1] / 2


@archdsl.layer("one_side")
class OneSide(_Halves):
    """Gives one side."""

    @staticmethod
    def out_size(size: tuple[int, int]) -> Any:
        return size[0] // 2


@archdsl.layer("asks_too_much")
class AsksTooMuch(_Halves):
    """Asks for an option that it does not have."""

    @staticmethod
    def out_size(size: tuple[int, int], stride: int) -> tuple[int, int]:
        return size[0] // stride, size[1] // stride


@archdsl.layer("a_truth")
class ATruth(AList):
    """Its check says yes."""

    @staticmethod
    def check(size: tuple[int, int]) -> Any:
        return True


@archdsl.layer("a_blank")
class ABlank(AList):
    """Its check says nothing."""

    @staticmethod
    def check(size: tuple[int, int]) -> Any:
        return ""


@archdsl.layer("check_fails")
class CheckFails(AList):
    """Its check fails."""

    @staticmethod
    def check(size: tuple[int, int]) -> str | None:
        return {}["no"]


@archdsl.key("text_width")
class TextWidth(nn.Conv2d):
    """Its dim_out is a text."""

    def __init__(self, dim: int) -> None:
        super().__init__(dim, dim, 1)

    @staticmethod
    def dim_out(dim: int) -> Any:
        return str(dim)


def network(downsample: object) -> dict[str, Any]:
    return {
        "archdsl": 1,
        "name": "net",
        "input": [3, 16, 16],
        "stem": {"type": "conv", "kernel": 2, "stride": 2, "padding": 0},
        "downsample": downsample,
        "block": {"token_mixer": "pooling"},
        "stages": [{"dim": 8, "depth": 1}, {"dim": 8, "depth": 1}],
    }


NOT_STATIC = (
    "its out_size is no static method, and is asked before there is an instance.  "
    "write  @staticmethod  above  def out_size, and no self"
)


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("own_method", NOT_STATIC),
        ("a_tuple", NOT_STATIC),
        (
            "fractions",
            "its out_size gives (4.0, 4.0) for (8, 8).  give height and width as whole numbers: "
            "divide with  //",
        ),
        (
            "one_side",
            "its out_size gives 4 for (8, 8).  give height and width as whole numbers: divide "
            "with  //",
        ),
        (
            "asks_too_much",
            "its out_size fails (TypeError: AsksTooMuch.out_size() missing 1 required positional "
            "argument: 'stride').  it may ask for size",
        ),
    ],
)
def test_an_out_size_that_is_none_is_refused(name: str, words: str, nested: bool) -> None:
    definition = find("layer", name)
    assert definition is not None
    with pytest.raises(ArchError) as caught:
        archdsl.load(network({"type": "residual", "of": name} if nested else name))
    assert str(caught.value) == f"{definition.where}: layer '{name}': {words}"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "a_truth",
            "its check gives True.  give None where it fits, and a text or a Misfit where it does "
            "not",
        ),
        (
            "a_blank",
            "its check gives ''.  give None where it fits, and a text or a Misfit where it does "
            "not",
        ),
        (
            "check_fails",
            "its check fails (KeyError: 'no').  it may ask for dim dim_in dim_out size reduction "
            "depth_index classes input_size",
        ),
    ],
)
def test_a_check_that_gives_no_words_is_refused(name: str, words: str) -> None:
    definition = find("layer", name)
    assert definition is not None
    with pytest.raises(ArchError) as caught:
        archdsl.load(network(name))
    assert str(caught.value) == f"{definition.where}: layer '{name}': {words}"


def test_a_dim_out_that_is_no_number_is_refused() -> None:
    definition = find("key", "text_width")
    assert definition is not None
    spec = network("a_list")
    mixer = {"type": "meta_mixer", "query": "pointwise", "key": "text_width", "value": "depthwise"}
    spec["block"] = {"token_mixer": mixer}
    with pytest.raises(ArchError) as caught:
        archdsl.load(spec)
    assert str(caught.value) == (
        f"{definition.where}: key 'text_width': its dim_out gives '8'.  "
        "give the number of channels, as a whole number"
    )


@pytest.mark.parametrize("name", ["a_class_method", "a_list"])
def test_class_methods_and_lists_will_do(name: str) -> None:
    assert archdsl.load(network(name)).network().stages[1].shape == (8, 4, 4)
