"""What stands under `found:` in a winner's spec, from the state of its run and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archdsl.amounts import bounded
from archdsl.data.preprocessing import Preprocessing
from archdsl.language.write import write
from archdsl.study.identity.carried import with_places
from archdsl.study.trial import to_json
from archdsl.version import VERSION

if TYPE_CHECKING:
    from archdsl.study.final.winner import Won
    from archdsl.study.record.state import State


def preprocessing_of(state: State) -> Preprocessing | None:
    """What was done to each image of a run; None where an `evaluate` saw to that, or long ago."""
    said = None if state.data is None else state.data.preprocessing
    return None if said is None else Preprocessing.from_record(said)


def winner_text(state: State, winner: Won) -> str:
    """The spec of a winner as YAML, with its imports where a run directory has them."""
    assert state.created is not None, "a winner has a run"
    text = f"{winner.trial.text}\n{write({'found': found(state, winner)})}"
    return with_places(text, state.created.setup["imports"])


def found(state: State, winner: Won) -> dict[str, Any]:
    """Where a winner comes from, what it came to, and what was done to its images."""
    assert state.created is not None, "a winner has a run"
    best, settings = winner.trial, state.created.setup["settings"]
    said: dict[str, Any] = {
        "trial": best.number,
        "trials": len(state.judged()),
        "sampler": settings["sampler"],
        "seed": settings["seed"],
        "metrics": _in_utf8(to_json(winner.metrics)),
        "cost": {name: best.costs[name] for name in bounded() if name in best.costs},
    }
    seen = state.looks.get(winner.training)
    if seen is not None:
        said["test"] = _in_utf8(to_json(seen.metrics))
    preprocessing = preprocessing_of(state)
    if preprocessing is not None:
        said["preprocessing"] = preprocessing.in_spec()
    return {**said, "archdsl": VERSION}


def _in_utf8(metrics: dict[str, Any]) -> dict[str, Any]:
    """Metrics whose names YAML can say; the record has them as they are."""
    return {name.encode("utf-8", "backslashreplace").decode(): v for name, v in metrics.items()}
