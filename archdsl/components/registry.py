"""The only door from a spec to code: kinds of components, and the names registered under each.

    @token_mixer("shift_conv")
    class ShiftConv(nn.Module):
        def __init__(self, dim, *, kernel: Odd = 3, act: Act = nn.GELU): ...

Positional parameters are what the compiler knows (`dim`, `size`, ...), asked for by name;
keyword-only parameters are what a spec may say. The signature and the docstring are the only
description of a component: validation, help and export all read them.
"""

from __future__ import annotations

import inspect
import operator
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from archdsl.components.defaults import DefaultRefused, Unregistered
from archdsl.components.options import OptionValue, article
from archdsl.components.signature import KINDS as KINDS
from archdsl.components.signature import Definition as Definition
from archdsl.components.signature import NotYet, component_text, read, stands_in
from archdsl.errors import ArchError, Misfit
from archdsl.printable import shown
from archdsl.spelling import did_you_mean

C = TypeVar("C", bound=type)

IMPORTED = "_archdsl_import_"
"""What the module names of imported `./file.py` begin with."""

_RELOADABLE = ("__main__", IMPORTED)  # a cell run again, a file edited and loaded again

_completes: Callable[[], object] | None = None

_registered: dict[str, dict[str, Definition]] = {kind: {} for kind in KINDS}


@dataclass(frozen=True)
class OtherName:
    """A second name of a component, with the options that it stands for."""

    name: str
    type: str
    options: tuple[tuple[str, OptionValue], ...]

    def stands_for(self) -> str:
        """What it stands for, as a spec would write it."""
        return component_text(self.type, self.options)


_other_names: dict[str, dict[str, OtherName]] = {kind: {} for kind in KINDS}


def register(
    kind: str, name: str, cls: C, described: Callable[..., Misfit | None] | None = None
) -> C:
    """Register `cls` as component `name` of `kind` and return it unchanged.

    Registering the same source again (an imported file that is loaded twice, or its copy
    beside a winner) replaces the earlier class. A default that names a class of one's own waits
    until that class is registered, at the latest until the component is used.

    described: for a class that is not ours, a function whose keyword-only parameters are the
        options, whose docstring is the help, and whose body is the `check`
    Raises ArchError for a name that another definition has, for a signature that the compiler
    cannot serve, and for a default that is not of its option's type or that no spec could say.
    """
    if stands_in(cls):
        # what is there already is the class itself; and what nobody asks for is never read
        _registered[kind].setdefault(name, _unread(kind, name, cls, described))
        return cls
    _complete()
    try:
        definition = read(kind, name, cls, described, _of_class)
    except NotYet:
        definition = _unread(kind, name, cls, described)
    taken = _known(kind).get(name)
    if taken is not None and not (stands_in(taken.cls) or _same_source(taken.cls, cls)):
        raise ArchError(
            f"the {KINDS[kind].noun} name '{name}' is taken: defined at {taken.where}, "
            f"and again at {definition.where}.  choose another name for one of them"
        )
    if (other := _other_names[kind].get(name)) is not None:
        raise ArchError(
            f"{definition.where}: the {KINDS[kind].noun} name '{name}' is taken: it stands for "
            f"{other.stands_for()}.  choose another name"
        )
    _registered[kind][name] = definition
    return cls


def _unread(
    kind: str, name: str, cls: type, described: Callable[..., Misfit | None] | None
) -> Definition:
    return Definition(kind, name, cls, (), {}, "", described, waiting=True)


def completed_by(complete: Callable[[], object]) -> None:
    """Say what puts the components themselves where the catalogue's classes stand in for them.

    It is called once torch is there, and before anything else is registered: what that is compared
    with has to be a component.
    """
    global _completes
    _completes = complete


def _complete() -> None:
    global _completes
    if (complete := _completes) is not None:
        _completes = None
        complete()


def _known(kind: str) -> dict[str, Definition]:
    """The components of a kind: themselves, as soon as there is torch to build them with."""
    if _completes is not None and "torch" in sys.modules:
        _complete()
    return _registered[kind]


def also_called(kind: str, name: str, type: str, **options: OptionValue) -> None:
    """Give the component `type` with these options a second name.

    Raises ArchError for a name that a component has.
    """
    if (taken := _known(kind).get(name)) is not None:
        raise ArchError(
            f"{taken.where}: the {KINDS[kind].noun} name '{name}' is taken: it stands for "
            f"{component_text(type, tuple(options.items()))}.  choose another name"
        )
    _other_names[kind][name] = OtherName(name, type, tuple(options.items()))


