"""What trainings are worth that begin with the weights of the nearest trial before them.

    python -m benchmarks.inheriting inherited.jsonl [--members 40] [--seeds 3]
    python -m benchmarks.inheriting inherited.jsonl --beside trained.jsonl

Members of the bundled space, drawn and trained as benchmarks/schedules.py has it, one after
another as the trials of a search with `proxy.inherit: true` and one worker. Stopped, the same
command goes on: a line of the file is a training, and the weights lie in a folder beside it. The
work is ordered by seed. Beside what benchmarks/schedules.py trained from scratch it prints the
figures.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from statistics import median, stdev

import torch
from safetensors.torch import save_file

from archdsl.compiler.alike import tensors_of
from archdsl.training.inherit import inherit
from archdsl.training.seeds import own_randomness
from archdsl.training.train import initial, train_model
from benchmarks.schedules import Trainings, members_of, prepared, ranks


def report(inherited: Trainings, scratch: Trainings) -> None:
    """How trainings that inherit compare with those of the same member and seed that do not."""
    pairs = {
        (seed, member): (curve, scratch.known[seed, member, "cosine"])
        for (seed, member, _), curve in sorted(inherited.known.items())
        if (seed, member, "cosine") in scratch.known
    }
    seeds, members = ({key[at] for key in pairs} for at in (0, 1))
    epochs = len(next(iter(pairs.values()))[0])
    print(f"{len(seeds)} seeds, {len(members)} members, {epochs} epochs\n")
    print(
        "| after epochs | tau, rho with scratch at its end | more accurate than scratch then by |"
    )
    print("|---|---|---|")
    for epoch in sorted({1, 2, 6, epochs // 2, epochs}):
        found = []
        for seed in sorted(seeds):
            own = {m: pairs[s, m][0][epoch - 1] for s, m in pairs if s == seed}
            end = {m: pairs[s, m][1][-1] for s, m in pairs if s == seed}
            found.append(ranks(own, end))
        said = ", ".join(f"{sum(column) / len(column):.2f}" for column in zip(*found, strict=True))
        gained = [one[epoch - 1] - other[epoch - 1] for one, other in pairs.values()]
        print(f"| {epoch} | {said} | {_mean(gained)} |")
    as_good = [
        next((n for n, value in enumerate(one, 1) if value >= other[-1]), None)
        for one, other in pairs.values()
    ]
    came = [one for one in as_good if one is not None]
    print(f"\n{len(came)} of {len(as_good)} came to the accuracy that scratch ends with,")
    print(f"in the median after {median(came):g} epochs")
    print(
        f"epochs saved, none where it did not: {_mean([epochs - (n or epochs) for n in as_good])}"
    )


def _mean(values: Sequence[float]) -> str:
    error = stdev(values) / len(values) ** 0.5
    return f"{sum(values) / len(values):+.3f} ± {error:.3f}"


def main() -> None:
    """Train what is missing, or print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("inherited", type=Path)
    parser.add_argument("--members", type=int, default=40)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--beside", type=Path, help="print the figures beside these")
    given = parser.parse_args()
    if given.beside is not None:
        report(Trainings(given.inherited), Trainings(given.beside))
        return
    torch.set_num_threads(1)
    networks = [member.network() for member in members_of(given.members)]
    tensors = [tensors_of(network) for network in networks]
    recipe, data = prepared()
    known = Trainings(given.inherited)
    folder = given.inherited.with_suffix(".weights")
    folder.mkdir(exist_ok=True)
    for seed in range(given.seeds):
        for number, network in enumerate(networks):
            weights = folder / f"{seed}-{number}.safetensors"
            if (seed, number, "inherited") in known.known and weights.is_file():
                continue
            with own_randomness():
                model = initial(network, seed)
            taken = [tensors[number].parameters_in(other) for other in tensors[:number]]
            source = taken.index(max(taken)) if taken and max(taken) else None
            if source is not None:
                inherit(model, network, networks[source], folder / f"{seed}-{source}.safetensors")
            trained = train_model(model, recipe, data, seed)
            save_file({k: v.contiguous() for k, v in trained.state_dict.items()}, weights)
            share = max(taken, default=0) / tensors[number].parameters
            known.add(
                seed, number, "inherited", [one["accuracy"] for one in trained.history],
                source=source, share=share,
            )  # fmt: skip


if __name__ == "__main__":
    main()
