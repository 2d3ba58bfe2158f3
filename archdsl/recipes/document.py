"""A recipe's file with what it builds on, as one tree that knows its places."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from archdsl.errors import SpecError
from archdsl.language.nodes import Mapping, Mark, Node, Scalar
from archdsl.language.opening import RECIPE, check_version
from archdsl.language.patch import patched
from archdsl.language.typed import is_none
from archdsl.language.yaml import read_file
from archdsl.spelling import did_you_mean

KEYS = ("recipe", "name", "source", "extends", "train")
_MOST = 20
"""Files of one chain of `extends`."""

PathOf = Callable[[str, Path], Path]
"""The file that a name or a path means, from a folder. Raises SpecError."""


@dataclass(frozen=True, slots=True)
class RecipeFile:
    """What a recipe's file says.

    train: every key that it, or what it builds on, writes under `train`
    name: what it calls itself, by default as its file is called
    source: where it is from, of the nearest file that says so
    """

    train: Mapping
    name: str = ""
    source: str = ""


def document_of_file(path: Path, path_of: PathOf, chain: tuple[Path, ...] = ()) -> RecipeFile:
    """What a file says. Raises SpecError, with its place.

    chain: the files that build on this one
    """
    root = read_file(path, RECIPE)
    _check_version(root)
    for key, mark in root.marks.items():
        _check_key(key, mark)
    below = RecipeFile(Mapping({}))
    parent = root.get("extends")
    if parent is not None and not is_none(parent):
        where = _parent(parent, path, path_of, (*chain, path.resolve()))
        below = document_of_file(where, path_of, (*chain, path.resolve()))
    train = root.get("train")
    tree = below.train if train is None else _section(train)
    dotted = [key for key in root if key.startswith("train.")]
    for key in sorted(dotted, key=lambda key: key.count(".")):
        tree = changed(tree, key, root.items[key], root.marks.get(key))
    name, source = _text(root, "name", path.stem), _text(root, "source", below.source)
    return RecipeFile(tree, name, source)


def changed(train: Mapping, address: str, value: Node, mark: Mark | None) -> Mapping:
    """What is under `train` with one address, `train.augmentation.mixup`, set. Raises SpecError."""
    path = tuple(address.split("."))[1:]
    if not all(path) or not path:
        raise SpecError(
            "an address has no empty part", address=address, mark=mark, cure="write  train.epochs"
        )
    found = patched(train, path, value, address=address, mark=mark, settings=True)
    assert isinstance(found, Mapping), "a patch of a mapping is one"
    return found


def _section(node: Node) -> Mapping:
    if isinstance(node, Mapping):
        return node
    raise SpecError(
        "a mapping belongs here", address="train", mark=node.mark, cure="write  epochs: 300  in it"
    )


def _check_version(root: Mapping) -> None:
    if "recipe" not in root and "archdsl" in root:
        raise SpecError(
            "this is a spec, and no recipe",
            mark=root.marks.get(next(iter(root)), root.mark),
            cure="a recipe begins with  recipe: 1",
        )
    check_version(root, RECIPE)


def _check_key(key: str, mark: Mark) -> None:
    if key in KEYS or key.startswith("train."):
        return
    hint = did_you_mean(key, KEYS, after="  ")
    raise SpecError(
        f"a recipe has no key '{key}'",
        mark=mark,
        cure=f"{hint}a recipe takes: {', '.join(KEYS)}; how it trains stands under train",
    )


def _parent(node: Node, path: Path, path_of: PathOf, chain: tuple[Path, ...]) -> Path:
    def refuse(problem: str, cure: str) -> SpecError:
        return SpecError(problem, address="extends", mark=node.mark, cure=cure)

    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        raise refuse("one parent belongs here", "the name of a shipped recipe, or a path")
    try:
        found = path_of(node.value, path.parent)
    except SpecError as error:
        raise error.at("extends", node.mark) from None
    if found.resolve() in chain:
        circle = " -> ".join(one.name for one in (*chain, found.resolve()))
        raise refuse(f"a circle of parents: {circle}", "one of them has to stand without extends")
    if len(chain) >= _MOST:
        raise refuse("too long a chain of parents", f"{_MOST} files at most")
    return found


def _text(root: Mapping, key: str, otherwise: str) -> str:
    node = root.get(key)
    if node is None:
        return otherwise
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return node.value
    raise SpecError("a text belongs here", address=key, mark=node.mark, cure=f"write  {key}: ...")
