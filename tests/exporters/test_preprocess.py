"""What leaves with a winner beside its network: the names of its classes, and `preprocess`."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

import archdsl
from archdsl.data.pixels import as_numbers
from archdsl.data.preprocessing import BYTES, Pixels, Preprocessing, weights_metadata
from archdsl.errors import SpecError
from archdsl.exporters.code import code
from archdsl.exporters.preprocess import literal

HALF = {"mean": (0.5, 0.5, 0.5), "std": (0.25, 0.25, 0.25)}
FOLDER = Preprocessing(
    ("daisy", "rose"), 3, (24, 24), Pixels(BYTES, **HALF, cover=(27, 27), interpolation="bicubic")
)
SPEC = """\
archdsl: 1
name: {name}
input: [{channels}, 24, 24]
classes: {classes}
stem: {{type: conv, kernel: 4, stride: 4}}
stages: [{{dim: 8, depth: 1, token_mixer: pooling}}]
"""

ANY_TEXT = st.text(st.characters(exclude_categories=()))


def spec(channels: int = 3, classes: int = 2, name: str = "tiny") -> archdsl.Spec:
    return archdsl.loads(SPEC.format(channels=channels, classes=classes, name=name))


def names_of(said: Preprocessing | None, **given: Any) -> dict[str, Any]:
    """What the exported file defines."""
    names: dict[str, Any] = {"__name__": "exported"}
    exec(compile(code(spec(**given).network(), said), "exported", "exec"), names)
    return names


def grey(pixels: Pixels, size: tuple[int, int] = (24, 24)) -> Preprocessing:
    return Preprocessing(("a", "b"), 1, size, pixels)


def test_a_spec_without_data_has_neither() -> None:
    assert not {"CLASSES", "preprocess"} & names_of(None).keys()


def test_a_network_without_classes_has_neither() -> None:
    assert not {"CLASSES", "preprocess"} & names_of(FOLDER, classes=0).keys()


def test_a_network_for_other_classes_has_no_names_of_them() -> None:
    names = names_of(FOLDER, classes=5)
    assert "CLASSES" not in names and "preprocess" in names


def test_without_a_word_on_pixels_there_are_names_alone() -> None:
    names = names_of(Preprocessing(("daisy", "rose"), 3, (24, 24), None))
    assert names["CLASSES"] == ("daisy", "rose") and "preprocess" not in names


def test_the_network_is_what_it_is_without() -> None:
    torch.manual_seed(0)
    plain = names_of(None)["tiny"]()
    torch.manual_seed(0)
    images = torch.rand(2, 3, 24, 24)
    torch.manual_seed(1)
    one = names_of(None)["tiny"]()
    torch.manual_seed(1)
    other = names_of(FOLDER)["tiny"]()
    assert list(plain.state_dict()) == list(other.state_dict())
    assert torch.equal(one(images), other(images))


def test_a_file_with_both_is_tidy(tidy) -> None:
    tidy(code(spec().network(), FOLDER))
    many = tuple(f"class number {number}" for number in range(40))
    tidy(code(spec(classes=40).network(), Preprocessing(many, 3, (24, 24), FOLDER.pixels)))
    hostile = ("it's", 'a "b"', "both ' and \"", "\n\\", "\udcff", "\u202e", "ü", "", "{x}", "%")
    tidy(code(spec(classes=10).network(), Preprocessing(hostile, 3, (24, 24), None)))
    sized = Pixels(None, (0.0,), (1.0,), image_size=(12, 12), interpolation="bilinear")
    tidy(code(spec(channels=1).network(), grey(sized)))


@pytest.mark.parametrize("name", ["preprocess", "planes", "covering", "image"])
def test_a_network_may_have_the_name_of_what_stands_beside_it(name) -> None:
    names = names_of(FOLDER, name=name)
    factory = names["preprocess_" if name == "preprocess" else name]
    assert factory()(names["preprocess"](torch.zeros(30, 30, 3).byte())[None]).shape == (1, 2)


@given(st.lists(ANY_TEXT, min_size=1, max_size=4))
def test_names_come_out_of_each_place_as_they_went_in(class_names) -> None:
    said = Preprocessing(tuple(class_names), 3, (24, 24), FOLDER.pixels)
    assert eval(f"({', '.join(map(literal, class_names))},)") == said.class_names
    assert Preprocessing.from_record(json.loads(json.dumps(said.record()))) == said
    metadata = weights_metadata(said)["preprocessing"]
    assert metadata.isascii() and Preprocessing.from_record(json.loads(metadata)) == said
    text = spec().dump(found={"preprocessing": said.in_spec()})
    read = archdsl.loads(text).tree["found"]["preprocessing"]
    assert Preprocessing.from_spec(read) == said


def test_bytes_become_the_numbers_that_archdsl_trains_on() -> None:
    every = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16)
    pixels = Pixels(BYTES, (0.5,), (0.25,), image_size=(16, 16))
    preprocess = names_of(grey(pixels, (16, 16)), channels=1)["preprocess"]
    assert torch.equal(preprocess(every[0, 0]), as_numbers(every)[0])
    assert torch.equal(preprocess(every[0].permute(1, 2, 0)), as_numbers(every)[0])
    assert torch.equal(preprocess(every.expand(5, 1, 16, 16).permute(0, 2, 3, 1)),
                       as_numbers(every).expand(5, 1, 16, 16))  # fmt: skip


def test_numbers_stay_as_they_are_and_are_brought_to_the_size_of_the_training() -> None:
    from torch.nn import functional as F

    pixels = Pixels(None, (0.0,), (1.0,), image_size=(12, 12), interpolation="bilinear")
    preprocess = names_of(grey(pixels), channels=1)["preprocess"]
    image = torch.randn(12, 12)
    wanted = F.interpolate(image[None, None], (24, 24), mode="bilinear", antialias=True)[0]
    assert torch.equal(preprocess(image), wanted)
    assert torch.equal(preprocess(image.double()[..., None]), wanted)


def colour(height: int, width: int) -> Tensor:
    return torch.from_numpy(np.random.default_rng(0).integers(0, 256, (height, width, 3), "uint8"))


def test_grey_and_colour_are_taken_for_each_other_as_pillow_does() -> None:
    from PIL import Image

    image = colour(24, 24)
    pixels = Pixels(BYTES, (0.5,), (0.25,), image_size=(24, 24))
    made = names_of(grey(pixels), channels=1)["preprocess"](image)
    wanted = np.asarray(Image.fromarray(image.numpy()).convert("L"))
    assert torch.equal(made, as_numbers(torch.from_numpy(wanted.copy())[None, None])[0])
    shade = image[..., 0]
    preprocess = names_of(FOLDER)["preprocess"]
    assert torch.equal(preprocess(shade), preprocess(shade[..., None].expand(24, 24, 3)))


REFUSED = {
    "no tensor": (np.zeros((24, 24, 3), "uint8"), TypeError,
                  "an image is a torch.Tensor (H, W, C), and not ndarray"),
    "an alpha": (torch.zeros(24, 24, 4).byte(), ValueError,
                 "the image has 4 channels, and the network takes 3"),
    "numbers": (torch.zeros(24, 24, 3), ValueError,
                "the pixels are torch.float32; give torch.uint8, from 0 to 255"),
    "a row": (torch.zeros(24).byte(), ValueError, "an image is (H, W, C), and this is (24,)"),
    "nothing": (torch.zeros(0, 24, 3).byte(), ValueError,
                "an image is (H, W, C), and this is (0, 24, 3)"),
}  # fmt: skip


@pytest.mark.parametrize("image, error, words", REFUSED.values(), ids=REFUSED)
def test_what_is_no_decoded_image_is_refused(image, error, words) -> None:
    preprocess = names_of(FOLDER)["preprocess"]
    assert preprocess(torch.zeros(24, 24, 3).byte()).shape == (3, 24, 24)
    with pytest.raises(error) as caught:
        preprocess(image)
    assert str(caught.value) == words


def test_an_image_that_nobody_said_how_to_scale_is_refused() -> None:
    pixels = Pixels(BYTES, (0.5,), (0.25,), image_size=(24, 24))
    preprocess = names_of(grey(pixels), channels=1)["preprocess"]
    assert preprocess(torch.zeros(24, 24).byte()).shape == (1, 24, 24)
    with pytest.raises(ValueError) as caught:
        preprocess(torch.zeros(30, 24).byte())
    assert str(caught.value) == (
        "the image is 30 x 24, and the network was trained on images of 24 x 24: how another "
        "becomes one of these is not known"
    )


def test_bytes_where_numbers_were_trained_on_are_refused() -> None:
    pixels = Pixels(None, (0.0,), (1.0,), image_size=(24, 24))
    preprocess = names_of(grey(pixels), channels=1)["preprocess"]
    with pytest.raises(ValueError) as caught:
        preprocess(torch.zeros(24, 24).byte())
    assert str(caught.value) == (
        "the pixels are torch.uint8; the network was trained on floating point as it was in a "
        "file, and what bytes would be there is not known"
    )


def test_a_statement_of_another_shape_is_refused_where_it_stands() -> None:
    good = FOLDER.in_spec()
    text = spec().dump(found={"preprocessing": good})
    assert "CLASSES" in archdsl.export(archdsl.loads(text))
    for wrong, words in (
        ({**good, "size": [24]}, "size is [24], and takes [height, width]"),
        ({**good, "classes": 2},
         "it has no 'classes', and takes class_names, channels, size, pixels"),
        ({**good, "class_names": [1, 2]}, "class_names is [1, 2], and takes a list of texts"),
        ({**good, "pixels": {**good["pixels"], "std": [0, 1, 1]}},
         "std is 0 for a channel, and takes numbers above 0"),
        ({**good, "pixels": {**good["pixels"], "scale": None}},
         "scale is None, of numbers that stay as they are, and takes a mean of 0, a std of 1 and "
         "no cover"),
        (["daisy"],
         "it is ['daisy'], and takes a mapping with class_names, channels, size, pixels"),
    ):  # fmt: skip
        with pytest.raises(SpecError) as caught:
            archdsl.export(archdsl.loads(spec().dump(found={"preprocessing": wrong})))
        assert caught.value.problem == words
        assert caught.value.address == "found.preprocessing"
        assert caught.value.cure == "put it back as the search wrote it, or drop it"
