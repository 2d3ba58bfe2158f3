"""What a component's class says of itself: its kind, its context, its options, its help."""

from __future__ import annotations

import ast
import inspect
import re
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archdsl.components.defaults import (
    REQUIRED,
    ComponentDefault,
    DefaultRefused,
    Find,
    Unregistered,
    converted,
)
from archdsl.components.options import (
    KindOf,
    ListOf,
    Maybe,
    OptionType,
    OptionValue,
    from_annotation,
    without_point,
    written,
)
from archdsl.errors import ArchError, Misfit

RESERVED = {"type", "label", "choice", "range", "per", "default", "step"}
"""Words of the language that no option may be called."""


@dataclass(frozen=True)
class ComponentKind:
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
    def noun(self) -> str:
        """The kind as prose: "token mixer"."""
        return self.name.replace("_", " ")


MIXER_CONTEXT = ("dim", "size", "reduction", "depth_index")

KINDS: dict[str, ComponentKind] = {
    kind.name: kind
    for kind in (
        ComponentKind(
            "token_mixer", MIXER_CONTEXT, False, "Mixes positions: (B, dim, H, W) to the same."
        ),
        ComponentKind(
            "channel_mixer", MIXER_CONTEXT, False, "Mixes channels: (B, dim, H, W) to the same."
        ),
        ComponentKind("norm", ("dim",), True, "Normalises a map: (B, dim, H, W) to the same."),
        ComponentKind("act", (), True, "An activation, elementwise unless it says otherwise."),
        ComponentKind("layer", ("dim_in", "dim_out"), True, "A layer of a stem or a downsample."),
        ComponentKind("query", ("dim",), True, "The query projection of a meta_mixer."),
        ComponentKind("key", ("dim",), True, "The query-key interaction of a meta_mixer."),
        ComponentKind("value", ("dim_in", "dim"), True, "The coefficient-value interaction."),
        ComponentKind("out", ("dim_in", "dim"), True, "The output projection of a meta_mixer."),
        ComponentKind(
            "pos_embed", ("dim", "size"), False, "Positions, added before a stage's blocks."
        ),
        ComponentKind(
            "head", ("dim", "size", "classes"), False, "From the last map to the logits."
        ),
        ComponentKind("data", (), True, "Where the images of a search come from."),
    )
}


@dataclass(frozen=True)
class ComponentOption:
    """One keyword-only parameter of a component. default: converted, or REQUIRED"""

    name: str
    type: OptionType
    default: OptionValue
    help: str

    def signature(self) -> str:
        """The option as errors list it: `kernel (odd int, 7)`, `bias (false)`, `act (gelu)`."""
        kind = _kind_of(self.type)
        if self.default is REQUIRED:
            return f"{self.name} ({self.type.takes()}, required)"
        default = default_text(self.default)
        if kind is not None or isinstance(self.default, bool):
            return f"{self.name} ({default})"
        return f"{self.name} ({self.type.takes()}, {default})"


@dataclass(frozen=True)
class Definition:
    """A registered component: its class, and what the signature says about it."""

    kind: str
    name: str
    cls: type
    context: tuple[str, ...]
    options: dict[str, ComponentOption]
    doc: str
    described: Callable[..., Misfit | None] | None = None
    """What has the signature, help and check of a class of torch's; None for one's own."""
    waiting: bool = False
    """Whether a default names a class that was not registered yet."""

    @property
    def help(self) -> str:
        """The whole docstring; `doc` is its first line."""
        return inspect.getdoc(self.described or self.cls) or ""

    @property
    def where(self) -> str:
        """`file:line` of the class, as errors print it."""
        return where(self.cls)

    def usage(self) -> str:
        """`sep_conv takes: kernel (odd int, 7), ...`"""
        if not self.options:
            return f"{self.name} takes no options"
        return f"{self.name} takes: " + ", ".join(o.signature() for o in self.options.values())


class NotYet(ArchError):
    """A signature with a default of a class that may yet be registered."""


def read(
    kind: str, name: str, cls: type, described: Callable[..., Misfit | None] | None, find: Find
) -> Definition:
    """The definition of a class, or of a class of torch's that a function describes.

    find: the registered component that a class is, for defaults that are classes
    Raises ArchError, with the place of the class, for a name or a signature that the compiler
    cannot serve; NotYet for a default of a class that may yet be registered.
    """
    source: Callable[..., Any] = described or cls
    try:
        if kind not in KINDS:
            raise DefaultRefused(f"there is no kind '{kind}'", f"the kinds are {' '.join(KINDS)}")
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or name == "none":
            raise DefaultRefused(
                "is no name for a component", "use lower-case letters, digits and _"
            )
        context = _context(cls, described)
        _check_context(KINDS[kind], context)
        options = {option.name: option for option in _options(source, find)}
    except DefaultRefused as error:
        words = KINDS[kind].noun if kind in KINDS else kind
        raise (NotYet if isinstance(error, Unregistered) else ArchError)(
            f"{where(cls)}: {words} '{name}': {error}.  {error.cure}"
        ) from None
    first_line = (inspect.getdoc(source) or "").partition("\n")[0]
    return Definition(kind, name, cls, context, options, first_line, described)


def _parameters(source: Callable[..., Any]) -> Iterator[inspect.Parameter]:
    """The parameters that have names of their own."""
    for parameter in signature_of(source):
        if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            yield parameter


