"""The forms that a network can leave in, by name.

    @form("summary")
    def summary(network: Network) -> Files:
        \"\"\"A line of text.\"\"\"
        return {"summary.txt": f"{network.name}\\n"}

The function is the form: it gives files by name, and its docstring is the help. Parameters after
the network are what it carries, by the names of `Wanted`: `weights`, the state dict of the model;
`preprocessing`, what was done to the images that it was trained on; `features`, stages whose maps
are wanted; `fused`, whether the deployed form is; `opset`. Each is None or False where nobody asks
for it, and a form without one refuses it.

A form that is to be checked has a runner, `form("summary", run=opened)`: a function that takes the
files, and gives a function from images (B, C, H, W) to what the files say of them, a tensor or
several. Parameters after the files are what it needs to know, by the names of `Open`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from archdsl.compiler.network import Network
from archdsl.errors import ArchError, ExportError
from archdsl.exporters.wanted import CARRIED, Wanted
from archdsl.printable import shown
from archdsl.spelling import did_you_mean

if TYPE_CHECKING:
    from torch import Tensor

Files: TypeAlias = "Mapping[str, str | bytes]"
"""The files of a form: name -> what is in it. Names are plain, without a folder."""

Run: TypeAlias = "Callable[[Tensor], Tensor | Sequence[Tensor]]"
"""What opened files say of images (B, C, H, W)."""

F = TypeVar("F", bound=Callable[..., "Files"])

TOLERANCE = 1e-5
"""Of a form that says no other, of the largest number that comes out of the model."""


@dataclass(frozen=True, slots=True)
class Open:
    """What a runner may be told, by the names of its parameters.

    network: the network that was exported
    state: the state dict of the module that the files stand for, with what was asked of them
    """

    network: Network
    state: Mapping[str, Tensor]


class NotRunHere(Exception):
    """Raised by a runner where its files cannot be run on this machine; says why."""


@dataclass(frozen=True, slots=True)
class ExportForm:
    """One form. help: what it gives, in a line; carries: what it can be given beside a network.

    runner: opens the files; None for a form that cannot be checked
    tolerance: how far what comes out of the files may be from what comes out of the model, as a
        share of the largest number that does
    """

    name: str
    help: str
    make: Callable[..., Files]
    carries: tuple[str, ...]
    runner: Callable[..., Run] | None = None
    tolerance: float = TOLERANCE

    @property
    def carries_weights(self) -> bool:
        """Whether it can be given weights."""
        return "weights" in self.carries

    def files(self, network: Network, wanted: Wanted = Wanted()) -> Files:  # noqa: B008
        """The files of a network.

        Raises ExportError for what is asked and the form does not carry, and for files that are
        none.
        """
        made = self._made(network, wanted.of(self.name, self.carries))
        if not isinstance(made, Mapping) or not made:
            raise self._wrong(f"gives {made!r}")
        for name, content in made.items():
            if not _is_plain(name):
                raise self._wrong(f"names a file {name!r}")
            if not isinstance(content, (str, bytes)):
                raise self._wrong(f"has {type(content).__name__} in {name}")
        return made

    def opened(self, files: Files, told: Open) -> Run:
        """The files as what they say of images.

        Raises ExportError where its runner fails, and NotRunHere where this machine cannot run
        them.
        """
        assert self.runner is not None, "asked for only where there is one"
        names = list(inspect.signature(self.runner).parameters)[1:]
        with self._named(self.runner):
            run = self.runner(files, **{name: getattr(told, name) for name in names})
        if not callable(run):
            raise ExportError(
                f"the runner of the form '{self.name}' gives {type(run).__name__}.  it gives a "
                "function from images (B, C, H, W) to a tensor, or to several"
            )
        return run

    def _made(self, network: Network, beside: Mapping[str, Any]) -> Files:
        with self._named(self.make):
            return self.make(network, **beside)

    @contextmanager
    def _named(self, own: Callable[..., Any]) -> Iterator[None]:
        """Say of another's own function that it fails, and where it is."""
        try:
            yield
        except Exception as error:  # whatever it raises
            ours = own.__module__.startswith("archdsl.")
            if isinstance(error, (ArchError, NotRunHere)) or ours:
                raise
            what = "form" if own is self.make else "runner of the form"
            raise ExportError(
                f"the {what} '{self.name}' fails ({type(error).__name__}: {error}).  mend "
                f"{'.'.join(_place(own))}"
            ) from error

    def _wrong(self, problem: str) -> ExportError:
        return ExportError(
            f"the form '{self.name}' {problem}.  it gives a mapping from plain names of files to "
            "text or bytes"
        )


