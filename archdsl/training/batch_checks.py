"""Batches of the user's own loaders: whether a classifier can learn from one, and what it is."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import torch
from torch import Tensor

from archdsl.compiler.network import Shape
from archdsl.errors import SearchError
from archdsl.units import counted

_PAIR = "a batch is a pair: images (B, C, H, W), float32, and labels (B,), int64"


def check_batch(batch: Any, which: str, input_shape: Shape, classes: int) -> None:
    """Raise SearchError, with a cure, for what cross entropy would misread or refuse.

    batch: as it arrives in a step; which: what it is called, as "mine:Data: a training batch"
    """

    def refuse(problem: str, cure: str) -> NoReturn:
        raise SearchError(f"search.proxy.datamodule: {which} {problem}.  {cure}")

    if not isinstance(batch, (tuple, list)):
        refuse(
            f"is {described(batch)}, and the training of archdsl takes a pair",
            "return  (images, labels)  from it, or name a search.proxy.module that takes it",
        )
    if len(batch) != 2:
        refuse(f"has {counted(len(batch), 'part')}: {described(batch)}", _PAIR)
    images, labels = batch
    for name, part in (("images", images), ("labels", labels)):
        if not isinstance(part, Tensor):
            refuse(f"has for its {name} {described(part)}", f"{_PAIR}, both tensors")
    problem = _of_images(images, input_shape) or _of_labels(labels, len(images), classes)
    if problem is not None:
        refuse(*problem)


def _of_images(images: Tensor, input_shape: Shape) -> tuple[str, str] | None:
    """What is wrong with the images of a batch, and the cure."""
    if images.ndim != 4:
        return f"has images of shape {_shape(images)}", "images are (B, C, H, W)"
    if len(images) == 0:
        return "has no images", "leave empty batches out"
    if images.dtype == torch.uint8:
        return "has images of uint8", "scale them in the dataset:  images.float() / 255"
    if images.dtype != torch.float32:
        return f"has images of {_dtype(images)}", "write  images.float()  in the dataset"
    shape = tuple(images.shape[1:])
    channels, height, width = input_shape
    if shape == (height, width, channels) != input_shape:
        return f"has images of shape {_shape(images)}, the channels last", (
            "write  images.permute(0, 3, 1, 2)  in the dataset"
        )
    if shape != input_shape:
        return (
            f"has images of {_by(shape)}, and input is {_by(input_shape)}",
            f"bring them to one size, or write  --set input=[{','.join(map(str, shape))}]",
        )
    bad = ~images.isfinite().flatten(1).all(1)
    if bad.any():
        number, first = int(bad.sum()), int(bad.nonzero()[0])
        return (
            f"has {counted(number, 'image')} that {'holds' if number == 1 else 'hold'} NaN or "
            f"infinity, the first at {first}",
            "look for a division by 0 in its transforms, or leave these images out",
        )
    return None


def _of_labels(labels: Tensor, images: int, classes: int) -> tuple[str, str] | None:
    """What is wrong with the labels of a batch, and the cure."""
    if labels.ndim == 2 and labels.shape[1] == classes != 1:
        return (
            f"has labels of shape {_shape(labels)}, one column a class",
            "labels are class numbers:  labels.argmax(1)",
        )
    if labels.ndim == 2 and labels.shape[1] == 1:
        return f"has labels of shape {_shape(labels)}", "labels are (B,):  labels.squeeze(1)"
    if labels.ndim != 1:
        return f"has labels of shape {_shape(labels)}", "labels are class numbers (B,)"
    if len(labels) != images:
        return (
            f"has {counted(images, 'image')} and {counted(len(labels), 'label')}",
            "each image has one label",
        )
    if labels.dtype != torch.int64:
        whole = not labels.is_floating_point() and not labels.is_complex()
        why = "" if whole else ", and classes are counted"
        return f"has labels of {_dtype(labels)}{why}", "write  labels.long()  in the dataset"
    low, high = int(labels.min()), int(labels.max())
    if low < 0:
        return (
            f"has a label {low}",
            "classes are numbered from 0; leave images without a class out",
        )
    if high >= classes:
        return (
            f"has a label {high}, and classes is {classes}: labels go from 0 to {classes - 1}",
            f"number the classes from 0, or write  --set classes={high + 1}  if there are so many",
        )
    return None


def images_in(batch: Any) -> int | None:
    """How many images a batch of any make holds; None where there is no telling.

    Tensors of four axes and more are images, and tensors (B,) of whole numbers labels: all of
    them have to agree. Containers in a container may each hold other images, or the parts of one:
    there labels count once, and beside images only.
    """
    found = list(_tensors(batch, 0))
    images = [len(tensor) for tensor, _ in found if tensor.ndim >= 4]
    labels = [(len(tensor), depth) for tensor, depth in found if _is_labels(tensor)]
    nested = any(depth > 1 for _, depth in found)
    if nested and (not images or sum(depth > 1 for _, depth in labels) > 1):
        return None
    counts = {*images, *(count for count, _ in labels)}
    return counts.pop() if len(counts) == 1 else None


def _is_labels(tensor: Tensor) -> bool:
    whole = not tensor.is_floating_point() and not tensor.is_complex()
    return tensor.ndim == 1 and whole and tensor.dtype != torch.bool


def _tensors(batch: Any, depth: int) -> Iterator[tuple[Tensor, int]]:
    """The tensors of a batch, each with the number of containers that it lies in."""
    if isinstance(batch, Tensor):
        yield batch, depth
    elif isinstance(batch, Mapping):
        for part in batch.values():
            yield from _tensors(part, depth + 1)
    elif isinstance(batch, (tuple, list)):
        for part in batch:
            yield from _tensors(part, depth + 1)
    elif dataclasses.is_dataclass(batch):
        for field in dataclasses.fields(batch):
            yield from _tensors(getattr(batch, field.name), depth + 1)


def described(batch: Any) -> str:
    """What a batch is, in words: `{image: (16, 1, 8, 8) float32, label: (16,) int64}`."""
    if isinstance(batch, Tensor):
        return f"{_shape(batch)} {_dtype(batch)}"
    if isinstance(batch, Mapping):
        return "{" + ", ".join(f"{k}: {described(v)}" for k, v in list(batch.items())[:6]) + "}"
    if isinstance(batch, (tuple, list)):
        more = ", ..." if len(batch) > 6 else ""
        return "(" + ", ".join(map(described, batch[:6])) + more + ")"
    return "None" if batch is None else f"a {type(batch).__name__}"


def _shape(tensor: Tensor) -> str:
    return str(tuple(tensor.shape))


def _by(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))


def _dtype(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
