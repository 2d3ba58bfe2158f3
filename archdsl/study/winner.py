"""The winner as files that stand by themselves: spec, code, weights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from archdsl.amounts import bounded
from archdsl.errors import ArchError
from archdsl.language.settings import SearchSettings
from archdsl.study import files
from archdsl.study.carried import portable
from archdsl.version import VERSION

if TYPE_CHECKING:
    from archdsl.study.run_folder import RunFolder
    from archdsl.study.trial import Trial

YAML, CODE, WEIGHTS = "best.yaml", "best.py", "best.safetensors"


def write_winner(
    run: RunFolder, best: Trial, settings: SearchSettings, test: dict[str, float] | None
) -> list[str]:
    """Write `best.*` into the run directory; what could not be written is said in the notes.

    test: its metrics on the test split, if somebody looked
    """
    text = best.spec.dump(found=found(run, best, settings, test))
    files.write_text(run.folder / YAML, portable(text, run.space))
    weights, target = run.weights_of(best.number), run.folder / WEIGHTS
    if weights.exists():
        files.copy(weights, target)
    else:
        target.unlink(missing_ok=True)
    return _write_code(run.folder / CODE, best)


def found(
    run: RunFolder, best: Trial, settings: SearchSettings, test: dict[str, float] | None
) -> dict[str, Any]:
    """What stands under `found:` in a winner: where it comes from and what it came to."""
    record = best.record()
    said: dict[str, Any] = {
        "trial": best.number,
        "trials": len(run.trials),
        "sampler": settings.sampler,
        "seed": settings.seed,
        "metrics": record["metrics"],
        "cost": {name: best.costs[name] for name in bounded()},
    }
    if test is not None:
        said["test"] = dict(test)
    return {**said, "archdsl": VERSION}


def _write_code(path: Path, best: Trial) -> list[str]:
    from archdsl.exporters import export

    try:
        export(best.spec.network(), to="code", path=path)
    except ArchError as error:
        path.unlink(missing_ok=True)
        return [f"{path.name} was not written: {error}"]
    return []
