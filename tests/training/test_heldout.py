from __future__ import annotations

import ast
import gc
from pathlib import Path
from typing import Any

import numpy as np
import torch

import archdsl
from archdsl.components.component import component
from archdsl.data.digits import Digits
from archdsl.training import DataSource, Recipe, prepare
from archdsl.training.batches import SearchData
from archdsl.training.evaluate import evaluate
from archdsl.training.train import train_model

PACKAGE = Path(archdsl.__file__).parent
STILL = DataSource(component("data", "digits", canvas=8, noise=0.0, clutter=0))


def reachable(*roots: object) -> list[object]:
    """Everything that can be reached from `roots`, not going through modules, types and code."""
    code = (type, type(ast), type(reachable), type(len))
    seen: dict[int, object] = {}
    todo = list(roots)
    while todo:
        thing = todo.pop()
        if id(thing) in seen or isinstance(thing, code):
            # a closure is data, its globals are code
            if isinstance(thing, type(reachable)) and thing.__closure__:
                todo += [cell.cell_contents for cell in thing.__closure__]
            continue
        seen[id(thing)] = thing
        todo += gc.get_referents(thing)
    return list(seen.values())


def arrays(things: list[object]) -> list[np.ndarray[Any, Any]]:
    found = [thing for thing in things if isinstance(thing, np.ndarray)]
    found += [t.detach().numpy() for t in things if isinstance(t, torch.Tensor) and not t.is_meta]
    bases = [array.base for array in found if isinstance(array.base, np.ndarray)]
    return found + bases


def rows(images: np.ndarray[Any, Any]) -> set[bytes]:
    return {np.ascontiguousarray(image, dtype=np.float32).tobytes() for image in images}


def images_within(things: list[object], shape: tuple[int, ...]) -> set[bytes]:
    """Every image of `shape` that an array among `things` holds."""
    size = int(np.prod(shape))
    found: set[bytes] = set()
    for array in arrays(things):
        if array.size % size == 0 and array.dtype.kind == "f":
            found |= rows(np.ascontiguousarray(array).reshape(-1, *shape))
    return found


def searched(network) -> list[object]:
    recipe = Recipe(epochs=1)
    data = prepare(recipe, STILL, (1, 8, 8), 10)
    done = train_model(network(), recipe, data, seed=0)
    batches = SearchData(data.data, data.size, recipe, seed=0)
    return reachable(data, batches, done, recipe)


def test_no_test_image_can_be_reached_from_what_a_search_gets(network):
    # without noise a digit is the same bytes on its canvas of 8 as in the source
    source = Digits(canvas=8, noise=0.0, clutter=0)
    test = rows(source.held_out(Path(), (8, 8))[0].images)
    mine = source.searchable(Path(), (8, 8))
    seen = images_within(searched(network), (1, 8, 8))
    assert rows(mine.train.images) <= seen
    assert rows(mine.val.images) <= seen
    twins = rows(mine.train.images) | rows(mine.val.images)
    assert len(test - twins) > 350
    assert not (test - twins) & seen


def test_the_walk_would_find_a_test_image_that_is_kept():
    source = Digits(canvas=8, noise=0.0, clutter=0)
    test = source.held_out(Path(), (8, 8))[0]

    class Leaky:
        def __init__(self) -> None:
            self.read = lambda: test

    assert rows(test.images) <= images_within(reachable(Leaky()), (1, 8, 8))


def names_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    names |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {part for alias in node.names for part in alias.name.split(".")}
            names |= set((getattr(node, "module", None) or "").split("."))
    return names


def users_of(name: str) -> set[str]:
    return {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if name in names_in(path)
    }


def importers_of(module: str) -> set[str]:
    return {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.ImportFrom) and node.module == module)
        or (
            isinstance(node, (ast.Import, ast.ImportFrom))
            and module in {f"{getattr(node, 'module', '')}.{a.name}".strip(".") for a in node.names}
        )
    }


def test_one_module_reads_the_test_split_and_what_looks_there_imports_it():
    assert users_of("held_out") == {"training/heldout.py"}
    assert users_of("held_out_samples") == {"evaluation/data.py", "training/heldout.py"}
    # the search, at its end, and a user who asks: nothing that proposes or trains imports either
    assert users_of("heldout") == {"training/evaluate.py", "evaluation/data.py"}
    assert {path.split("/")[0] for path in importers_of("archdsl.evaluation")} <= {"__init__.py"}
    users = importers_of("archdsl.training.evaluate")
    assert not [path for path in users if path.startswith("training/")]
    # the search looks at the test split in one place, its last step, and a full training in its own
    assert users == {"study/engines/work.py", "full_training/training.py"}


def test_the_look_counts_every_test_image_once(network):
    recipe = Recipe(epochs=3, lr=1e-2)
    data = prepare(recipe, STILL, (1, 8, 8), 10)
    model = network()
    train_model(model, recipe, data, seed=0)
    metrics = evaluate(model, recipe, data, "test")
    assert metrics["n"] == 395
    assert set(metrics) == {"accuracy", "macro_accuracy", "loss", "n"}
    split, _ = Digits(canvas=8, noise=0.0, clutter=0).held_out(Path(), (8, 8))
    with torch.no_grad():
        hits = model.eval()(torch.from_numpy(split.images)).argmax(1).numpy() == split.labels
    assert round(metrics["accuracy"] * 395) == hits.sum()
    assert metrics["accuracy"] > 0.8
