"""How training images are changed: plain values, checked where they come in."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from typing import Any

import pytest

from archdsl.errors import SearchError
from archdsl.training.augmentation import Augmentation

# one value that a field takes, beside its default
OTHER: dict[str, Any] = {
    "library": "torchvision",
    "crop_scale": None,
    "crop_ratio": (1.0, 1.0),
    "interpolation": "bilinear",
    "flip": 0.0,
    "color_jitter": 0.4,
    "rand_augment": 2,
    "rand_magnitude": 7.0,
    "rand_std": 0.0,
    "random_erasing": 0.25,
    "erasing_scale": (0.02, 0.2),
    "mixup": 0.8,
    "cutmix": 1.0,
    "mix_probability": 0.5,
    "mix_switch": 0.0,
    "repeated": 3,
    "test_crop": 1.0,
}


def test_the_table_above_has_each_field() -> None:
    assert list(OTHER) == [field.name for field in fields(Augmentation)]


@pytest.mark.parametrize("name", OTHER)
def test_a_record_read_again_is_the_same_augmentation(name: str) -> None:
    augmentation = Augmentation(**{name: OTHER[name]})
    assert augmentation != Augmentation()
    record = json.loads(json.dumps(augmentation.record()))
    assert Augmentation.from_record(record) == augmentation


@pytest.mark.parametrize("name", OTHER)
def test_what_differs_from_the_defaults_is_shown(name: str) -> None:
    assert repr(Augmentation()) == "Augmentation()"
    shown = repr(Augmentation(**{name: OTHER[name]}))
    assert shown == f"Augmentation({name}={OTHER[name]!r})"


@pytest.mark.parametrize(
    ("name", "value", "takes"),
    [
        ("crop_scale", [0.5], "a list of 2 number above 0 and up to 1"),
        ("crop_scale", [0.0, 1.0], "a number above 0 and up to 1"),
        ("crop_ratio", "wide", "a list of 2 positive number"),
        ("library", "albumentations", "one of kornia | torchvision | timm"),
        ("interpolation", "nearest", "one of bilinear | bicubic"),
        ("flip", 1.5, "a number from 0 to 1"),
        ("color_jitter", -0.1, "a number from 0 to 1"),
        ("rand_augment", 1.5, "an int from 0"),
        ("rand_magnitude", 11, "a number from 0 to 10"),
        ("rand_std", None, "a number from 0"),
        ("random_erasing", True, "a number from 0 to 1"),
        ("erasing_scale", 0.2, "a list of 2 number above 0 and up to 1"),
        ("mixup", -1, "a number from 0"),
        ("cutmix", float("nan"), "a number from 0"),
        ("repeated", 0, "a positive int"),
        ("test_crop", 0, "a number above 0 and up to 1"),
    ],
)
def test_a_value_that_its_field_does_not_take_is_refused(name: str, value: Any, takes: str) -> None:
    with pytest.raises(SearchError) as caught:
        Augmentation(**{name: value})
    assert re.fullmatch(
        rf"augmentation: {name} is .+\.  it takes {re.escape(takes)}", str(caught.value)
    )


@pytest.mark.parametrize("name", ["crop_scale", "crop_ratio", "erasing_scale"])
def test_a_range_that_ends_before_it_begins_is_refused(name: str) -> None:
    Augmentation(**{name: (0.5, 0.5)})
    with pytest.raises(SearchError) as caught:
        Augmentation(**{name: (0.5, 0.25)})
    assert str(caught.value) == f"augmentation: {name} is [0.5, 0.25].  write the least first"


@pytest.mark.parametrize("library", ["kornia", "torchvision", "timm"])
def test_what_a_library_lacks_is_refused(library: str) -> None:
    assert Augmentation(library=library, rand_augment=2, random_erasing=0.25, mixup=0.8).mixes  # type: ignore[arg-type]
    if library != "timm":
        assert Augmentation(library=library, color_jitter=0.4).color_jitter  # type: ignore[arg-type]
        return
    with pytest.raises(SearchError) as caught:
        Augmentation(library="timm", color_jitter=0.4)
    assert str(caught.value) == (
        "augmentation: timm has no color_jitter of its own.  write  color_jitter: 0, or  library: "
        "torchvision"
    )


def test_a_record_from_before_there_were_libraries_is_read() -> None:
    said = Augmentation(mixup=0.8)
    record = {name: value for name, value in said.record().items() if name != "library"}
    assert Augmentation.from_record(record) == said


def test_a_field_that_is_missing_or_unknown_is_refused() -> None:
    record = Augmentation().record()
    names = ", ".join(record)
    with pytest.raises(SearchError) as caught:
        Augmentation.from_record({**record, "blur": 1})
    assert str(caught.value) == (
        f"augmentation: blur is no field of an augmentation.  an augmentation has: {names}"
    )
    del record["flip"]
    with pytest.raises(SearchError) as caught:
        Augmentation.from_record(record)
    assert str(caught.value) == (f"augmentation: flip is not there.  an augmentation has: {names}")


@pytest.mark.parametrize(
    ("given", "mixes"),
    [
        ({}, False),
        ({"mixup": 0.8}, True),
        ({"cutmix": 1.0}, True),
        ({"mixup": 0.8, "mix_probability": 0.0}, False),
    ],
)
def test_targets_are_shares_of_classes_where_images_are_mixed(
    given: dict[str, float], mixes: bool
) -> None:
    assert Augmentation(**given).mixes == mixes  # type: ignore[arg-type]
