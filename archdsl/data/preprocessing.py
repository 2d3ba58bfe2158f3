"""What an image was before the network saw it, and what the network's answers mean.

One value for both travels with a winner: it is stated by a source of images, recorded with a run,
and carried by `best.yaml`, `best.py`, `best.safetensors` and the report.
"""

from __future__ import annotations

import dataclasses
import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, Self, TypeAlias, get_args

from archdsl.printable import shown

Interpolation: TypeAlias = Literal["bilinear", "bicubic"]

BYTES = 1 / 255
"""The scale by which bytes become numbers from 0 to 1."""

MOST_NAMES = 5_000
"""Class names that stand in a spec, which has 20,000 values and 500,000 bytes at most."""

LONGEST_NAMES = 100_000
"""Characters of all of them."""


class NotStated(ValueError):
    """Values that state no preprocessing; says why."""


@dataclass(frozen=True, slots=True)
class Pixels:
    """How a decoded image becomes the numbers that the network sees.

    scale, mean, std: a pixel becomes (pixel * scale - mean) / std, with a mean and a std for each
        channel; a scale of None is of floating point that stays as it is
    image_size: height and width that every image has, None for any
    cover: what an image of any size is scaled to cover, as bytes, to be cut around the middle
    interpolation: of that, or of the numbers of an image whose size is not that of the training
    """

    scale: float | None
    mean: tuple[float, ...]
    std: tuple[float, ...]
    image_size: tuple[int, int] | None = None
    cover: tuple[int, int] | None = None
    interpolation: Interpolation = "bicubic"

    def words(self) -> str:
        """What becomes of a pixel, for people."""
        if self.scale is None:
            return "numbers as they are"
        scaled = "pixel / 255" if self.scale == BYTES else f"pixel * {self.scale:g}"
        mean, std = (_alike(values) for values in (self.mean, self.std))
        if (mean, std) == ("0", "1"):
            return scaled
        return f"({scaled} - {mean}) / {std}"


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """What travels with a winner: the names of its classes, and what was done to each image.

    class_names: in the order of the labels; empty where nobody named them
    channels, size: of the images that the network was trained on, height before width
    pixels: None where nobody said how images become that
    """

    class_names: tuple[str, ...]
    channels: int
    size: tuple[int, int]
    pixels: Pixels | None

    def trained_at(self, size: tuple[int, int], interpolation: Interpolation) -> Self:
        """The same where a training brings the images to another size."""
        if size == self.size:
            return self
        pixels = self.pixels
        if pixels is not None:  # one that scaled them already would scale them twice
            pixels = None if pixels.cover else replace(pixels, interpolation=interpolation)
        return replace(self, size=size, pixels=pixels)

    def words(self) -> str:
        """What becomes of an image, for people; empty where nobody said."""
        if self.pixels is None:
            return ""
        size, pixels = _sides(self.size), self.pixels
        if pixels.cover is not None:
            made = (
                f"scaled until it covers {_sides(pixels.cover)} ({pixels.interpolation}), cut "
                f"around the middle to {size}"
            )
        elif pixels.image_size in (None, self.size):
            made = f"{size} as it is"
        else:
            assert pixels.image_size is not None, "the size of the training is another"
            made = f"{_sides(pixels.image_size)}, brought to {size} ({pixels.interpolation})"
        return f"{made}; {pixels.words()}"

    def record(self) -> dict[str, Any]:
        """The value as JSON holds it."""
        said = json.loads(json.dumps(dataclasses.asdict(self)))
        assert isinstance(said, dict)
        return said

    def in_spec(self) -> dict[str, Any]:
        """The value as a spec holds it under `found:`.

        A file name may hold half of a surrogate pair, and YAML may not: it stands there as a
        backslash and its number, and a backslash as two. Of very many classes there are no names.
        """
        names = self.class_names
        if len(names) > MOST_NAMES or sum(map(len, names)) > LONGEST_NAMES:
            names = ()
        return {**self.record(), "class_names": [_escaped(name) for name in names]}

    @classmethod
    def from_spec(cls, said: object) -> Self:
        """The value that `in_spec()` gave. Raises NotStated."""
        found = cls.from_record(said)
        return replace(found, class_names=tuple(map(_unescaped, found.class_names)))

    @classmethod
    def from_record(cls, said: object) -> Self:
        """The value that `record()` gave. Raises NotStated."""
        given = _mapping(said, "it", tuple(field.name for field in dataclasses.fields(cls)))
        channels = given["channels"]
        if not _is_count(channels):
            raise NotStated(f"channels is {shown(channels)}, and takes a number of channels")
        pixels = given["pixels"]
        return cls(
            _names(given["class_names"]),
            channels,
            _size(given["size"], "size"),
            None if pixels is None else _pixels(pixels, channels),
        )


