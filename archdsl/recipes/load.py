"""A name, a file, plain values or a Recipe, and what is changed of them, to a Recipe."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from dataclasses import replace
from pathlib import Path
from typing import Any

from archdsl.errors import SpecError
from archdsl.language.load import mapping_of_patches
from archdsl.language.nodes import Mapping
from archdsl.recipes.document import RecipeFile, changed, document_of_file
from archdsl.recipes.files import path_of
from archdsl.recipes.together import check_together
from archdsl.recipes.values import KEYS, values_of
from archdsl.training.recipe import Recipe

TRAIN = "train."
"""What the addresses of a recipe begin with, beside those of a spec."""


def recipe(
    which: str | Path | MappingOf[str, Any] | Recipe,
    changes: MappingOf[str, Any] | None = None,
) -> Recipe:
    """The recipe that is meant.

    >>> recipe("transnext_300", {"train.epochs": 100}).epochs
    100

    which: the name of a shipped one, a path, the values of its fields by name, or a recipe
    changes: address -> value, `train.epochs` or `train.augmentation.mixup`, set on top of it
    Raises SpecError, which says where and what instead, for a recipe that is not as it has to be.
    """
    usual = which if isinstance(which, Recipe) else Recipe()
    train = _document(which).train
    patches = mapping_of_patches(changes or {})
    for address in sorted(patches, key=lambda address: address.count(".")):
        mark = patches.marks.get(address)
        if not address.startswith(TRAIN):
            raise SpecError(
                "this is no address of a recipe",
                address=address,
                mark=mark,
                cure=f"write  {TRAIN}{address.removeprefix('recipe.')}",
            )
        train = changed(train, address, patches.items[address], mark)
    found = replace(usual, **values_of(train))
    check_together(found, train)
    return found


def of_recipe(changes: MappingOf[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Addresses of a recipe and those of a spec, out of what `--set` says of both."""
    own = {one: value for one, value in changes.items() if one.startswith(TRAIN)}
    return own, {one: value for one, value in changes.items() if one not in own}


def _document(which: str | Path | MappingOf[str, Any] | Recipe) -> RecipeFile:
    if isinstance(which, Recipe):
        # what is as it always was counts as not written
        usual, own = Recipe().record(), which.record()
        return RecipeFile(_tree({name: own[name] for name in KEYS if own[name] != usual[name]}))
    if isinstance(which, MappingOf):
        return RecipeFile(_tree(which))
    return document_of_file(path_of(which), path_of)


def _tree(values: MappingOf[str, Any]) -> Mapping:
    tree = mapping_of_patches({"train": dict(values)}).items["train"]
    assert isinstance(tree, Mapping), "a mapping was given"
    return tree
