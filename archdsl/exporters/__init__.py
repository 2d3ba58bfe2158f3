"""Specs out of the tool: a network in a form that needs no archdsl, by default as one file of code.

README.md says which file is for what.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, overload

from archdsl.compiler.network import Network
from archdsl.exporters import shipped_forms as shipped_forms
from archdsl.exporters.files import write, write_all
from archdsl.exporters.registry import ExportForm as ExportForm
from archdsl.exporters.registry import Files as Files
from archdsl.exporters.registry import find
from archdsl.exporters.registry import form as form
from archdsl.exporters.registry import forms as forms

if TYPE_CHECKING:
    from torch import Tensor

    from archdsl.data.preprocessing import Preprocessing


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
    """A network in another form: what is in its file, or name -> content for several files.

    path: where to write it, the files whole or none at all: a file, or a folder for several
    weights: a state dict of the model, for a form that carries them
    preprocessing: of the images that it was trained on, for a form that carries it
    Raises ExportError for a form that does not exist, for a component that cannot leave, and
    for a path that cannot be written to.
    """
    files = find(to).files(network, weights, preprocessing)
    content = next(iter(files.values())) if len(files) == 1 else None
    if path is not None and content is None:
        write_all(path, files)
    elif path is not None and content is not None:
        write(path, content)
    return files if content is None else content
