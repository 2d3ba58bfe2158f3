"""Text to document: reading, `extends`, patches, `imports`."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping as MappingOf
from pathlib import Path
from typing import Any

from archdsl import shipped
from archdsl.components.registry import settle
from archdsl.errors import ArchError, SpecError
from archdsl.language import positions
from archdsl.language.assign import assign
from archdsl.language.document import Document
from archdsl.language.files import text_of
from archdsl.language.imports import is_file, run_import
from archdsl.language.nodes import Mapping, Node, Scalar, Sequence
from archdsl.language.opening import SPEC, check_version
from archdsl.language.python_values import plain_values
from archdsl.language.sandbox import Reach
from archdsl.language.search_notes import take_note
from archdsl.language.typed import is_none
from archdsl.language.write import write
from archdsl.language.yaml import MAX_BYTES, read, read_file

_MAX_PARENTS = 20
_BEGINS_AS_A_SPEC = re.compile(r"\ufeff?(?:[ \t]*(?:#.*)?\r?\n)*archdsl\s*:")


def document_from_file(path: Path, reach: type[Reach] = Reach) -> Document:
    """The document of a file. Raises SpecError.

    reach: what specs of its sort may read and run
    """
    reached = reach.of_file(path)
    reached.file(path)
    return _document(read_file(path), path, (path.resolve(),), reached)


def document_from_text(text: str, name: str = "<text>", reach: Reach | None = None) -> Document:
    """The document of a text; relative paths in it are relative to the working directory."""
    return _document(read(text, name), Path(name), (), reach or Reach.of_text(name))


def document_from_mapping(mapping: MappingOf[str, Any], reach: Reach | None = None) -> Document:
    """The document of plain Python values; errors show them as they would be written."""
    return document_from_text(write(plain_values(mapping)), "<mapping>", reach)


def apply_patches(document: Document, patches: Mapping) -> None:
    """Set addresses on top of a document: shorter ones first. Raises SpecError."""
    for address in patches:
        head = address.partition(".")[0]
        position = positions.at("top").get(head)
        if position is not None and not position.settable:
            raise SpecError(
                f"{head} is read before anything is set",
                address=address,
                mark=patches.marks.get(address),
                cure=f"write {head} in the file",
            )
    _apply(document, patches, origin=_MAX_PARENTS + 1)


def read_assignment(
    text: str, option: str = "--set", example: str = "stages.2.depth=6"
) -> tuple[str, Mapping]:
    """`stages.2.depth=6`, as the command line has it, as the address and a one-key mapping.

    option, example: what it is given by, and as what, for errors
    Raises SpecError.
    """
    address, equals, value = text.partition("=")
    address = address.strip()
    if not equals or not re.fullmatch(r"[A-Za-z_][\w.]*", address):
        raise SpecError(f"{option} {text} is no assignment", cure=f"write  {option} {example}")
    if not value.strip():
        raise SpecError(f"{option} {address}= has no value", cure="write none to mean absent")
    return address, read(f"{address}: {value.strip()}", f"{option} {address}")


def mapping_of_patches(patches: MappingOf[str, Any]) -> Mapping:
    """Address -> Python value as a node."""
    values = plain_values(patches)
    return read(write(values), "<set>") if values else Mapping({})


def run_imports(document: Document, allowed: bool) -> None:
    """Run what `imports:` names, so that it registers its components. Raises SpecError."""
    for entry, folder in document.import_folders.items():
        mark = document.marks.get("imports")
        document.reach.python(f"the import of {entry}", "imports", mark)
        if not allowed:
            raise SpecError(
                f"imports of {entry} are refused here",
                address="imports",
                mark=mark,
                cure="it runs Python; load it with imports allowed if you trust the file",
            )
        run_import(entry, folder, mark)
    if not document.import_folders:
        return
    try:
        settle()  # all are in, so a class that a default names is registered now, or never
    except ArchError as error:
        raise SpecError(str(error), address="imports", mark=document.marks.get("imports")) from None


def _document(root: Mapping, path: Path, chain: tuple[Path, ...], reach: Reach) -> Document:
    check_version(root, SPEC)
    parent = root.get("extends")
    folder = path.parent
    if parent is None or is_none(parent):
        document = Document(str(path), folder, reach)
    else:
        document = _parent(parent, folder, chain, reach)
        _imports_from(document, folder)
        document.file, document.folder = str(path), folder
        document.own_params.clear()
        for key in ("name", "found"):
            document.top.pop(key, None)
    origin = _MAX_PARENTS - len(chain)  # an outer file has the last word
    _apply(document, root.without("archdsl", "extends"), origin)
    if "name" not in document.top:
        name = _identifier(path.stem)
        document.top["name"] = Scalar(name, name)
    _note_imports(document, root.get("imports"), folder)
    return document


def _identifier(text: str) -> str:
    """A file's name as the name of a spec: `my-net.v2` is `my_net_v2`."""
    word = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_")
    return f"_{word}" if not word or word[0].isdigit() else word


