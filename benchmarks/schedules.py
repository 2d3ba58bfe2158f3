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
from archdsl.specification import Spec
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
    """The proxy of the space, with a validation after every epoch, and its data."""
    space = archdsl.space(SPACE)
    proxy = replace(space.spec.settings().proxy, validate_every=1)
    network = space.default().network()
    recipe = Recipe.of(proxy)
    return recipe, prepare(recipe, DataSource.of(proxy), network.input, network.classes)


Column = dict[int, float]
"""By member."""


def columns_of(known: Trainings, forks: Sequence[Recipe]) -> dict[int, dict[str, Any]]:
    """By seed and training the accuracies of members, of the seeds that are whole."""
    names = ["cosine", *map(name_of, forks)]
    members = {member for _, member, _ in known.known}
    found = {
        seed: {n: {m: known.known[seed, m, n] for m in members if (seed, m, n) in known.known}
               for n in names}
        for seed in sorted({seed for seed, _, _ in known.known})
    }  # fmt: skip
    whole = {s: of for s, of in found.items() if all(len(of[n]) == len(members) for n in names)}
    return whole or found


def at(curves: dict[int, list[float]], epoch: int, last: int = 1) -> Column:
    """The mean of so many accuracies up to an epoch."""
    return {member: sum(one[epoch - last : epoch]) / last for member, one in curves.items()}


def mean_of(columns: Sequence[Column]) -> Column:
    """The mean over seeds, of the members that all have."""
    common = set.intersection(*(set(one) for one in columns))
    return {m: sum(one[m] for one in columns) / len(columns) for m in sorted(common)}


def ranks(one: Column, other: Column) -> tuple[float, float]:
    """Kendall's tau and Spearman's rho of two columns."""
    from scipy.stats import kendalltau, spearmanr

    members = sorted(one.keys() & other.keys())
    a, b = ([column[m] for m in members] for column in (one, other))
    return float(kendalltau(a, b).statistic), float(spearmanr(a, b).statistic)


def report(known: Trainings, forks: Sequence[Recipe], rungs: Sequence[int]) -> None:
    """How rungs order like whole trainings, by what they cost; and how the schedules compare."""
    by_seed = columns_of(known, forks)
    end = forks[-1].epochs
    for share in sorted({fork.cooldown for fork in forks}):
        last = next(f for f in forks if f.epochs == end and f.cooldown == share)
        whole = {
            name: mean_of([at(of[training], end) for of in by_seed.values()])
            for name, training in (("cosine", "cosine"), ("wsd", name_of(last)))
        }
        print(f"\n{len(by_seed)} seeds, {len(whole['wsd'])} members, cooldown {share}\n")
        print("| early | epochs | tau, rho with its own end | with the other's |")
        print("|---|---|---|---|")
        branched = 0
        for rung in rungs:
            fork = next(f for f in forks if f.epochs == rung and f.falls_after <= last.falls_after)
            branched += rung - fork.falls_after
            cost = fork.falls_after + branched
            rows = [("wsd", cost, f"branch to {rung}", name_of(fork), rung, 1)]
            cuts = {(e, n) for e in (rung, cost) for n in (1, 3) if n <= e}
            rows += [
                ("cosine", e, f"cut, the mean of {n}", "cosine", e, n) for e, n in sorted(cuts)
            ]
            for name, epochs, what, training, epoch, mean in rows:
                said = []
                for target in (whole[name], whole["cosine" if name == "wsd" else "wsd"]):
                    pairs = [ranks(at(of[training], epoch, mean), target)
                             for of in by_seed.values()]  # fmt: skip
                    said.append(
                        ", ".join(f"{sum(c) / len(c):.2f}" for c in zip(*pairs, strict=True))
                    )
                print(f"| {name}, {what} | {epochs} | {said[0]} | {said[1]} |")
        gained = [whole["wsd"][m] - whole["cosine"][m] for m in whole["wsd"]]
        mean = sum(gained) / len(gained)
        spread = (sum((g - mean) ** 2 for g in gained) / max(1, len(gained) - 1)) ** 0.5
        print("\ntau, rho of the ends: " + ", ".join(f"{r:.2f}" for r in ranks(*whole.values())))
        for name, column in whole.items():
            average = sum(column.values()) / len(column)
            print(f"{name}: mean {average:.4f}, best {max(column.values()):.4f}")
        print(f"wsd - cosine: {mean:+.4f} ± {spread / len(gained) ** 0.5:.4f}")


def main() -> None:
    """Train what is missing, or print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("trained", type=Path)
    parser.add_argument("--members", type=int, default=40)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rungs", type=int, nargs="+", default=[2, 6])
    parser.add_argument("--cooldowns", type=float, nargs="+", default=[0.2])
    parser.add_argument("--report", action="store_true", help="print the tables of what is there")
    given = parser.parse_args()
    torch.set_num_threads(1)
    recipe, data = prepared()
    forks = branches(recipe, given.rungs, given.cooldowns)
    known = Trainings(given.trained)
    if given.report:
        report(known, forks, given.rungs)
        return
    members = members_of(given.members)
    for seed in range(given.seeds):
        for number, member in enumerate(members):
            if (seed, number, name_of(forks[-1])) in known.known:
                continue
            for what, accuracy in all_of(member.network(), recipe, data, seed, forks):
                known.add(seed, number, what, accuracy)


if __name__ == "__main__":
    main()
