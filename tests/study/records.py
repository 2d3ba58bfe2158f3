"""Records of trials that nothing trained, for what reads records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from archdsl.language.settings import Objective
from archdsl.study.report.read import Record
from archdsl.study.survey import Survey
from archdsl.study.trial import Trial

COSTS = {"macs": 9, "params": 9, "train_params": 9, "activations": 9}


def made(number: int, decisions: Mapping[str, Any], value: float | None, **more: Any) -> Trial:
    """A trial that came to a value, or failed where there is none."""
    state = "failed" if value is None else "complete"
    given: dict[str, Any] = {
        "number": number, "origin": "random", "text": "", "network": str(number),
        "decisions": dict(decisions), "costs": COSTS, "state": state,
        "metrics": {} if value is None else {"accuracy": value},
        "values": None if value is None else (value,),
        "cause": "it broke" if value is None else None,
    }  # fmt: skip
    return Trial(**(given | more))


def record(
    trials: Sequence[Trial],
    objectives: Iterable[Objective] = (Objective("accuracy", "maximize"),),
    **more: Any,
) -> Record:
    """A record of an own `evaluate` that has these trials."""
    given: dict[str, Any] = {
        "folder": Path("run"), "name": "made", "survey": Survey(9, 9, 9, COSTS, True),
        "objectives": tuple(objectives), "own_evaluate": True, "sessions": [],
        "settings": {"trials": len(trials), "seed": 0, "sampler": "random", "budget": {}},
        "trials": list(trials), "looks": {}, "data": {}, "space": "archdsl: 1\n", "winner": "",
        "has_code": False, "has_weights": False,
    }  # fmt: skip
    return Record(**(given | more))


def drawn(count: int, seed: int = 0) -> list[dict[str, Any]]:
    """Members of a space with shared, stage-wise and conditional decisions, drawn at random."""
    draws = np.random.default_rng(seed)
    return [_member(draws) for _ in range(count)]


def _member(draws: np.random.Generator) -> dict[str, Any]:
    found: dict[str, Any] = {"params.width": int(draws.choice([8, 16, 24]))}
    for stage in range(3):
        place = f"stages.{stage}"
        found[f"{place}.depth"] = depth = int(draws.integers(1, 4))
        for block in range(depth):
            mixer = str(draws.choice(["identity", "pooling", "sep_conv"]))
            found[f"{place}.blocks.{block}.token_mixer"] = mixer
            if mixer == "sep_conv":
                kernel = int(draws.choice([3, 5]))
                found[f"{place}.blocks.{block}.token_mixer.sep_conv.kernel"] = kernel
    return found
