"""The only door from a spec to code: kinds of components, and the names registered under each.

    @token_mixer("shift_conv")
    class ShiftConv(nn.Module):
        def __init__(self, dim, *, kernel: Odd = 3, act: Act = nn.GELU): ...

Positional parameters are what the compiler knows (`dim`, `size`, ...), asked for by name;
keyword-only parameters are what a spec may say. The signature and the docstring are the only
description of a component: validation, help and export all read them.
"""

from __future__ import annotations

import difflib
import functools
import inspect
import re
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from archdsl.defaults import REQUIRED, Part, Refused, Unregistered, converted
from archdsl.errors import ArchError
from archdsl.options import (
    KindOf,
    ListOf,
    Maybe,
    OptionType,
    OptionValue,
    article,
    from_annotation,
    written,
)

C = TypeVar("C", bound=type)

IMPORTED = "_archdsl_import_"
"""What the module names of imported `./file.py` begin with."""

_RELOADABLE = ("__main__", IMPORTED)  # a cell run again, a file edited and loaded again

RESERVED = {"type", "label", "choice", "range", "per", "default", "step"}
"""Words of the language that no option may be called."""


@dataclass(frozen=True)
class Kind:
    """A place in the language that a component can fill.

    context: the positional names that a component of this kind may ask for
    exact: a component of this kind takes exactly `context`, in order, because other components
        call it as a factory: `norm(dim)`, `act()`
    """

    name: str
    context: tuple[str, ...]
    exact: bool
    doc: str

    @property
    def words(self) -> str:
        """The kind as prose: "token mixer"."""
        return self.name.replace("_", " ")


MIXER_CONTEXT = ("dim", "size", "reduction", "depth_index")

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("token_mixer", MIXER_CONTEXT, False, "Mixes positions: (B, dim, H, W) to the same."),
        Kind("channel_mixer", MIXER_CONTEXT, False, "Mixes channels: (B, dim, H, W) to the same."),
        Kind("norm", ("dim",), True, "Normalises a map: (B, dim, H, W) to the same."),
        Kind("act", (), True, "An activation, elementwise unless it says otherwise."),
        Kind("layer", ("dim_in", "dim_out"), True, "A layer of a stem or a downsample."),
        Kind("query", ("dim",), True, "The query projection of a meta_mixer."),
        Kind("key", ("dim",), True, "The query-key interaction of a meta_mixer."),
        Kind("value", ("dim_in", "dim"), True, "The coefficient-value interaction."),
        Kind("out", ("dim_in", "dim"), True, "The output projection of a meta_mixer."),
        Kind("pos_embed", ("dim", "size"), False, "Positions, added before a stage's blocks."),
        Kind("head", ("dim", "size", "classes"), False, "From the last map to the logits."),
        Kind("data", (), True, "Where the images of a search come from."),
    )
}


@dataclass(frozen=True)
class Option:
    """One keyword-only parameter of a component. default: converted, or REQUIRED"""

    name: str
    type: OptionType
    default: OptionValue
    help: str

    def words(self) -> str:
        """The option as errors list it: `kernel (odd int, 7)`, `bias (false)`, `act (gelu)`."""
        kind = _kind_of(self.type)
        if self.default is REQUIRED:
            return f"{self.name} ({self.type.words()}, required)"
        default = default_text(self.default)
        if kind is not None or isinstance(self.default, bool):
            return f"{self.name} ({default})"
        return f"{self.name} ({self.type.words()}, {default})"


@dataclass(frozen=True)
class Definition:
    """A registered component: its class, and what the signature says about it."""

    kind: str
    name: str
    cls: type
    context: tuple[str, ...]
    options: dict[str, Option]
    doc: str
    where: str
    """`file:line` of the class, as errors print it."""
    described: Callable[..., Any] | None = None
    """What has the signature, help and check of a class of torch's; None for one's own."""
    waiting: bool = False
    """Whether a default names a class that was not registered yet."""

    def words(self) -> str:
        """`sep_conv takes: kernel (odd int, 7), ...`"""
        if not self.options:
            return f"{self.name} takes no options"
        return f"{self.name} takes: " + ", ".join(o.words() for o in self.options.values())


_registered: dict[str, dict[str, Definition]] = {kind: {} for kind in KINDS}


@dataclass(frozen=True)
class OtherName:
    """A second name of a component, with the options that it stands for."""

    name: str
    type: str
    options: tuple[tuple[str, OptionValue], ...]

    def words(self) -> str:
        """What it stands for, as a spec would write it."""
        return _component_text(self.type, self.options)


_other_names: dict[str, dict[str, OtherName]] = {kind: {} for kind in KINDS}


