"""The winner as files that stand by themselves: spec, code, weights."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archdsl.amounts import bounded
from archdsl.errors import ArchError
from archdsl.language.settings import SearchSettings
from archdsl.study.identity.carried import portable
from archdsl.study.record import files
from archdsl.study.trial import to_json
from archdsl.version import VERSION

if TYPE_CHECKING:
    from archdsl.study.record.folder import RunFolder
    from archdsl.study.trial import Trial

YAML, CODE, WEIGHTS = "best.yaml", "best.py", "best.safetensors"


def write_winner(run: RunFolder, best: Trial, settings: SearchSettings) -> list[str]:
    """Write `best.*` into the run directory; what could not be written is said in the notes."""
    text = best.spec.dump(found=found(run, best, settings))
    files.write_text(run.folder / YAML, portable(text, run.space))
    weights, target = run.weights_of(best.number), run.folder / WEIGHTS
    if weights.exists():
        files.copy(weights, target)
    else:
        with files.writing(target):
            target.unlink(missing_ok=True)
    return _write_code(run.folder / CODE, best)


def found(run: RunFolder, best: Trial, settings: SearchSettings) -> dict[str, Any]:
    """What stands under `found:` in a winner: where it comes from and what it came to."""
    record = best.record()
    said: dict[str, Any] = {
        "trial": best.number,
        "trials": len(run.state.finished),
        "sampler": settings.sampler,
        "seed": settings.seed,
        "metrics": _in_utf8(record["metrics"]),
        "cost": {name: best.costs[name] for name in bounded()},
    }
    seen = run.state.looks.get(best.number)
    if seen is not None:
        said["test"] = _in_utf8(to_json(seen))
    return {**said, "archdsl": VERSION}


def _in_utf8(metrics: dict[str, Any]) -> dict[str, Any]:
    """Metrics whose names YAML can say; the record has them as they are."""
    return {name.encode("utf-8", "backslashreplace").decode(): v for name, v in metrics.items()}


def _write_code(path: Path, best: Trial) -> list[str]:
    from archdsl.exporters import export

    try:
        export(best.spec.network(), to="code", path=path)
    except ArchError as error:
        with contextlib.suppress(OSError):
            path.unlink()
        return [f"{path.name} was not written: {error}"]
    return []