def signature_of(source: Callable[..., Any]) -> tuple[inspect.Parameter, ...]:
    """The parameters of a class's `__init__`, whatever its `__new__` takes, or of a function."""
    init = getattr(source, "__init__", None) if isinstance(source, type) else None
    if init is object.__init__:
        return ()
    parameters = tuple(inspect.signature(init or source).parameters.values())
    return parameters if init is None else parameters[1:]


def _context(cls: type, described: Callable[..., Any] | None) -> tuple[str, ...]:
    if described is not None:
        return ()
    foreign = cls.__module__.startswith("torch.")  # torch's own: its defaults stay its own
    return tuple(
        parameter.name
        for parameter in _parameters(cls)
        if parameter.kind is not parameter.KEYWORD_ONLY
        and not (foreign and parameter.default is not parameter.empty)
    )


def _check_context(kind: ComponentKind, context: tuple[str, ...]) -> None:
    if stranger := next((name for name in context if name not in kind.context), None):
        raise DefaultRefused(
            f"the compiler knows nothing called '{stranger}'",
            f"positional parameters are {' '.join(kind.context) or 'not possible here'}; "
            f"for an option write  *, {stranger}: ...",
        )
    if kind.exact and context != kind.context:
        raise DefaultRefused(
            f"it is called with ({', '.join(kind.context)})",
            f"take ({', '.join(('self', *kind.context))}, *, ...)",
        )


def _options(source: Callable[..., Any], find: Find) -> Iterator[ComponentOption]:
    init = source.__init__ if isinstance(source, type) else source  # type: ignore[misc]
    try:
        hints = typing.get_type_hints(init, include_extras=True)
    except (NameError, AttributeError) as error:
        raise DefaultRefused(
            f"its annotations do not resolve ({error})", "import the name"
        ) from None
    help_of = _option_help(source.__doc__ or "")
    for parameter in _parameters(source):
        if parameter.kind is parameter.KEYWORD_ONLY:
            yield _option(parameter, hints, help_of.get(parameter.name, ""), find)


def _option(
    parameter: inspect.Parameter, hints: Mapping[str, Any], help: str, find: Find
) -> ComponentOption:
    name = parameter.name
    if name in RESERVED:
        raise DefaultRefused(f"'{name}' is a word of the language", "rename the option")
    if name not in hints:
        raise DefaultRefused(f"the option '{name}' has no type", "annotate it")
    try:
        type_ = from_annotation(hints[name])
    except TypeError as error:
        raise DefaultRefused(f"the option '{name}': {error}", "change its type") from None
    if parameter.default is parameter.empty:
        return ComponentOption(name, type_, REQUIRED, help)
    return ComponentOption(name, type_, converted(name, parameter.default, type_, find), help)


def default_text(default: OptionValue) -> str:
    """A default as a spec would write it."""
    if isinstance(default, ComponentDefault):
        return component_text(default.type, default.options)
    if isinstance(default, tuple):
        return f"[{', '.join(map(default_text, default))}]"
    return written(without_point(default))


def component_text(type: str, options: tuple[tuple[str, OptionValue], ...]) -> str:
    """A component as a spec would write it: `gelu`, `{type: elu, alpha: 0.5}`."""
    inner = "".join(f", {key}: {default_text(value)}" for key, value in options)
    return f"{{type: {type}{inner}}}" if inner else type


def _kind_of(option: OptionType) -> str | None:
    if isinstance(option, (Maybe, ListOf)):
        return _kind_of(option.inner)
    return option.kind if isinstance(option, KindOf) else None


def _option_help(doc: str) -> dict[str, str]:
    """`name: help` lines of a docstring."""
    return {
        found[1]: found[2]
        for line in inspect.cleandoc(doc).splitlines()
        if (found := re.fullmatch(r"\s*([a-z_0-9]+): (.+)", line))
    }


def where(cls: type) -> str:
    """`file:line` of a class, or its name where there is no source, and where it is torch's."""
    if stands_in(cls):
        return _of_whom_it_stands_in_for(cls)
    if cls.__module__.startswith("torch.nn."):
        return f"torch.nn.{cls.__qualname__}"
    try:
        return f"{inspect.getsourcefile(cls)}:{inspect.getsourcelines(cls)[1]}"
    except (OSError, TypeError):
        return f"{cls.__module__}.{cls.__qualname__}"


def stands_in(cls: type) -> bool:
    """Whether a class is of the catalogue: it says what a component is, and cannot be built."""
    return cls.__module__.startswith("archdsl.catalogue.")


def _of_whom_it_stands_in_for(cls: type) -> str:
    if cls.__module__ == "archdsl.catalogue.torch_names":
        return f"torch.nn.{cls.__qualname__}"
    made = Path(inspect.getfile(cls))
    root = next(folder.parent for folder in made.parents if folder.name == "catalogue")
    path = root / "nn" / made.relative_to(root / "catalogue")
    for one in ast.parse(path.read_text("utf-8")).body:
        if isinstance(one, ast.ClassDef) and one.name == cls.__name__:
            return f"{path}:{min([one.lineno, *(over.lineno for over in one.decorator_list)])}"
    return f"{cls.__module__}.{cls.__qualname__}"
