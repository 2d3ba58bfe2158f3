"""What trainings are worth that begin with the weights of the nearest trial before them.

    python -m benchmarks.inheriting inherited.jsonl [--members 40] [--seeds 3]

Members of the bundled space, drawn and trained as benchmarks/schedules.py has it, one after
another as the trials of a search with `proxy.inherit: true` and one worker. Stopped, the same
command goes on: a line of the file is a training, and the weights lie in a folder beside it. The
work is ordered by seed.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from safetensors.torch import save_file

from archdsl.compiler.alike import tensors_of
from archdsl.training.inherit import inherit
from archdsl.training.seeds import own_randomness
from archdsl.training.train import initial, train_model
from benchmarks.schedules import Trainings, members_of, prepared


def main() -> None:
    """Train what is missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("inherited", type=Path)
    parser.add_argument("--members", type=int, default=40)
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
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
