"""A winner, or a member of a front, as files that stand by themselves: spec, code, weights."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from archdsl.data.preprocessing import Preprocessing, weights_metadata
from archdsl.errors import ArchError
from archdsl.study.found import found, preprocessing_of
from archdsl.study.identity.carried import portable
from archdsl.study.record import files

if TYPE_CHECKING:
    from archdsl.study.final.winner import Won
    from archdsl.study.record.folder import RunFolder
    from archdsl.study.trial import Trial

BEST = "best"
"""What the winner's files are called, before the dot."""

YAML, CODE, WEIGHTS = (f"{BEST}.{ending}" for ending in ("yaml", "py", "safetensors"))


def write_files(run: RunFolder, winner: Won, path: Path) -> list[str]:
    """Write `PATH.yaml`, `.py` and `.safetensors`; returns what could not be written, in words."""
    best = winner.trial
    text = best.spec.dump(found=found(run.state, winner))
    files.write_text(path.with_suffix(".yaml"), portable(text, run.space))
    said, weights = preprocessing_of(run.state), run.weights_of_training(winner.training)
    run.bring(weights)  # another machine may have trained them
    _write_weights(path.with_suffix(".safetensors"), weights, said)
    notes = _write_code(path.with_suffix(".py"), best, said)
    return [*_names_left_out(path.name, said), *notes]


def _write_weights(path: Path, weights: Path, said: Preprocessing | None) -> None:
    """The weights of a trial, if it has any, with what was done to the images beside them."""
    if not weights.exists():
        with files.writing(path):
            path.unlink(missing_ok=True)
    elif said is None:  # those of an `evaluate` are whatever it left there
        files.copy(weights, path)
    else:
        from safetensors.torch import load_file, save

        files.write_bytes(path, save(load_file(weights), weights_metadata(said)))


def _names_left_out(name: str, said: Preprocessing | None) -> list[str]:
    if said is None or len(said.in_spec()["class_names"]) == len(said.class_names):
        return []
    return [
        f"{name}.yaml leaves out the names of the {len(said.class_names):,} classes, as they are "
        f"more than a spec holds; {name}.py has them"
    ]


def _write_code(path: Path, best: Trial, said: Preprocessing | None) -> list[str]:
    from archdsl.exporters import export

    try:
        export(best.spec.network(), to="code", path=path, preprocessing=said)
    except ArchError as error:
        with contextlib.suppress(OSError):
            path.unlink()
        return [f"{path.name} was not written: {error}"]
    return []
