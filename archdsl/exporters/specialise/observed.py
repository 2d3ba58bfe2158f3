"""What the classes of an exported file are used for: its network is built, and looked at.

A constructor's arguments, and what an instance holds afterwards, are facts about this network and
no other. What the caller of the file may choose, the number of classes, is tried at several values,
so that nothing seems to be fixed that follows from it.
"""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from archdsl.exporters.specialise.kinds import Kinds

Arguments = dict[str, Any]

MODULE = "exported"
"""What a file is called while it is looked at."""

DEPLOYED = "fused"
"""The method that makes the deployed form of a module, once that of its parts is made."""


@dataclass(slots=True)
class Observed:
    """A file that was run.

    names: what its names are; made: class -> its instances; calls: class -> the arguments that its
        own constructor was given, defaults included, each with the instance as `self`
    deployed: class -> its instances when their deployed form is made, that of their parts in place
    idle: functions of the file that have nothing to do while the network is built
    """

    names: dict[str, Any]
    made: dict[type, list[Any]] = field(default_factory=dict)
    calls: dict[type, list[Arguments]] = field(default_factory=dict)
    deployed: dict[type, list[Any]] = field(default_factory=dict)
    idle: set[str] = field(default_factory=set)

    def instances(self, cls: type, method: str = "forward") -> list[Any]:
        """The instances of a class and of those that are built on it, as a method finds them."""
        found = self.deployed if method == DEPLOYED else self.made
        return [one for own, many in found.items() if issubclass(own, cls) for one in many]


@dataclass(frozen=True, slots=True)
class Promised:
    """What a file has names for.

    factory: the function that makes its network; classes: numbers of classes to try that with, the
        usual one first, () where it takes none
    deploy: the function that folds a network, where there is something to fold
    lays: the function that lays tensors contiguously; others: what else is used from outside
    """

    factory: str
    classes: tuple[int, ...] = ()
    deploy: str | None = None
    lays: str | None = None
    others: tuple[str, ...] = ()


def run(text: str) -> dict[str, Any]:
    """The names of a file, once it was run."""
    module = types.ModuleType(MODULE)
    exec(compile(text, f"{MODULE}.py", "exec"), module.__dict__)
    return module.__dict__


def observed(text: str, said: Promised) -> Observed:
    """Run a file, and build its network with each number of classes."""
    factory, classes, deploy, lays = said.factory, said.classes, said.deploy, said.lays
    found = Observed(run(text))
    own = [one for one in found.names.values()
           if isinstance(one, type) and one.__module__ == MODULE]  # fmt: skip
    if lays is not None:
        found.names[lays] = lambda model: None
    contiguous = True
    with _listening(found, own):
        for given in [()] if not classes else [(number,) for number in classes]:
            try:
                model = _without_memory(functools.partial(found.names[factory], *given))
            except Exception:  # a head that cannot have so many
                if given == classes[:1]:
                    raise
                continue
            contiguous &= all(one.is_contiguous() for one in model.state_dict().values())
            models = [model]
            if deploy is not None:
                models.append(found.names[deploy](model))
            for one in models:
                for part in one.modules():
                    _note(found, part)
    if lays is not None and contiguous:
        found.idle.add(lays)
    _keep_one_of_each(found)
    return found


def _keep_one_of_each(found: Observed) -> None:
    """Networks with another number of classes have most parts in common: one tells of all."""
    kinds = Kinds()
    found.made = {
        cls: list({kinds.of(part): part for part in reversed(many)}.values())[::-1]
        for cls, many in found.made.items()
    }
    for cls, calls in found.calls.items():
        one_of_each = {kinds.of(tuple(call.items())): call for call in reversed(calls)}
        found.calls[cls] = list(one_of_each.values())[::-1]


def _note(found: Observed, part: Any) -> None:
    many = found.made.setdefault(type(part), [])
    if not any(one is part for one in many):
        many.append(part)


@contextmanager
def _listening(found: Observed, own: list[type]) -> Iterator[None]:
    """Inside, constructors of these classes say what they are given, and modules when they fold."""
    originals = [(cls, name, vars(cls)[name]) for cls in own for name in ("__init__", DEPLOYED)
                 if name in vars(cls)]  # fmt: skip
    for cls, name, original in originals:
        heard = _heard(found, cls, original) if name == "__init__" else _seen(found, original)
        setattr(cls, name, heard)
    try:
        yield
    finally:
        for cls, name, original in originals:
            setattr(cls, name, original)


def _heard(found: Observed, cls: type, original: Callable[..., None]) -> Callable[..., None]:
    signature = inspect.signature(original)

    @functools.wraps(original)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        _, *names = signature.parameters
        given = {name: bound.arguments[name] for name in names}
        found.calls.setdefault(cls, []).append({**given, "self": self})
        _note(found, self)
        original(self, *args, **kwargs)

    return init


def _seen(found: Observed, original: Callable[[Any], nn.Module]) -> Callable[[Any], nn.Module]:
    @functools.wraps(original)
    def fused(self: Any) -> nn.Module:
        found.deployed.setdefault(type(self), []).append(self)
        return original(self)

    return fused


def _without_memory(make: Callable[[], nn.Module]) -> nn.Module:
    """A module on the device without memory, where its constructors can do with that."""
    with torch.random.fork_rng(devices=[]):
        try:
            with torch.device("meta"):
                return make()
        except Exception:  # a constructor that computes with numbers
            return make()
