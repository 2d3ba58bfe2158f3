"""How early trainings order like whole ones: a cosine cut short, and branches of a stable trunk.

    python -m benchmarks.schedules trained.jsonl [--members 40] [--seeds 3] [--rungs 2 6]
    python -m benchmarks.schedules trained.jsonl --report

Members of the bundled space specs/spaces/digits.yaml, as a random search in its budget draws them,
are trained with its proxy, once with every seed: with a cosine over all epochs, and with `wsd`,
whose trunk is trained once and from which a branch cools down at every rung, and at the end, for
each share in --cooldowns. Stopped, the same command goes on: a line of the file is a training. The
work is ordered by seed.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

import archdsl
from archdsl.compiler.network import Network
from archdsl.compiler.specification import Spec
from archdsl.training.data_source import DataSource
from archdsl.training.prepare import Prepared, prepare
from archdsl.training.recipe import Recipe
from archdsl.training.train import train

SPACE = "specs/spaces/digits.yaml"


class Trainings:
    """The trainings in a file, a line each: what, by seed and member, and its accuracies."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.known: dict[tuple[int, int, str], list[float]] = {}
        for line in path.read_text().splitlines(keepends=True) if path.exists() else ():
            if line.endswith("\n"):  # else a kill came before its end
                one = json.loads(line)
                self.known[one["seed"], one["member"], one["what"]] = one["accuracy"]

    def add(
        self, seed: int, member: int, what: str, accuracy: Sequence[float], **more: Any
    ) -> None:
        """Write one down."""
        self.known[seed, member, what] = list(accuracy)
        one = {"seed": seed, "member": member, "what": what, **more, "accuracy": list(accuracy)}
        with self._path.open("a") as file:
            file.write(json.dumps(one) + "\n")


def branches(recipe: Recipe, rungs: Sequence[int], cooldowns: Sequence[float]) -> list[Recipe]:
    """Every branch, those first that leave the trunk first."""
    lengths = (*rungs, recipe.epochs)
    found = {
        (one.falls_after, one.epochs): one
        for share in cooldowns
        for length in lengths
        if (one := replace(recipe, schedule="wsd", cooldown=share, epochs=length))
    }
    return [found[key] for key in sorted(found)]


def name_of(branch: Recipe) -> str:
    """`wsd 4-6`: it leaves the trunk after 4 epochs, and ends after 6."""
    return f"wsd {branch.falls_after}-{branch.epochs}"


def all_of(
    network: Network, recipe: Recipe, data: Prepared, seed: int, forks: Sequence[Recipe]
) -> Iterator[tuple[str, list[float]]]:
    """The cosine and every branch of one member and seed, with their accuracies by epoch."""
    whole = train(network, recipe, data, seed)
    yield "cosine", [one["accuracy"] for one in whole.history]
    with tempfile.TemporaryDirectory() as folder:
        trunk = Path(folder) / "trunk.ckpt"
        stem = replace(recipe, schedule="wsd", cooldown=0.5 / recipe.epochs)
        for fork in forks:
            train(network, stem, data, seed, checkpoint=trunk, until=fork.falls_after)
            own = Path(folder) / f"{name_of(fork)}.ckpt"
            branch = train(network, fork, data, seed, checkpoint=own, trunk=trunk)
            yield name_of(fork), [one["accuracy"] for one in branch.history]
            own.unlink()


def members_of(count: int) -> list[Spec]:
    """So many members of the space, as a random search draws them inside its budget."""
    space = archdsl.space(SPACE)
    return space.sample(count, budget={"macs": "600k"}, measure="stagewise")


def prepared() -> tuple[Recipe, Prepared]:
    """The proxy of the space, and its data."""
    space = archdsl.space(SPACE)
    proxy, network = space.spec.settings().proxy, space.default().network()
    recipe = Recipe.of(proxy)
    return recipe, prepare(recipe, DataSource.of(proxy), network.input, network.classes)


def main() -> None:
    """Train what is missing, or print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("trained", type=Path)
    parser.add_argument("--members", type=int, default=40)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rungs", type=int, nargs="+", default=[2, 6])
    parser.add_argument("--cooldowns", type=float, nargs="+", default=[0.2])
    given = parser.parse_args()
    torch.set_num_threads(1)
    recipe, data = prepared()
    forks = branches(recipe, given.rungs, given.cooldowns)
    known = Trainings(given.trained)
    members = members_of(given.members)
    for seed in range(given.seeds):
        for number, member in enumerate(members):
            if (seed, number, name_of(forks[-1])) in known.known:
                continue
            for what, accuracy in all_of(member.network(), recipe, data, seed, forks):
                known.add(seed, number, what, accuracy)


if __name__ == "__main__":
    main()
