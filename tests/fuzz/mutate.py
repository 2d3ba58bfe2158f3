"""Specs with something wrong in them: a seeded mutator of texts and of trees."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import yaml

from archdsl.shipped import folder

LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Writes a text without quotes wherever YAML lets it."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}


BROKEN = Path(__file__).parents[1] / "broken"

SCALARS = (
    # ruff: noqa: E501
    "0", "-1", "1", "2", "3.5", "1e308", "-1e-308", "1e999", "9" * 30, "9" * 101, "9" * 5000,
    "100000", "0x7fffffffffffffff", "0o17", "1_000", "10.0", ".5", "+5", "-0.0", "2G", "1.5k", ".nan",
    ".inf", "-.inf", "true", "false", "none", "null", "~", "yes", "''", '""', '"3"', "'none'", "gelu",
    "attention", "pooling", "mlp", "meta_mixer", "layer_norm", "conv", "linear", "tpe", "digits",
    "$width", "$ratio", "$width * 2", "$(1 +", "$1 // 0", "$width ** 9", "$width * 1e308", "$$", "$",
    "[]", "{}", "[[]]", "{choice: [1, 2]}", "{range: [1, 3]}", "{range: [1, 100000]}",
    "{choice: [{type: mlp}, {type: mlp}]}", "{choice: []}", "{type: mlp}", "{type: {choice: [mlp]}}",
    "{choice: [1, 2], per: block}", "{range: [1, 3], per: stage}", "{range: [0.1, 0.3], step: 0.1}",
    "&a 1", "*a", "<<: *a", "!!python/object:os.system x", "!tag x", "| \n  text", "> folded", "? a",
    "é", "\u202e", "\u2028", "\x85", "\x00", "\x07", "\x1b[31m", "\ufeff", "\ud800", "\udcff", "𝔘" * 40,
    "a" * 3000, "../../etc/passwd", "/dev/zero", "./x.py", "a.yaml", "stages.0.depth", "a: b: c", "- -",
    "#", ": ", "@x", "`x`", "%YAML 1.2", "---", "...", "\t", "a\tb", "{a: 1, a: 2}", "{1: 2}", "[1, 2",
)  # fmt: skip

KEYS = (
    "archdsl", "name", "extends", "params", "input", "classes", "drop_path", "stem", "downsample",
    "class_token", "out_norm", "block", "stages", "head", "search", "found", "dim", "depth", "runs",
    "token_mixer", "channel_mixer", "norm", "layer_scale", "res_scale", "pos_embed", "type", "choice",
    "range", "step", "per", "default", "label", "kernel", "ratio", "stride", "heads", "head_dim", "act",
    "block.norm", "stages.0.depth", "stages.9.dim", "block.token_mixer.kernel", "a.b.c", "stages.-1.dim",
    "stages.0.blocks.0.norm", "", ".", "..", "0", "1.5", "true", "none", "<<", "a b", "é", "\u2028", "x" * 500,
)  # fmt: skip


def seeds() -> list[str]:
    """The texts of all shipped specs, and of those that are broken on purpose."""
    files = [*sorted(folder().glob("*/*.yaml")), *sorted(BROKEN.glob("*.yaml"))]
    return [path.read_text(encoding="utf-8", errors="replace") for path in files]


def mutant(draw: random.Random, texts: list[str]) -> str:
    """One text, changed once or a few times."""
    text = draw.choice(texts)
    for _ in range(draw.choice((1, 1, 1, 2, 3, 8))):
        change = draw.choice(TREES) if draw.random() < 0.7 else None
        changed = _of_tree(draw, text, change) if change else None
        text = draw.choice(TEXTS)(draw, text, texts) if changed is None else changed
    return text


def random_bytes(draw: random.Random) -> bytes:
    """A string of bytes: any, of ASCII alone, or of what YAML is made of."""
    size = draw.choice((0, 1, 5, 50, 500, 5000))
    kind = draw.randrange(4)
    if kind == 0:
        return draw.randbytes(size)
    if kind == 1:
        return bytes(draw.choices(range(128), k=size))
    body = "".join(draw.choices("archdsl: 1\n-[]{},\"'&*!|>%@`#?:\t $.0123456789stages", k=size))
    head = "archdsl: 1\n" if kind == 3 else draw.choice(("", "\ufeff", "%YAML 1.1\n---\n"))
    return (head + body).encode("utf-8", "surrogatepass")


# changes of a text: of its lines, and of its characters


def _line_away(draw: random.Random, text: str, texts: list[str]) -> str:
    lines = text.split("\n")
    del lines[draw.randrange(len(lines))]
    return "\n".join(lines)


def _line_twice(draw: random.Random, text: str, texts: list[str]) -> str:
    lines = text.split("\n")
    at = draw.randrange(len(lines))
    return "\n".join([*lines[:at], *[lines[at]] * draw.choice((2, 2, 50)), *lines[at:]])


def _lines_swapped(draw: random.Random, text: str, texts: list[str]) -> str:
    lines = text.split("\n")
    one, other = draw.randrange(len(lines)), draw.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return "\n".join(lines)


def _line_of_another(draw: random.Random, text: str, texts: list[str]) -> str:
    lines, others = text.split("\n"), draw.choice(texts).split("\n")
    lines.insert(draw.randrange(len(lines) + 1), draw.choice(others))
    return "\n".join(lines)


def _indented(draw: random.Random, text: str, texts: list[str]) -> str:
    lines = text.split("\n")
    at = draw.randrange(len(lines))
    lines[at] = draw.choice((" ", "  ", "\t", "- ", "? ", "    ")) + lines[at]
    return "\n".join(lines)


def _character(draw: random.Random, text: str, texts: list[str]) -> str:
    at = draw.randrange(len(text) + 1)
    return text[:at] + draw.choice(SCALARS) + text[at + draw.randrange(2) :]


def _cut(draw: random.Random, text: str, texts: list[str]) -> str:
    one, other = sorted((draw.randrange(len(text) + 1), draw.randrange(len(text) + 1)))
    return text[:one] + text[other:]


def _repeated(draw: random.Random, text: str, texts: list[str]) -> str:
    at, many = draw.randrange(len(text) + 1), draw.choice((10, 70, 2000))
    return (
        text[:at]
        + draw.choice(("[", "{", "{a: ", "- ", "(", "$(", "-", "\n", " ")) * many
        + text[at:]
    )


def _spliced(draw: random.Random, text: str, texts: list[str]) -> str:
    other = draw.choice(texts)
    return text[: draw.randrange(len(text) + 1)] + other[draw.randrange(len(other) + 1) :]


TEXTS = (
    _line_away, _line_twice, _lines_swapped, _line_of_another, _indented, _character, _cut, _repeated,
    _spliced,
)  # fmt: skip


# changes of a tree: of one place in it


def _of_tree(draw: random.Random, text: str, change: Callable[..., None]) -> str | None:
    """The text of a tree after a change, or None for a text that is no tree."""
    try:
        tree = yaml.load(text, LOADER)  # every scalar is a text
        places = list(itertools.islice(_places(tree), 5000))  # one that doubles has no end
        if not places:
            return None
        change(draw, *draw.choice(places), places)
        dumped: str = yaml.dump(tree, Dumper=Dumper, allow_unicode=True, sort_keys=False, width=200)
    except (yaml.YAMLError, RecursionError, ValueError):
        return None
    return dumped.replace("'@@", "").replace("@@'", "").replace('"@@', "").replace('@@"', "")


def _places(tree: Any) -> Any:
    """Every (collection, key) of a tree."""
    if isinstance(tree, dict | list):
        for key, inner in list(tree.items() if isinstance(tree, dict) else enumerate(tree)):
            yield tree, key
            yield from _places(inner)


def _bare(text: str) -> str:
    """A text that is to stand without quotes."""
    return f"@@{text}@@" if text.isprintable() else text


def _replace(draw: random.Random, where: Any, key: Any, places: Any) -> None:
    where[key] = _bare(draw.choice(SCALARS))


def _near(draw: random.Random, where: Any, key: Any, places: Any) -> None:
    """Another value that may well belong there: much of what is made so can be read."""
    like = [other[place] for other, place in places if place == key and other is not where]
    if isinstance(where[key], str) and where[key].isdigit():
        where[key] = str(draw.choice((1, 2, 3, 4, 5, 7, 8, 16, 32, 64, int(where[key]) * 2)))
    elif like:
        where[key] = draw.choice(like)


def _delete(draw: random.Random, where: Any, key: Any, places: Any) -> None:
    del where[key]


def _swap(draw: random.Random, where: Any, key: Any, places: Any) -> None:
    other, place = draw.choice(places)
    where[key], other[place] = other[place], where[key]


def _rename(draw: random.Random, where: Any, key: Any, places: Any) -> None:
    if isinstance(where, dict):
        where[draw.choice(KEYS)] = where.pop(key)
    else:
        where.insert(key, where[key])


def _nest(draw: random.Random, where: Any, key: Any, places: Any) -> None:
    for _ in range(draw.choice((1, 1, 2, 70))):
        wrap = draw.choice((
            lambda v: [v], lambda v: {"type": v}, lambda v: {"choice": [v, "none"]},
            lambda v: {"choice": [v, v]}, lambda v: {"range": [v, v]}, lambda v: {"type": "mlp", "act": v},
        ))  # fmt: skip
        where[key] = wrap(where[key])


def _add(draw: random.Random, where: Any, key: Any, places: Any) -> None:
    if isinstance(where, dict):
        where[draw.choice(KEYS)] = _bare(draw.choice(SCALARS))
    else:
        where += [where[key]] * draw.choice((1, 1, 30))


TREES = (_near, _near, _near, _replace, _replace, _delete, _swap, _rename, _nest, _add)
