"""Batches of the user's own: each that is wrong beside its nearest good neighbour."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from archdsl.errors import SearchError
from archdsl.training.batch_checks import check_batch, described, images_in

INPUT = (1, 8, 8)
IMAGES = torch.zeros(4, *INPUT)
LABELS = torch.tensor([0, 1, 2, 0])
NAN = IMAGES.clone()
NAN[2, 0, 3, 3] = float("nan")
WHICH = "a training batch of mine:Data"
PAIR = "a batch is a pair: images (B, C, H, W), float32, and labels (B,), int64"


def check(batch: Any, input_shape: tuple[int, int, int] = INPUT, classes: int = 3) -> None:
    check_batch(batch, WHICH, input_shape, classes)


@pytest.mark.parametrize(
    "batch",
    [
        (IMAGES, LABELS),
        [IMAGES, LABELS],
        (IMAGES, torch.zeros(4, dtype=torch.int64)),  # classes may be missing
        (IMAGES[:1], LABELS[:1]),
        (IMAGES.to(memory_format=torch.channels_last), LABELS),
    ],
)
def test_a_batch_that_is_right(batch) -> None:
    check(batch)


def test_images_of_a_size_that_reads_both_ways_are_right_as_they_are() -> None:
    check((torch.zeros(4, 8, 8, 8), LABELS), (8, 8, 8))


WRONG = {
    "None": (None, "is None, and the training of archdsl takes a pair.  return  (images, labels)  "
             "from it, or name a search.proxy.module that takes it"),
    "a dict": ({"image": IMAGES, "label": LABELS},
               "is {image: (4, 1, 8, 8) float32, label: (4,) int64}, and the training of archdsl "
               "takes a pair.  return  (images, labels)  from it, or name a search.proxy.module "
               "that takes it"),
    "images alone": (IMAGES, "is (4, 1, 8, 8) float32, and the training of archdsl takes a pair.  "
                     "return  (images, labels)  from it, or name a search.proxy.module that takes "
                     "it"),
    "three parts": ((IMAGES, LABELS, LABELS),
                    f"has 3 parts: ((4, 1, 8, 8) float32, (4,) int64, (4,) int64).  {PAIR}"),
    "names": ((IMAGES, ["a", "b", "c", "a"]),
              f"has for its labels (a str, a str, a str, a str).  {PAIR}, both tensors"),
    "arrays": ((IMAGES.numpy(), LABELS),
               f"has for its images a ndarray.  {PAIR}, both tensors"),
    "one-hot": ((IMAGES, torch.eye(3)[LABELS]),
                "has labels of shape (4, 3), one column a class.  labels are class numbers:  "
                "labels.argmax(1)"),
    "one-hot, whole": ((IMAGES, torch.eye(3, dtype=torch.int64)[LABELS]),
                       "has labels of shape (4, 3), one column a class.  labels are class "
                       "numbers:  labels.argmax(1)"),
    "a column": ((IMAGES, LABELS[:, None]),
                 "has labels of shape (4, 1).  labels are (B,):  labels.squeeze(1)"),
    "maps": ((IMAGES, torch.zeros(4, 8, 8, dtype=torch.int64)),
             "has labels of shape (4, 8, 8).  labels are class numbers (B,)"),
    "a scalar": ((IMAGES[:1], LABELS[0]),
                 "has labels of shape ().  labels are class numbers (B,)"),
    "fewer": ((IMAGES, LABELS[:3]), "has 4 images and 3 labels.  each image has one label"),
    "float": ((IMAGES, LABELS.float()),
              "has labels of float32, and classes are counted.  write  labels.long()  in the "
              "dataset"),
    "int32": ((IMAGES, LABELS.int()),
              "has labels of int32.  write  labels.long()  in the dataset"),
    "uint8": ((IMAGES, LABELS.byte()),
              "has labels of uint8.  write  labels.long()  in the dataset"),
    "bool": ((IMAGES, LABELS.bool()),
             "has labels of bool.  write  labels.long()  in the dataset"),
    "from 1": ((IMAGES, LABELS + 1),
               "has a label 3, and classes is 3: labels go from 0 to 2.  number the classes from "
               "0, or write  --set classes=4  if there are so many"),
    "negative": ((IMAGES, LABELS - 1),
                 "has a label -1.  classes are numbered from 0; leave images without a class out"),
    "bytes": ((IMAGES.byte(), LABELS),
              "has images of uint8.  scale them in the dataset:  images.float() / 255"),
    "double": ((IMAGES.double(), LABELS),
               "has images of float64.  write  images.float()  in the dataset"),
    "half": ((IMAGES.half(), LABELS),
             "has images of float16.  write  images.float()  in the dataset"),
    "no channels": ((IMAGES[:, 0], LABELS),
                    "has images of shape (4, 8, 8).  images are (B, C, H, W)"),
    "empty": ((IMAGES[:0], LABELS[:0]), "has no images.  leave empty batches out"),
    "channels last": ((torch.zeros(4, 8, 8, 1), LABELS),
                      "has images of shape (4, 8, 8, 1), the channels last.  write  "
                      "images.permute(0, 3, 1, 2)  in the dataset"),
    "larger": ((torch.zeros(4, 1, 9, 8), LABELS),
               "has images of 1x9x8, and input is 1x8x8.  bring them to one size, or write  --set "
               "input=[1,9,8]"),
    "NaN": ((NAN, LABELS),
            "has 1 image that holds NaN or infinity, the first at 2.  look for a division by 0 in "
            "its transforms, or leave these images out"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_batch_that_is_wrong(name) -> None:
    batch, words = WRONG[name]
    with pytest.raises(SearchError) as caught:
        check(batch)
    assert str(caught.value) == f"search.proxy.datamodule: {WHICH} {words}"


@dataclasses.dataclass
class Both:
    image: torch.Tensor
    label: torch.Tensor


SIXTY = torch.zeros(60, 3, 8, 8)
CLASSES = torch.zeros(60, dtype=torch.int64)


@pytest.mark.parametrize(
    ("batch", "count"),
    [
        ((SIXTY, CLASSES), 60),
        ({"image": SIXTY, "label": CLASSES}, 60),
        ({"label": CLASSES, "name": ["a"] * 60, "image": SIXTY}, 60),
        ({"inputs": {"image": SIXTY}, "label": CLASSES}, 60),
        (((SIXTY, SIXTY), CLASSES), 60),  # two views of each image
        ([SIXTY, {"label": CLASSES}], 60),
        (Both(SIXTY, CLASSES), 60),
        (SIXTY, 60),
        ({"features": torch.zeros(60, 9), "label": CLASSES}, 60),
        ((torch.zeros(60, 4, 3, 8, 8), CLASSES), 60),  # clips
        ((SIXTY[:, 0], CLASSES), 60),
    ],
)
def test_images_are_counted_however_a_batch_is_made(batch, count) -> None:
    assert images_in(batch) == count


@pytest.mark.parametrize(
    "batch",
    [
        None,
        "a text",
        torch.zeros(60, 9),
        (torch.zeros(600, 3, 8, 8), CLASSES),  # ten crops of each, or wrong labels
        ((SIXTY, CLASSES), (SIXTY, CLASSES)),  # two loaders, or two views
        ([SIXTY[0], SIXTY[1]], [{"labels": CLASSES[:3]}, {"labels": CLASSES[:3]}]),  # boxes
        ({"features": {"x": torch.zeros(60, 9)}, "label": {"y": CLASSES}}),
        (SIXTY[0], CLASSES[0]),
        {},
    ],
)
def test_where_there_is_no_telling_nothing_is_guessed(batch) -> None:
    assert images_in(batch) is None


@given(
    count=st.integers(1, 7),
    names=st.lists(st.sampled_from("abcdef"), unique=True, min_size=2, max_size=4),
)
def test_the_order_of_a_batchs_parts_does_not_matter(count, names) -> None:
    parts = [torch.zeros(count, 1, 2, 2), torch.zeros(count, dtype=torch.int64), "text", 3.0]
    batch = dict(zip(names, parts, strict=False))
    assert images_in(batch) == images_in(dict(reversed(batch.items()))) == count
    assert images_in(tuple(batch.values())) == count


def test_a_batch_in_words() -> None:
    assert described({"x": [IMAGES, None], "y": 3}) == "{x: ((4, 1, 8, 8) float32, None), y: a int}"
