"""What a form needs beside torch, and what it says where that is missing or takes no network."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from typing import Any

from archdsl.compiler.network import Network
from archdsl.errors import ArchError, ExportError
from archdsl.exporters.traced.quiet import quiet


def package(form: str, module: str, extra: str) -> Any:
    """A module of a package that a form needs.

    extra: of archdsl, that brings the package. Raises ExportError where it is not there.
    """
    try:
        with quiet():
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


@contextmanager
def converting(form: str, network: Network, *packages: str) -> Iterator[None]:
    """Say in words where a network is not taken, with the versions that do not take it.

    packages: beside torch, that convert. Raises ExportError.
    """
    try:
        yield
    except ArchError:
        raise
    except Exception as error:  # whatever a converter raises
        versions = ", ".join(f"{name} {version(name)}" for name in ("torch", *packages))
        said = str(error).strip().partition("\n")[0]
        raise ExportError(
            f"{form} does not take {network.name}, with {versions} "
            f"({type(error).__name__}: {said}).  choose another form"
        ) from error
