"""Whether a folder holds this very training: what may not change between two starts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archdsl.components.options import written
from archdsl.errors import SearchError
from archdsl.language.nodes import plain
from archdsl.language.yaml import read
from archdsl.study.identity.evidence import refuse_other_evidence
from archdsl.study.identity.setup import Cures, flat
from archdsl.training.recipe import Recipe

if TYPE_CHECKING:
    from archdsl.full_training.record import TrainRecord
    from archdsl.study.identity.evidence import Evidence

CURES = Cures(
    "go on with archdsl {}, or choose another --out",
    "put it back to go on with that training, or choose another --out",
    held="training",
)

_BESIDE = ("search", "found", "imports", "name")
"""What of a spec decides nothing of a network; the code of imports is compared by itself."""


def refuse_another(folder: Path, old: TrainRecord, new: TrainRecord, known: Evidence) -> None:
    """Raise SearchError, naming the first thing that differs, where a folder holds another.

    folder: as it was named; known: what figures follow from besides, by now
    """
    said = _differs(old, new)
    if said is not None:
        raise SearchError(f"{folder} holds a training in which {said}.  {CURES.rest}")
    refuse_other_evidence(folder, old.data["words"], old.data["evidence"], known, CURES)


def _differs(old: TrainRecord, new: TrainRecord) -> str | None:
    known = Recipe.from_record(old.recipe).record()  # with what it had no field for
    then = {f"train.{name}": value for name, value in known.items()}
    now = {f"train.{name}": value for name, value in new.recipe.items()}
    pairs = (then, now), (_images(old), _images(new)), (_network(old.spec), _network(new.spec))
    for olds, news in pairs:
        for name in dict.fromkeys([*olds, *news]):
            if olds.get(name) != news.get(name):
                return f"{name} {_was(olds, name)}, and now it {_is(news, name)}"
    if old.seed != new.seed:
        return f"the seed was {old.seed}, and now it is {new.seed}"
    before, after = old.beginning or {}, new.beginning or {}
    if before.get("digest") != after.get("digest"):
        return f"the weights to begin with were {_weights(old)}, and now they are {_weights(new)}"
    return None


def _images(record: TrainRecord) -> dict[str, Any]:
    """Address -> value of what says which images, but for where they lie."""
    data = record.data["source"]["data"]
    if data is None:
        return {"--cache": record.data.get("cache")}
    options = {name: value for name, value in data["options"].items() if name != "path"}
    said = flat({"search.proxy.data": {"type": data["type"], **options}})
    return {"--cache": record.data.get("cache"), **said}


def _network(text: str) -> dict[str, Any]:
    """Address -> value of all that decides a network."""
    tree: Any = plain(read(text, "spec.yaml"))
    return flat({key: value for key, value in tree.items() if key not in _BESIDE})


def _was(values: Mapping[str, Any], name: str) -> str:
    return f"was {written(values[name])}" if name in values else "was not there"


def _is(values: Mapping[str, Any], name: str) -> str:
    return f"is {written(values[name])}" if name in values else "is not there"


def _weights(record: TrainRecord) -> str:
    return "drawn" if record.beginning is None else f"those of {record.beginning['path']}"
