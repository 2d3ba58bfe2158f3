"""What a winner carries of its world: `CLASSES`, and `preprocess` from an image to its input."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import Any

from archdsl.compiler.network import Network
from archdsl.data import resampling
from archdsl.data.preprocessing import BYTES, Pixels, Preprocessing
from archdsl.exporters.bundle import Bundle
from archdsl.exporters.layout import INDENT, WIDTH, arrange
from archdsl.exporters.targets import External

CLASSES, PREPROCESS = "CLASSES", "preprocess"

TENSOR = External("torch", "Tensor")


def fitting(said: Preprocessing | None, network: Network) -> Preprocessing | None:
    """What holds for a network: nothing for one without classes, or for other channels.

    Names are those of the classes that it was trained with, and of another number of them there are
    none.
    """
    if said is None or not network.classes or said.channels != network.input[0]:
        return None
    if len(said.class_names) == network.classes:
        return said
    return Preprocessing((), said.channels, said.size, said.pixels)


def reserved(said: Preprocessing | None) -> tuple[str, ...]:
    """The names that a file has for it."""
    return (CLASSES, PREPROCESS) if said is not None else ()


def functions(said: Preprocessing | None) -> list[Callable[..., Any]]:
    """What the file's `preprocess` calls."""
    pixels = None if said is None else said.pixels
    if said is None or pixels is None:
        return []
    found: list[Callable[..., Any]] = [resampling.planes]
    found.append(resampling.of_numbers if pixels.scale is None else resampling.of_bytes)
    if pixels.cover is not None:
        found += [resampling.covering, resampling.middle]
    if pixels.image_size is not None:
        found.append(resampling.of_size)
    if pixels.scale is not None:
        found.append(resampling.normalised)
    if pixels.image_size not in (None, said.size):
        found.append(resampling.scaled)
    return found


def constants(said: Preprocessing | None) -> list[str]:
    """The names of the classes, in the order of the logits."""
    if said is None or not said.class_names:
        return []
    names = ", ".join(map(literal, said.class_names))
    return arrange(f"{CLASSES} = ({names}{',' if len(said.class_names) == 1 else ''})")


def preprocess(said: Preprocessing | None, bundle: Bundle) -> list[str]:
    """The function from a decoded image to the network's input."""
    pixels = None if said is None else said.pixels
    if said is None or pixels is None:
        return []
    call = bundle.expression
    tensor = bundle.external(TENSOR)
    steps = [f"image = {call(resampling.planes)}(image, {said.channels})"]
    check = call(resampling.of_numbers if pixels.scale is None else resampling.of_bytes)
    if pixels.image_size is not None:
        steps.append(f"image = {call(resampling.of_size)}({check}(image), {pixels.image_size})")
    else:
        steps.append(f"image = {check}(image)")
    if pixels.cover is not None:
        covering, middle = call(resampling.covering), call(resampling.middle)
        steps.append(f'image = {covering}(image, {pixels.cover}, "{pixels.interpolation}")')
        steps.append(f"image = {middle}(image, {said.size})")
    if pixels.scale is not None:
        steps.append(f"image = {call(resampling.normalised)}(image, {_numbers(pixels)})")
    if pixels.image_size not in (None, said.size):
        scaled = call(resampling.scaled)
        steps.append(f'image = {scaled}(image, {said.size}, "{pixels.interpolation}")')
    steps.append("return image")
    if steps[-2].startswith("image = "):
        steps[-2:] = [f"return {steps[-2].removeprefix('image = ')}"]
    return [
        f"def {PREPROCESS}(image: {tensor}) -> {tensor}:",
        *_docstring(said, pixels),
        *(line for step in steps for line in arrange(step, INDENT)),
    ]


def literal(text: str) -> str:
    """A text as Python has it, in double quotes where that takes no more escapes."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    body = "".join(f"\\{sign}" if sign == quote else repr(sign)[1:-1] for sign in text)
    return quote + body + quote


def _numbers(pixels: Pixels) -> str:
    scale = "1 / 255" if pixels.scale == BYTES else repr(pixels.scale)
    mean, std = (_tuple(values) for values in (pixels.mean, pixels.std))
    return f"scale={scale}, mean={mean}, std={std}"


def _tuple(values: tuple[float, ...]) -> str:
    return f"({', '.join(map(repr, values))}{',' if len(values) == 1 else ''})"


def _docstring(said: Preprocessing, pixels: Pixels) -> list[str]:
    kind = "float" if pixels.scale is None else "uint8"
    channels, (height, width) = said.channels, said.size
    given = (
        "H, W" if pixels.image_size is None else f"{pixels.image_size[0]}, {pixels.image_size[1]}"
    )
    other = {1: f", or ({given}), or ({given}, 3)" if kind == "uint8" else f", or ({given})"}
    text = (
        f"An image is {kind} ({given}, {channels}){other.get(channels, '')}, or a batch of such: "
        f"{said.words()}."
    )
    room = WIDTH - INDENT
    lines = [
        f'"""A decoded image as the network takes it: ({channels}, {height}, {width}), float32.',
        "",
        *textwrap.wrap(text, room),
        '"""',
    ]
    return [f"{' ' * INDENT}{line}" if line else "" for line in lines]
