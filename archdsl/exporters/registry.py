"""The forms that a network can leave in, by name.

    @form("summary")
    def summary(network: Network) -> Files:
        \"\"\"A line of text.\"\"\"
        return {"summary.txt": f"{network.name}\\n"}

The function is the form: it gives files by name, and its docstring is the help. One that has a
parameter `weights` carries them: the state dict of the model. One that has a parameter
`preprocessing` carries that: what was done to the images that the network was trained on. Either is
None where none is given.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from archdsl.compiler.network import Network
from archdsl.errors import ArchError, ExportError
from archdsl.spelling import did_you_mean

if TYPE_CHECKING:
    from torch import Tensor

    from archdsl.data.preprocessing import Preprocessing

Files: TypeAlias = "Mapping[str, str | bytes]"
"""The files of a form: name -> what is in it. Names are plain, without a folder."""

F = TypeVar("F", bound=Callable[..., "Files"])


@dataclass(frozen=True, slots=True)
class ExportForm:
    """One form. help: what it gives, in a line; carries: what it can be given beside a network."""

    name: str
    help: str
    make: Callable[..., Files]
    carries: tuple[str, ...]

    @property
    def carries_weights(self) -> bool:
        """Whether it can be given weights."""
        return "weights" in self.carries

    def files(
        self,
        network: Network,
        weights: Mapping[str, Tensor] | None = None,
        preprocessing: Preprocessing | None = None,
    ) -> Files:
        """The files of a network.

        weights: a state dict of the model, for a form that carries them
        preprocessing: of the images; a form that does not carry it leaves it out
        Raises ExportError for weights that the form does not carry, and for files that are none.
        """
        if weights is not None and not self.carries_weights:
            raise ExportError(f"{self.name} carries no weights: drop them")
        both = {"weights": weights, "preprocessing": preprocessing}
        made = self._made(network, {name: both[name] for name in self.carries})
        if not isinstance(made, Mapping) or not made:
            raise self._wrong(f"gives {made!r}")
        for name, content in made.items():
            if not _is_plain(name):
                raise self._wrong(f"names a file {name!r}")
            if not isinstance(content, (str, bytes)):
                raise self._wrong(f"has {type(content).__name__} in {name}")
        return made

    def _made(self, network: Network, beside: Mapping[str, Any]) -> Files:
        try:
            return self.make(network, **beside)
        except Exception as error:  # whatever another's own function raises
            if isinstance(error, ArchError) or self.make.__module__.startswith("archdsl."):
                raise
            raise ExportError(
                f"the form '{self.name}' fails ({type(error).__name__}: {error}).  mend "
                f"{'.'.join(_place(self.make))}"
            ) from error

    def _wrong(self, problem: str) -> ExportError:
        return ExportError(
            f"the form '{self.name}' {problem}.  it gives a mapping from plain names of files to "
            "text or bytes"
        )


_registered: dict[str, ExportForm] = {}


def form(name: str) -> Callable[[F], F]:
    """Register a function as the form `name`, and leave it as it is.

    Registering it again, as a cell of a notebook does, replaces the earlier one. Raises
    ExportError for a name that another function has, and for a function that is none of a form.
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
        _registered[name] = ExportForm(name, help_, make, _carries(name, make))
        return make

    if not isinstance(name, str):
        raise ExportError('@form stands without the name of the form.  write  @form("summary")')
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


_CARRIED = ("weights", "preprocessing")


def _carries(name: str, make: Callable[..., Any]) -> tuple[str, ...]:
    found = inspect.signature(make).parameters.values()
    parameters = [p.name for p in found if p.default is p.empty or p.name in _CARRIED]
    beside = tuple(parameters[1:])
    if parameters and set(beside) <= set(_CARRIED):
        return beside
    raise ExportError(
        f"the form '{name}' takes ({', '.join(parameters)}).  a form takes a network, and "
        "weights  or  preprocessing  after it where it carries them"
    )
