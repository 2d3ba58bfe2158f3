"""What makes a run the same run: its space and its settings; and where it runs."""

from __future__ import annotations

import dataclasses
import functools
import os
import platform
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from archdsl.components.component import Component
from archdsl.components.options import written
from archdsl.components.registry import find
from archdsl.errors import SearchError
from archdsl.language.settings import SearchSettings
from archdsl.study.identity.carried import digests
from archdsl.version import VERSION

if TYPE_CHECKING:
    from archdsl.spaces import Space

_PACKAGES = (
    "torch", "optuna", "lightning", "torchmetrics", "numpy", "scikit-learn", "scipy", "pillow",
    "fvcore", "safetensors", "torchvision",
)  # fmt: skip

# `trials` may grow, data may move (what they hold is compared by itself), another machine may
# have more cores or less memory, and what is done after the trials changes none of them.
_MAY_CHANGE = (
    "trials", "workers", "per_gpu", "memory", "trial_timeout", "disk", "proxy.folder",
    "proxy.data.path", "final", "final.keep", "final.seeds", "final.epochs", "final.asked",
    "baselines", "engine.type", "engine.num_cpus", "engine.num_gpus", "engine.address", "shared",
    "storage", "storage.url", "storage.study", "storage.lease",
)  # fmt: skip


Sections: TypeAlias = tuple[tuple[str, str], ...]
SECTIONS: Sections = (("settings", "search."), ("space", ""), ("imports", "imports."))
"""What of a setup is compared, and how the addresses in it begin."""


class Cures(NamedTuple):
    """What to do about what has changed. version: of another archdsl; rest: of all else

    held: what the folder holds
    """

    version: str
    rest: str
    held: str = "search"


GOING_ON = Cures(
    "go on with archdsl {}, or choose another --out",
    "put it back to go on with that search, or choose another --out",
)


IN_DATABASE = Cures(
    "go on with archdsl {} on every machine, or name another  search.storage.study",
    "put it back to go on with that search, or name another  search.storage.study",
)
"""Of a study that a database holds: another run directory is none of another study."""


def versions() -> dict[str, str]:
    """The versions of what a trial runs on."""
    found = {"archdsl": VERSION, "python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def machine(threads: int | None = None) -> dict[str, str]:
    """Where the trials run, in words; `folder` is the working directory.

    threads: of torch, that a training may take; None for those of this process
    """
    import torch

    cuda = torch.cuda.is_available()
    return {
        "system": platform.platform(),
        "processor": platform.machine(),
        "cpu": _cpu(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "cpus": str(os.cpu_count()),
        "threads": str(torch.get_num_threads()),
        "training_threads": str(threads or torch.get_num_threads()),
        "device": torch.cuda.get_device_name() if cuda else "cpu",
        "folder": str(Path.cwd()),
    }


_OF_FIGURES = ("system", "processor", "cpu", "instructions", "device")


@functools.cache
def basis() -> Mapping[str, str]:
    """What figures may follow from where this process runs: versions, and what of the machine.

    How many cores there are is none of it: a training has the threads that its session says.
    """
    here = machine()
    return {name: here[name] for name in _OF_FIGURES} | versions()


def other_than_here(there: Mapping[str, str]) -> dict[str, str]:
    """What of another process's `basis` is another than in this one."""
    here = basis()
    return {name: said for name, said in there.items() if here.get(name) != said}


def _cpu() -> str:
    """The model of the processor, of which libraries pick how they add up."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # not on every system
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor())


def setup(space: Space, settings: SearchSettings, own_evaluate: bool) -> dict[str, Any]:
    """What may not change between the sessions of a run, as plain values."""
    tree = {k: v for k, v in space.spec.tree.items() if k not in ("search", "found")}
    return {
        "space": tree,
        "imports": digests(space),
        "settings": _plain(settings),
        "evaluate": "own" if own_evaluate else "proxy",
    }


def refuse_changes(
    folder: Path, old: Mapping[str, Any], new: Mapping[str, Any], cures: Cures = GOING_ON
) -> None:
    """Raise SearchError, naming the first thing that differs, where a run is not the same."""
    said = differs(old, new)
    if said is not None:
        raise SearchError(f"{folder} holds a search in which {said}.  {cures.rest}")


def differs(old: Mapping[str, Any], new: Mapping[str, Any]) -> str | None:
    """The first thing by which a run is not the same, in words; None where it is."""
    if old == new:
        return None
    said = change(old, new)
    if said is None and old["evaluate"] != new["evaluate"]:
        judges = (_JUDGES[one["evaluate"]] for one in (old, new))
        said = "the judge was {}, and now it is {}".format(*judges)
    return said


def change(
    old: Mapping[str, Any], new: Mapping[str, Any], sections: Sections = SECTIONS
) -> str | None:
    """The first thing that differs, as in `search.seed was 0, and now it is 1`; None where none."""
    usual = _usual_settings(new)
    for what, where in sections:
        olds, news = flat(old[what]), flat(new[what])
        for address in dict.fromkeys((*olds, *news)):
            if what == "settings" and address in _may_change(new):
                continue
            was, now = olds.get(address, _ABSENT), news.get(address, _ABSENT)
            if what == "settings" and was is _ABSENT and now == usual.get(address, _ABSENT):
                continue  # the version that wrote the record did not have this setting
            if was is None and any(one.startswith(f"{address}.") for one in news):
                now = _SECTION
            if was != now or type(was) is not type(now):
                shown = _as_written(address) or what
                return f"{where}{shown} {_said(was, 'was')}, and now it {_said(now, 'is')}"
    return None


def _may_change(setup: Mapping[str, Any]) -> tuple[str, ...]:
    """What of its settings; whose weights are kept, and so begun with, follows from the disk."""
    inherits = setup["settings"].get("proxy", {}).get("inherit")
    return tuple(one for one in _MAY_CHANGE if not (inherits and one == "disk"))


def _as_written(address: str) -> str:
    """Where the author wrote a setting."""
    if address == "proxy.cooldown":
        return "proxy.schedule.cooldown"
    return address.replace("_options.", ".")


def _usual_settings(setup: Mapping[str, Any]) -> dict[str, Any]:
    """Address -> value of what nobody sets, an option of the data source at hand included."""
    usual = flat(_plain(SearchSettings()))
    source = flat(setup["settings"]).get("proxy.data.type")
    found = find("data", source) if isinstance(source, str) else None
    for name, option in () if found is None else found.options.items():
        usual[f"proxy.data.{name}"] = _plain(option.default)
    return usual


_ABSENT: Any = object()
_SECTION = "another, with keys of its own"
_JUDGES = {"own": "an evaluate function", "proxy": "proxy training"}


def _said(value: Any, verb: str) -> str:
    if value is _ABSENT:
        return f"{verb} not there"
    if value is _SECTION:
        return f"{verb} {_SECTION}"
    text = written(value)
    return f"{verb} {text if len(text) <= 60 else text[:57] + '...'}"


def flat(value: Any, address: str = "") -> dict[str, Any]:
    """Address -> scalar for everything in a tree of plain values."""
    return dict(_leaves(value, address))


def _leaves(value: Any, address: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, f"{address}.{key}" if address else str(key))
    elif isinstance(value, list) and any(isinstance(item, (list, Mapping)) for item in value):
        for index, item in enumerate(value):
            yield from _leaves(item, f"{address}.{index}" if address else str(index))
    else:
        yield address, value


def _plain(value: Any) -> Any:
    """Settings as JSON holds them."""
    if isinstance(value, Component):
        return {"type": value.type, **{name: _plain(inner) for name, inner in value.options}}
    if dataclasses.is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value