def register(kind: str, name: str, cls: C, described: Callable[..., Any] | None = None) -> C:
    """Register `cls` as component `name` of `kind` and return it unchanged.

    Registering the same source again (an imported file that is loaded twice, or its copy
    beside a winner) replaces the earlier class. A default that names a class of one's own waits
    until that class is registered, at the latest until the component is used.

    described: for a class that is not ours, a function whose keyword-only parameters are the
        options, whose docstring is the help, and whose body is the `check`
    Raises ArchError for a name that another definition has, for a signature that the compiler
    cannot serve, and for a default that is not of its option's type or that no spec could say.
    """
    try:
        definition = _read(kind, name, cls, described)
    except _NotYet:
        definition = Definition(kind, name, cls, (), {}, "", _where(cls), described, waiting=True)
    taken = _registered[kind].get(name)
    if taken is not None and not _same_source(taken.cls, cls):
        raise ArchError(
            f"the {KINDS[kind].words} name '{name}' is taken: defined at {taken.where}, "
            f"and again at {definition.where}.  choose another name for one of them"
        )
    if (other := _other_names[kind].get(name)) is not None:
        raise ArchError(
            f"the {KINDS[kind].words} name '{name}' is taken: it stands for {other.words()}, "
            f"and is defined again at {definition.where}.  choose another name"
        )
    _registered[kind][name] = definition
    return cls


def also_called(kind: str, name: str, type: str, **options: OptionValue) -> None:
    """Give the component `type` with these options a second name."""
    _other_names[kind][name] = OtherName(name, type, tuple(options.items()))


def _decorator(kind: str) -> Callable[[str], Callable[[C], C]]:
    def named(name: object) -> Callable[[C], C]:
        if not isinstance(name, str):
            cls = name.__name__ if isinstance(name, type) else "MyMixer"
            raise ArchError(
                f"@{kind} stands without the name of the component.  "
                f'write  @{kind}("{_snake(cls)}")'
            )
        return functools.partial(register, kind, name)

    named.__doc__ = f"Register a class as a {KINDS[kind].words}. {KINDS[kind].doc}"
    named.__name__ = kind
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
data = _decorator("data")


def find(kind: str, name: str) -> Definition | None:
    """The component `name` of `kind`, or None. Raises ArchError for a default that still waits."""
    found = _registered[kind].get(name)
    if found is not None and found.waiting:
        found = _registered[kind][name] = _read(kind, name, found.cls, found.described)
    return found


def settle() -> None:
    """Read the defaults that wait for a class. Raises ArchError for a class that is still none."""
    for kind, known in _registered.items():
        for name in [name for name, definition in known.items() if definition.waiting]:
            find(kind, name)


def named(kind: str) -> Mapping[str, Definition]:
    """All components of `kind` by name, in the order of the alphabet."""
    settle()
    return dict(sorted(_registered[kind].items()))


def other_name(kind: str, name: str) -> OtherName | None:
    """What a second name of a component stands for, or None."""
    return _other_names[kind].get(name)


def other_names(kind: str) -> Mapping[str, OtherName]:
    """All second names of `kind`, in the order of the alphabet."""
    return dict(sorted(_other_names[kind].items()))


def unknown(kind: str, name: str) -> str:
    """The words for a name that nothing is registered under, with the nearest ones."""
    words = KINDS[kind].words
    message = f"no {words} is called '{name}'."
    close = _nearest(kind, name)
    if close:
        message += "  did you mean " + " or ".join(f"'{c}'" for c in close) + "?"
    return f"{message}  (archdsl list {kind})"


def _nearest(kind: str, name: str) -> list[str]:
    """The names that `name` may have meant; a class's own, `LeakyReLU`, means one alone."""
    names = [*_registered[kind], *_other_names[kind]]
    word = name.lower()
    bare = {known.replace("_", ""): known for known in names}
    if (same := bare.get(word.replace("_", ""))) is not None:
        return [same]
    return difflib.get_close_matches(word, names, n=2, cutoff=0.6)


def default_text(default: OptionValue) -> str:
    """A default as a spec would write it."""
    if isinstance(default, Part):
        return _component_text(default.type, default.options)
    if isinstance(default, tuple):
        return f"[{', '.join(map(default_text, default))}]"
    return written(default)


def _component_text(type: str, options: tuple[tuple[str, OptionValue], ...]) -> str:
    inner = "".join(f", {key}: {default_text(value)}" for key, value in options)
    return f"{{type: {type}{inner}}}" if inner else type


def _kind_of(option: OptionType) -> str | None:
    if isinstance(option, (Maybe, ListOf)):
        return _kind_of(option.inner)
    return option.kind if isinstance(option, KindOf) else None


class _NotYet(ArchError):
    """A signature with a default of a class that may yet be registered."""


