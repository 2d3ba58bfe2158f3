"""What a form needs beside torch, named where it is missing."""

from __future__ import annotations

import importlib
from importlib import metadata
from typing import Any

from archdsl.errors import ExportError


def package(form: str, module: str, extra: str) -> Any:
    """A module of a package that a form needs.

    extra: of archdsl, that brings the package. Raises ExportError where it is not there.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.partition(".")[0]:
            raise
        raise ExportError(
            f"{form} needs the package {error.name}.  pip install 'archdsl[{extra}]'"
        ) from None


def version(name: str) -> str:
    """The version of a package that is installed."""
    return metadata.version(name)
