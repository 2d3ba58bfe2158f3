"""A document to a checked spec: the vocabulary filled, imports run, own components looked at."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archdsl.compiler.own_layers import own_layers
from archdsl.components.registry import completed_by
from archdsl.language import load as reading
from archdsl.language.document import Document
from archdsl.specification import Spec, checked

if TYPE_CHECKING:
    from archdsl.spaces import Space

_filled = False


def fill_registry() -> None:
    """Fill in the vocabulary and import the installed plugins, once.

    Without torch it is the catalogue, until something is built or a component registered.
    """
    global _filled
    if not _filled:
        import archdsl.data
        from archdsl.language.imports import load_plugins

        if "torch" in sys.modules:
            _components()
        else:
            import archdsl.catalogue  # noqa: F401

            completed_by(_components)
        load_plugins()
        _filled = True


def _components() -> None:
    import archdsl.nn  # noqa: F401


def finished(document: Document, patches: Mapping[str, Any] | None, imports: bool) -> Spec:
    """The spec of a document. patches: address -> value; imports: whether Python may run.

    Raises SpecError for one that is not right.
    """
    fill_registry()
    if patches:
        reading.apply_patches(document, reading.mapping_of_patches(patches))
    reading.run_imports(document, imports)
    return checked(document)


def looked_at(spec: Spec) -> Spec:
    """A spec whose own components, if it has any, were run; a member's where they stand."""
    if spec.own or spec.decisions:
        layers = spec.own if spec.is_space else own_layers(spec.network().layers())
        if layers:
            from archdsl.conformance import look

            look(layers)
    return spec


def space_from_text(
    text: str, folder: Path, patches: Mapping[str, Any] | None = None, *, imports: bool = True
) -> Space:
    """The space of a text whose relative paths start from a folder. Raises SpecError.

    patches: address -> value; imports: whether Python may run
    """
    from archdsl.spaces import Space

    document = reading.document_from_text(text, str(folder / "space.yaml"))
    return Space(looked_at(finished(document, patches, imports)))