_registered: dict[str, ExportForm] = {}


def form(
    name: str, *, run: Callable[..., Run] | None = None, tolerance: float = TOLERANCE
) -> Callable[[F], F]:
    """Register a function as the form `name`, and leave it as it is.

    run: opens its files, so that they can be compared with the model; without one they cannot
    tolerance: how far they may be from it, as a share of the largest number that comes out

    Registering it again, as a cell of a notebook does, replaces the earlier one. Raises
    ExportError for a name that another function has, for a function that is none of a form, and
    for a runner or a tolerance that is none.
    """

    def register(make: F) -> F:
        help_ = (inspect.getdoc(make) or "").partition("\n")[0]
        if not help_:
            raise ExportError(f"the form '{name}' has no help.  begin {make.__name__} with a "
                              "docstring that says in a line what it gives")  # fmt: skip
        taken = _registered.get(name)
        if taken is not None and _place(taken.make) != _place(make):
            raise ExportError(
                f"the form '{name}' is taken by {'.'.join(_place(taken.make))}.  choose another "
                "name"
            )
        carries = _carries(name, make)
        _registered[name] = ExportForm(name, help_, make, carries, run, tolerance)
        return make

    if not isinstance(name, str):
        raise ExportError('@form stands without the name of the form.  write  @form("summary")')
    _check_runner(name, run, tolerance)
    return register


def forms() -> list[ExportForm]:
    """Every form, in the order in which they were registered."""
    return list(_registered.values())


def find(name: str) -> ExportForm:
    """The form of a name. Raises ExportError, with what there is."""
    if isinstance(name, str) and name in _registered:
        return _registered[name]
    hint = did_you_mean(str(name), _registered, after="  ")
    raise ExportError(
        f"there is no export to '{name}'.  {hint}choose from: {', '.join(_registered)}"
    )


def _is_plain(name: object) -> bool:
    """Whether a file of this name lies in the folder that it is written to."""
    if not isinstance(name, str) or name in ("", "..") or "\0" in name:
        return False
    return PurePath(name).name == name


def _place(make: Callable[..., Any]) -> tuple[str, str]:
    return make.__module__, make.__qualname__


def _carries(name: str, make: Callable[..., Any]) -> tuple[str, ...]:
    found = inspect.signature(make).parameters.values()
    parameters = [p.name for p in found if p.default is p.empty or p.name in CARRIED]
    beside = tuple(parameters[1:])
    if parameters and set(beside) <= set(CARRIED):
        return beside
    raise ExportError(
        f"the form '{name}' takes ({', '.join(parameters)}).  a form takes a network, and of  "
        f"{' '.join(CARRIED)}  after it what it carries"
    )


def _check_runner(name: str, run: object, tolerance: object) -> None:
    number = isinstance(tolerance, (int, float)) and not isinstance(tolerance, bool)
    if not number or not 0 <= tolerance < 1:  # type: ignore[operator]
        raise ExportError(
            f"the tolerance of the form '{name}' is {shown(tolerance)}.  it is a share of the "
            "largest number that comes out of the model, as  1e-5"
        )
    if run is None:
        return
    if not callable(run):
        raise ExportError(f"the runner of the form '{name}' is {shown(run)}, and no function")
    takes = list(inspect.signature(run).parameters)
    known = [field.name for field in fields(Open)]
    if not takes or not set(takes[1:]) <= set(known):
        raise ExportError(
            f"the runner of the form '{name}' takes ({', '.join(takes)}).  a runner takes the "
            f"files, and of  {' '.join(known)}  after them what it needs"
        )