def _read(
    kind: str, name: str, cls: type, described: Callable[..., Any] | None = None
) -> Definition:
    where = _where(cls)

    def refuse(problem: str, cure: str, error: type[ArchError] = ArchError) -> ArchError:
        return error(f"{where}: {KINDS[kind].words} '{name}': {problem}.  {cure}")

    if kind not in KINDS:
        raise ArchError(f"{where}: there is no kind '{kind}'.  the kinds are {' '.join(KINDS)}")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or name == "none":
        raise refuse("is no name for a component", "use lower-case letters, digits and _")
    init = described or cls.__init__  # type: ignore[misc]
    try:
        hints = typing.get_type_hints(init, include_extras=True)
    except NameError as error:
        raise refuse(f"its annotations do not resolve ({error})", "import the name") from None
    context: list[str] = []
    options: dict[str, Option] = {}
    help_of = _option_help((described or cls).__doc__ or "")
    foreign = cls.__module__.startswith("torch.")  # torch's own: its defaults stay its own
    plain = init is object.__init__
    parameters = {} if plain else inspect.signature(described or cls).parameters
    for parameter in parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if parameter.kind is not parameter.KEYWORD_ONLY:
            if not (foreign and parameter.default is not parameter.empty):
                context.append(parameter.name)
            continue
        if parameter.name in RESERVED:
            raise refuse(f"'{parameter.name}' is a word of the language", "rename the option")
        if parameter.name not in hints:
            raise refuse(f"the option '{parameter.name}' has no type", "annotate it")
        try:
            option_type = from_annotation(hints[parameter.name])
        except TypeError as error:
            raise refuse(f"the option '{parameter.name}': {error}", "change its type") from None
        default = REQUIRED
        if parameter.default is not parameter.empty:
            try:
                default = converted(parameter.name, parameter.default, option_type, _of_class)
            except Unregistered as error:
                raise refuse(str(error), error.cure, _NotYet) from None
            except Refused as error:
                raise refuse(str(error), error.cure) from None
        options[parameter.name] = Option(
            parameter.name, option_type, default, help_of.get(parameter.name, "")
        )
    allowed = KINDS[kind].context
    if stranger := next((c for c in context if c not in allowed), None):
        raise refuse(
            f"the compiler knows nothing called '{stranger}'",
            f"positional parameters are {' '.join(allowed) or 'not possible here'}; "
            f"for an option write  *, {stranger}: ...",
        )
    if KINDS[kind].exact and tuple(context) != allowed:
        names = ", ".join(allowed)
        raise refuse(
            f"it is called with ({names})", f"take ({', '.join(('self', *allowed))}, *, ...)"
        )
    first_line = (inspect.getdoc(described or cls) or "").partition("\n")[0]
    return Definition(kind, name, cls, tuple(context), options, first_line, where, described)


def _of_class(kind: str, cls: type) -> Definition:
    """The component of `kind` that a class is. Raises Refused, or Unregistered if it may be yet."""
    for name, definition in _registered[kind].items():
        if definition.cls is cls and (found := find(kind, name)) is not None:
            return found
    other = next((k for k in KINDS if any(d.cls is cls for d in _registered[k].values())), None)
    words = KINDS[kind].words
    problem = f"is {article(KINDS[other].words)} and no {words}" if other else f"is no {words}"
    # torch's own classes are registered all at once, with the vocabulary
    final = cls.__module__.startswith("torch.") and "gelu" in _registered["act"]
    raise (Refused if final else Unregistered)(problem, _instead(kind, cls))


def _instead(kind: str, cls: type) -> str:
    """What to write for a class that nothing is registered under."""
    known = _registered[kind].values()
    own = next((d for d in known if cls in d.cls.__mro__[1:3]), None)
    if own is None and (close := _nearest(kind, cls.__name__)):
        own = _registered[kind].get(close[0])
    advice = f'register it:  @{kind}("{_snake(cls.__name__)}")'
    if cls.__module__.startswith("torch."):
        advice = f"choose one  (archdsl list {kind}), or write a class of your own around it"
    if own is None:
        return advice
    return f"write {own.cls.__name__} of {own.cls.__module__}, which is {own.name}; or {advice}"


def _snake(name: str) -> str:
    """`ShiftConv` as a component would be called: `shift_conv`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _option_help(doc: str) -> dict[str, str]:
    """`name: help` lines of a docstring."""
    return {
        found[1]: found[2]
        for line in inspect.cleandoc(doc).splitlines()
        if (found := re.fullmatch(r"\s*([a-z_0-9]+): (.+)", line))
    }


def _where(cls: type) -> str:
    try:
        return f"{inspect.getsourcefile(cls)}:{inspect.getsourcelines(cls)[1]}"
    except (OSError, TypeError):
        return f"{cls.__module__}.{cls.__qualname__}"


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