def _decorator(kind: str, called: str = "") -> Callable[[str], Callable[[C], C]]:
    def named(name: object) -> Callable[[C], C]:
        if not isinstance(name, str):
            cls = name.__name__ if isinstance(name, type) else "MyMixer"
            raise ArchError(
                f"@{called or kind} stands without the name of the component.  "
                f'write  @{called or kind}("{_snake(cls)}")'
            )

        def registered(cls: C) -> C:
            if not isinstance(cls, type):
                raise ArchError(f"@{called or kind} registers a class, and not {shown(cls)}")
            return register(kind, str.__str__(name), cls)

        return registered

    named.__doc__ = f"Register a class as a {KINDS[kind].noun}. {KINDS[kind].doc}"
    named.__name__ = called or kind
    return named


token_mixer = _decorator("token_mixer")
channel_mixer = _decorator("channel_mixer")
norm = _decorator("norm")
act = _decorator("act")
layer = _decorator("layer")
query = _decorator("query")
key = _decorator("key")
value = _decorator("value")
out = _decorator("out")
pos_embed = _decorator("pos_embed")
head = _decorator("head")
data = data_source = _decorator("data", "data_source")  # archdsl.data is a module


def find(kind: str, name: str) -> Definition | None:
    """The component `name` of `kind`, or None. Raises ArchError for a default that still waits."""
    found = _known(kind).get(name)
    if found is not None and found.waiting:
        found = _registered[kind][name] = read(kind, name, found.cls, found.described, _of_class)
    return found


def settle() -> None:
    """Read the defaults that wait for a class. Raises ArchError for a class that is still none."""
    for kind in KINDS:
        for name in [name for name, known in _known(kind).items() if known.waiting]:
            find(kind, name)


def named(kind: str) -> Mapping[str, Definition]:
    """All components of `kind` by name, in the order of the alphabet."""
    settle()
    return dict(sorted(_known(kind).items()))


def other_name(kind: str, name: str) -> OtherName | None:
    """What a second name of a component stands for, or None."""
    return _other_names[kind].get(name)


def other_names(kind: str) -> Mapping[str, OtherName]:
    """All second names of `kind`, in the order of the alphabet."""
    return dict(sorted(_other_names[kind].items()))


def unknown(kind: str, name: str) -> str:
    """The words for a name that nothing is registered under, with the nearest ones."""
    words = KINDS[kind].noun
    return f"no {words} is called '{name}'.{_meant(kind, name)}  (archdsl list {kind})"


def _meant(kind: str, name: str) -> str:
    """Whether another name was meant; a class's own, `LeakyReLU`, means one alone."""
    names = [*_known(kind), *_other_names[kind]]
    word = name.lower()
    bare = {known.replace("_", ""): known for known in names}
    if (same := bare.get(word.replace("_", ""))) is not None:
        return did_you_mean(same, [same], before="  ")
    return did_you_mean(word, names, most=2, before="  ")


def _of_class(kind: str, cls: type) -> Definition:
    """The component of `kind` that a class is. Raises DefaultRefused; Unregistered if it may be."""
    for equal in (operator.is_, _same_source):  # of a file loaded twice one copy is registered
        for name, definition in _registered[kind].items():
            if equal(definition.cls, cls) and (found := find(kind, name)) is not None:
                return found
    other = next((k for k in KINDS if any(d.cls is cls for d in _registered[k].values())), None)
    words = KINDS[kind].noun
    problem = f"is no registered {words}"
    if other is not None:
        problem = f"is {article(KINDS[other].noun)} and no {words}"
    # torch's own classes are registered all at once, with the vocabulary
    final = cls.__module__.startswith("torch.") and "gelu" in _registered["act"]
    raise (DefaultRefused if final else Unregistered)(problem, _instead(kind, cls))


def _instead(kind: str, cls: type) -> str:
    """What to write for a class that nothing is registered under."""
    known = _registered[kind].values()
    ours = [d for d in known if cls in d.cls.__mro__[1:]]
    word = cls.__name__.lower()
    alike = [d for d in known if word.startswith(d.name.replace("_", ""))]
    for found in (ours, alike):
        if len(found) == 1:
            own = found[0].cls
            return f"write {own.__name__} of {own.__module__}, which is {found[0].name}"
    if cls.__module__.startswith("torch."):
        return f"choose one  (archdsl list {kind}), or write a class of your own around it"
    return f'register it:  @{kind}("{_snake(cls.__name__)}")'


def _snake(name: str) -> str:
    """`ShiftConv` as a component would be called: `shift_conv`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _same_source(one: type, other: type) -> bool:
    if one is other:
        return True
    if one.__qualname__ != other.__qualname__:
        return False
    if one.__module__ == other.__module__ and one.__module__.startswith(_RELOADABLE):
        return True
    try:
        return inspect.getsource(one) == inspect.getsource(other)
    except (OSError, TypeError):
        return False
