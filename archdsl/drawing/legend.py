"""What the letters of a picture mean, and what is inside a meta_mixer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from archdsl.components.options import OptionValue
from archdsl.drawing.cells import LABEL, swatch
from archdsl.drawing.kinds import Badge, Mixer, option_words, value_words
from archdsl.views.shapes import Box, Shape, Stroke, Words, broken, cut

_SWATCH = (24.0, 13.0)
_LINE = 11.0
_GAP = 7.0
_ARROW = 16.0
_NAMES = 112.0  # of a meta_mixer, before its parts
_LEAST_COLUMN = 300.0

_ABSENT = {"query": "the input itself", "key": "no key: the query", "act": "none"}


def legend(badges: Mapping[Mixer, Badge], width: float) -> tuple[list[Shape], float]:
    """The letters with what they stand for, in columns; and how high that is."""
    plain = [(mixer, badge) for mixer, badge in badges.items() if not mixer.is_meta]
    many = max(1, min(len(plain), int(width // _LEAST_COLUMN)))
    column = width / many
    shapes: list[Shape] = []
    y, highest = 0.0, 0.0
    for place, (mixer, badge) in enumerate(plain):
        if place % many == 0:
            y, highest = y + highest, 0.0
        x = place % many * column
        lines = broken(_said(mixer, badges), column - _SWATCH[0] - 16, LABEL)
        shapes += swatch(badge, x, y, *_SWATCH)
        shapes += [
            Words(x + _SWATCH[0] + 6, y + 10 + _LINE * number, line, LABEL)
            for number, line in enumerate(lines)
        ]
        highest = max(highest, _LINE * len(lines) + _GAP)
    return shapes, y + highest


def inside(badges: Mapping[Mixer, Badge], width: float) -> tuple[list[Shape], float]:
    """Every meta_mixer opened: query, key, act, value, out; and how high that is."""
    shapes: list[Shape] = []
    y = 0.0
    for mixer, badge in badges.items():
        if mixer.is_meta:
            drawn, height = _opened(mixer, badge, y, width)
            shapes += drawn
            y += height
    return shapes, y


def _said(mixer: Mixer, others: Iterable[Mixer]) -> str:
    """A mixer, and those of its options in which it differs from others of its family."""
    types = {one.type for one in mixer.components}
    name = mixer.name if types <= {mixer.name} else f"{mixer.name} ({', '.join(sorted(types))})"
    family = [
        one
        for other in others
        if other.family == mixer.family
        for one in other.components
        if one.type in types
    ]
    options = ", ".join(option_words(mixer.components, family))
    return f"{name}: {options}" if options else name


def _opened(mixer: Mixer, badge: Badge, y: float, width: float) -> tuple[list[Shape], float]:
    parts = {name: values for name, values in mixer.parts.items() if _is_there(name, values)}
    left = _NAMES
    each = (width - left - _ARROW * (len(parts) - 1)) / len(parts)
    texts = {
        name: broken(_part_words(name, values), each - 10, LABEL) for name, values in parts.items()
    }
    height = max(map(len, texts.values())) * _LINE + 8
    top = y + _LINE + 2
    middle = top + height / 2
    shapes: list[Shape] = [
        *swatch(badge, 0, middle - _SWATCH[1] / 2, *_SWATCH),
        Words(_SWATCH[0] + 6, middle + 3, cut(mixer.name, _NAMES - _SWATCH[0] - 14, LABEL), LABEL),
    ]
    for place, (name, lines) in enumerate(texts.items()):
        x = left + place * (each + _ARROW)
        shapes.append(Words(x, y + _LINE - 2, cut(name, each, LABEL), LABEL, ink="quiet"))
        is_open = len(set(parts[name])) > 1
        shapes.append(Box(x, top, each, height, None, dashed=is_open))
        shapes += _centred(lines, x + each / 2, top, height)
        if place:
            shapes.append(Stroke(x - _ARROW + 2, middle, x - 2, middle, arrow=True))
    return shapes, height + _LINE + _GAP + 6


def _centred(lines: Sequence[str], x: float, top: float, height: float) -> list[Shape]:
    first = top + (height - len(lines) * _LINE) / 2 + 8.5
    return [
        Words(x, first + place * _LINE, line, LABEL, "center") for place, line in enumerate(lines)
    ]


def _is_there(name: str, values: Sequence[OptionValue]) -> bool:
    """Whether a part is drawn: an output that never is, is not."""
    return name != "out" or any(value is not None for value in values)


def _part_words(name: str, values: Sequence[OptionValue]) -> str:
    if all(value is None for value in values):
        return _ABSENT[name]
    return value_words(values)
