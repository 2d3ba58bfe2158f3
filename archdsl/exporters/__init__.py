"""Specs out of the tool: a network in a form that needs no archdsl, by default as one file of code.

README.md says which file is for what.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, overload

from archdsl.compiler.network import Network
from archdsl.exporters import shipped_forms as shipped_forms
from archdsl.exporters.files import write, write_all
from archdsl.exporters.registry import ExportForm as ExportForm
from archdsl.exporters.registry import Files as Files
from archdsl.exporters.registry import NotRunHere as NotRunHere
from archdsl.exporters.registry import find
from archdsl.exporters.registry import form as form
from archdsl.exporters.registry import forms as forms
from archdsl.exporters.wanted import Wanted

if TYPE_CHECKING:
    from torch import Tensor

    from archdsl.data.preprocessing import Preprocessing
    from archdsl.exporters.gate import Checked, Images


@dataclass(frozen=True, slots=True)
class Exported:
    """What came of an export. content: of its one file, or name -> content for several files

    checked: what a comparison with the model found; None where there was none
    fresh: whether a form that carries weights was given none
    """

    content: str | bytes | Files
    checked: Checked | None
    fresh: bool


@overload
def export(
    network: Network,
    to: Literal["code"] = "code",
    path: Path | None = None,
    *,
    preprocessing: Preprocessing | None = None,
) -> str: ...
@overload
def export(
    network: Network,
    to: str,
    path: Path | None = None,
    weights: Mapping[str, Tensor] | None = None,
    preprocessing: Preprocessing | None = None,
) -> str | bytes | Files: ...
def export(
    network: Network,
    to: str = "code",
    path: Path | None = None,
    weights: Mapping[str, Tensor] | None = None,
    preprocessing: Preprocessing | None = None,
) -> str | bytes | Files:
    """A network in another form, unchecked: what is in its file, or name -> content for several.

    path: where to write it, the files whole or none at all: a file, or a folder for several
    weights: a state dict of the model, for a form that carries them
    preprocessing: of the images that it was trained on, for a form that carries it
    Raises ExportError for a form that does not exist, for a component that cannot leave, and
    for a path that cannot be written to.
    """
    return exported(network, to, path, Wanted(weights, preprocessing)).content


def exported(
    network: Network,
    to: str,
    path: Path | None,
    wanted: Wanted,
    images: Callable[[], Images] | None = None,
    say: Callable[[str], None] = lambda what: None,
) -> Exported:
    """A network in another form, compared with the model before it is written.

    images: gives those of the comparison; None for no comparison
    say: is told what is being done
    Raises as `export`, ExportDiffers for files that do not say what the model says, and
    ExportError for what was asked and the form does not carry: weights may be for the
    comparison alone.
    """
    one = find(to)
    given = wanted
    if images is not None and not one.carries_weights:
        given = replace(wanted, weights=None)
    files = one.files(network, given)
    checked = None
    if images is not None:
        from archdsl.exporters.gate import check

        checked = check(one, network, wanted, files, images(), say)
    content = next(iter(files.values())) if len(files) == 1 else None
    if path is not None and content is None:
        write_all(path, files)
    elif path is not None and content is not None:
        write(path, content)
    fresh = one.carries_weights and wanted.weights is None
    return Exported(files if content is None else content, checked, fresh)