def stated(
    said: object, channels: int, size: tuple[int, int], classes: int, *, where: str
) -> Preprocessing:
    """What somebody's own data say of themselves: a mapping with some of these.

    class_names: in the order of the labels
    mean, std: of each channel, or one for all; scale: 1/255 unless said, and always a number
    cover, interpolation: as of `Pixels`; without `cover` an image comes in the size of the network
    Raises NotStated.
    """
    known = ("class_names", "scale", "mean", "std", "cover", "interpolation")
    given = _mapping(said, where, known, every=False)
    names = _names(given.get("class_names", ()))
    if names and len(names) != classes:
        raise NotStated(f"class_names has {len(names)} names, and the spec {classes} classes")
    pixels = None
    if set(given) & set(known[1:]):
        if missing := [name for name in ("mean", "std") if name not in given]:
            raise NotStated(f"it says no {missing[0]}, and takes mean and std together")
        of_each = {
            name: [value] * channels if isinstance(value, (int, float)) else value
            for name in ("mean", "std")
            for value in [given[name]]
        }
        scale, cover = given.get("scale", BYTES), given.get("cover")
        if scale is None:  # of floating point as it is, which has no mean, no std and no cover
            raise NotStated("scale is None, and takes a number above 0")
        whole = {
            "scale": scale,
            **of_each,
            "image_size": None if cover is not None else size,
            "cover": cover,
            "interpolation": given.get("interpolation", "bicubic"),
        }
        pixels = _pixels(whole, channels)
        if pixels.cover is not None and not (
            pixels.cover[0] >= size[0] and pixels.cover[1] >= size[1]
        ):
            raise NotStated(f"cover is {_sides(pixels.cover)}, and the input is {_sides(size)}")
    return Preprocessing(names, channels, size, pixels)


def weights_metadata(said: Preprocessing | None) -> dict[str, str]:
    """What stands in the metadata of a winner's safetensors: texts by name, in ASCII."""
    return {} if said is None else {"preprocessing": json.dumps(said.record())}


def in_metadata(metadata: Mapping[str, str]) -> Preprocessing | None:
    """What `weights_metadata` wrote; None where nothing stands there that can be read."""
    try:
        return Preprocessing.from_record(json.loads(metadata["preprocessing"]))
    except (KeyError, ValueError, TypeError, RecursionError, NotStated):
        return None


def _pixels(said: object, channels: int) -> Pixels:
    given = _mapping(said, "pixels", tuple(field.name for field in dataclasses.fields(Pixels)))
    scale, interpolation = given["scale"], given["interpolation"]
    if scale is not None and not (_is_number(scale) and scale > 0):
        raise NotStated(f"scale is {shown(scale)}, and takes a number above 0")
    if interpolation not in get_args(Interpolation):
        raise NotStated(f"interpolation is {shown(interpolation)}, and takes bilinear or bicubic")
    for name in ("mean", "std"):
        values = given[name]
        if (
            not isinstance(values, (list, tuple))
            or len(values) != channels
            or not all(map(_is_number, values))
        ):
            raise NotStated(f"{name} is {shown(values)}, and takes a number for each channel")
    if (least := min(given["std"])) <= 0:
        raise NotStated(f"std is {shown(least)} for a channel, and takes numbers above 0")
    sizes = {
        name: None if given[name] is None else _size(given[name], name)
        for name in ("image_size", "cover")
    }
    mean, std = (tuple(map(float, given[name])) for name in ("mean", "std"))
    if scale is None and (any(mean) or set(std) != {1.0} or sizes["cover"]):
        raise NotStated(
            "scale is None, of numbers that stay as they are, and takes a mean of 0, a std of 1 "
            "and no cover"
        )
    scale = None if scale is None else float(scale)
    return Pixels(scale, mean, std, **sizes, interpolation=interpolation)


def _mapping(
    said: object, what: str, known: tuple[str, ...], *, every: bool = True
) -> Mapping[str, Any]:
    if not isinstance(said, Mapping):
        raise NotStated(f"{what} is {shown(said)}, and takes a mapping with {', '.join(known)}")
    for name in said:
        if name not in known:
            raise NotStated(f"{what} has no {shown(name)}, and takes {', '.join(known)}")
    for name in known if every else ():
        if name not in said:
            raise NotStated(f"{what} says no {name}, and takes {', '.join(known)}")
    return said


def _names(said: object) -> tuple[str, ...]:
    if not isinstance(said, (list, tuple)) or not all(isinstance(name, str) for name in said):
        raise NotStated(f"class_names is {shown(said)}, and takes a list of texts")
    return tuple(said)


def _size(said: object, name: str) -> tuple[int, int]:
    if not isinstance(said, (list, tuple)) or len(said) != 2 or not all(map(_is_count, said)):
        raise NotStated(f"{name} is {shown(said)}, and takes [height, width]")
    return said[0], said[1]


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_number(value: object) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and abs(value) <= sys.float_info.max  # type: ignore[arg-type]  # not of NaN


def _alike(values: tuple[float, ...]) -> str:
    texts = [f"{value:g}" for value in values]
    return texts[0] if len(set(texts)) == 1 else f"[{', '.join(texts)}]"


def _sides(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"


def _escaped(name: str) -> str:
    doubled = name.replace("\\", "\\\\")
    return re.sub("[\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", doubled)


def _unescaped(name: str) -> str:
    def one(found: re.Match[str]) -> str:
        return "\\" if found[1] == "\\" else chr(int(found[2], 16))

    return re.sub(r"\\(?:(\\)|u(d[89a-f][0-9a-f]{2}))", one, name)