def _apply(document: Document, root: Mapping, origin: int) -> None:
    before = document.top.get("search")
    for address, node in sorted(root.items.items(), key=lambda item: item[0].count(".")):
        assign(document, address, node, root.marks.get(address), origin)
    take_note(document, before, root.items)


def _parent(node: Node, folder: Path, chain: tuple[Path, ...], reach: Reach) -> Document:
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        raise SpecError(
            "one parent belongs here, the name of a shipped spec or a path",
            address="extends",
            mark=node.mark,
            cure="a parent can have a parent of its own",
        )
    path = _find_parent(node, node.value, folder, reach)
    if path.resolve() in chain:
        names = " -> ".join(p.name for p in (*chain, path.resolve()))
        raise SpecError(
            f"a circle of parents: {names}",
            address="extends",
            mark=node.mark,
            cure="one of them has to stand without extends",
        )
    if len(chain) >= _MAX_PARENTS - 1:
        raise SpecError("too long a chain of parents", address="extends", mark=node.mark)
    return _document(_read_parent(node, path, reach), path, (*chain, path.resolve()), reach)


def _read_parent(node: Scalar, path: Path, reach: Reach) -> Mapping:
    """The tree of a parent. Of a file that is none of the user's own nothing is quoted."""
    if reach.quotes(path):
        return read_file(path)
    text = text_of(path, MAX_BYTES)
    if _BEGINS_AS_A_SPEC.match(text) is None:
        raise SpecError(
            f"{path} is no spec",
            address="extends",
            mark=node.mark,
            cure="a spec begins with  archdsl: 1",
        )
    return read(text, str(path), shown=False)


def _find_parent(node: Node, name: str, folder: Path, reach: Reach) -> Path:
    if "/" in name or name.endswith((".yaml", ".yml")):
        path = folder / name
        reach.file(path, "extends", node.mark)
        if not path.is_file():
            raise SpecError(
                f"there is no file {path}", address="extends", mark=node.mark,
                cure="the path is relative to the folder of this spec",
            )  # fmt: skip
        return path
    try:
        return shipped.shipped(name)
    except SpecError as error:
        raise SpecError(error.problem, address="extends", mark=node.mark, cure=error.cure) from None


def _imports_from(document: Document, folder: Path) -> None:
    """Have the files that a parent imports named from the folder of its child."""
    if document.folder.resolve() == folder.resolve():
        return
    entries = {
        _from_folder(entry, home, folder): folder for entry, home in document.import_folders.items()
    }
    document.import_folders = entries
    if "imports" in document.top:
        names = tuple(Scalar(name, name) for name in entries)
        document.top["imports"] = Sequence(names, document.top["imports"].mark)


def _from_folder(entry: str, home: Path, folder: Path) -> str:
    if not is_file(entry) or Path(entry).is_absolute():
        return entry
    path = os.path.relpath((home / entry).resolve(), folder.resolve())
    return path if path.startswith("../") else f"./{path}"


def _note_imports(document: Document, node: Node | None, folder: Path) -> None:
    if node is None:
        return
    if is_none(node):
        document.import_folders.clear()
        return
    items = node.items if isinstance(node, Sequence) else (node,)
    for item in items:
        if not isinstance(item, Scalar) or not isinstance(item.value, str):
            raise SpecError(
                "a list of modules and of files belongs here",
                address="imports",
                mark=item.mark,
                cure="write  imports: [./file.py]",
            )
        if not item.value:
            raise SpecError(
                "an import has a name, and this one has none",
                address="imports",
                mark=item.mark,
                cure="write  imports: [./file.py]",
            )
        document.import_folders[item.value] = folder
    document.top["imports"] = Sequence(
        tuple(Scalar(name, name) for name in document.import_folders), node.mark
    )
