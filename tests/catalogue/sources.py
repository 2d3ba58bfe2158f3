"""What a module of `archdsl.nn` comes to in the catalogue: what its components say, without torch.

Of a component stays its docstring, the signature of its `__init__`, its class attributes and its
static methods; of the rest of the module what those need.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NN, CATALOGUE = ROOT / "archdsl/nn", ROOT / "archdsl/catalogue"

REGISTRARS = frozenset(
    ["token_mixer", "channel_mixer", "norm", "act", "layer", "query", "key", "value", "out",
     "pos_embed", "head", "describes"]
)  # fmt: skip
"""Decorators that register what stands below them."""

CALLS = frozenset({"register", "also_called"})
"""Functions that register what they are called with."""

HEAD = "# Made from archdsl/nn by  make catalogue.  Change it there.\n"

TORCH = "archdsl.catalogue.torch_names"
"""What stands for torch."""


def catalogued() -> dict[str, str]:
    """The catalogue's generated files: path from its folder -> text."""
    trees = {path.relative_to(NN): ast.parse(path.read_text("utf-8")) for path in sources()}
    wanted: dict[Path, set[str]] = {path: set() for path in trees}
    kept: dict[Path, list[ast.stmt]] = {}
    due = list(trees)
    while due:  # what a module takes from another may be what nothing there needed
        path = due.pop()
        kept[path] = _kept(trees[path], wanted[path])
        for other, names in _taken(kept[path]):
            if other in trees and not names <= wanted[other]:
                wanted[other] |= names
                due.append(other)
    full = {path for path, statements in kept.items() if any(map(_says, statements))}
    packages = {path for path in trees if path.name == "__init__.py"}
    texts = {path: _text(trees[path], kept[path]) for path in full}
    texts |= {path: _package(trees[path], path, full | packages) for path in packages}
    return {str(path): text for path, text in sorted(texts.items())}


def sources() -> list[Path]:
    """The modules of `archdsl.nn`."""
    return sorted(NN.rglob("*.py"))


def _says(statement: ast.stmt) -> bool:
    return not isinstance(statement, (ast.Import, ast.ImportFrom))


def _kept(tree: ast.Module, wanted: set[str]) -> list[ast.stmt]:
    """The statements that stay, stripped, in their order. wanted: names that others need"""
    stripped = [(one, _stripped(one)) for one in tree.body]
    needed = {name for one, bare in stripped if _registers(one) for name in _read(bare)} | wanted
    stay = {id(one) for one, _ in stripped if _registers(one) or _imports_ours(one)}
    while True:
        found = [pair for pair in stripped if id(pair[0]) not in stay and _named(pair[1]) & needed]
        if not found:
            break
        for one, bare in found:
            stay.add(id(one))
            needed |= _read(bare)
    kept = [_narrowed(bare, needed) for one, bare in stripped if id(one) in stay]
    return [one for one in kept if one is not None]


def _imports_ours(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Import) and any(map(_ours, statement.names))


def _registers(statement: ast.stmt) -> bool:
    match statement:
        case ast.ClassDef(decorator_list=over) | ast.FunctionDef(decorator_list=over):
            return any(isinstance(one, ast.Call) and _called(one) in REGISTRARS for one in over)
        case ast.Expr(value=ast.Call() as call):
            return _called(call) in CALLS
    return False


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _stripped(statement: ast.stmt) -> ast.stmt:
    """A class without what runs; anything else as it is."""
    if not isinstance(statement, ast.ClassDef):
        return statement
    body = [bare for one in statement.body if (bare := _member(one)) is not None]
    return ast.ClassDef(
        statement.name, statement.bases, statement.keywords, body or [ast.Pass()],
        statement.decorator_list, type_params=[],
    )  # fmt: skip


def _member(statement: ast.stmt) -> ast.stmt | None:
    match statement:
        case ast.Expr(value=ast.Constant()) | ast.Assign():
            return statement
        case ast.AnnAssign(value=value) if value is not None:
            return statement
        case ast.FunctionDef(name="__init__"):
            return ast.FunctionDef(
                "__init__", statement.args, [ast.Expr(ast.Constant(...))], [],
                statement.returns, type_params=[],
            )  # fmt: skip
        case ast.FunctionDef(decorator_list=[ast.Name(id="staticmethod")]):
            takes = statement.args.args
            return None if takes and takes[0].arg in ("ctx", "place") else statement
    return None


def _named(statement: ast.stmt) -> set[str]:
    """The names that a statement gives something to."""
    match statement:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
            return {name}
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            return set(map(_bound, names))
        case ast.Assign(targets=targets):
            return {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
        case ast.AnnAssign(target=ast.Name(id=name)):
            return {name}
    return set()


def _read(statement: ast.stmt) -> set[str]:
    """The names that a statement needs."""
    return {
        one.id
        for one in ast.walk(statement)
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)
    }


def _narrowed(statement: ast.stmt, needed: set[str]) -> ast.stmt | None:
    """An import of what is needed alone, and from where the catalogue has it."""
    if isinstance(statement, ast.Import):
        names = [_moved(one) for one in statement.names if _ours(one) or _bound(one) in needed]
        return ast.Import(names) if names else None
    if not isinstance(statement, ast.ImportFrom) or statement.module == "__future__":
        return statement
    names = [one for one in statement.names if _bound(one) in needed]
    module = statement.module or ""
    if module == "torch" or module.startswith("torch."):
        module = TORCH
    module = module.replace("archdsl.nn", "archdsl.catalogue", 1)
    return ast.ImportFrom(module, names, 0) if names else None


def _bound(one: ast.alias) -> str:
    return one.asname or one.name.partition(".")[0]


def _ours(one: ast.alias) -> bool:
    """A module that is imported for what it registers."""
    return one.name.startswith("archdsl.nn.")


def _moved(one: ast.alias) -> ast.alias:
    return ast.alias(one.name.replace("archdsl.nn", "archdsl.catalogue", 1), one.asname)


def _taken(statements: list[ast.stmt]) -> Iterator[tuple[Path, set[str]]]:
    """What statements take from which module of the catalogue."""
    for one in statements:
        if isinstance(one, ast.ImportFrom) and (one.module or "").startswith("archdsl.catalogue."):
            parts = (one.module or "").split(".")[2:]
            yield Path(*parts).with_suffix(".py"), {name.name for name in one.names}


def _text(tree: ast.Module, kept: list[ast.stmt]) -> str:
    first = (ast.get_docstring(tree) or "").partition("\n")[0]
    body: list[ast.stmt] = [
        ast.Expr(ast.Constant(first)),
        ast.ImportFrom("__future__", [ast.alias("annotations")], 0),
        *(one for one in kept if getattr(one, "module", "") != "__future__"),
    ]
    return HEAD + ast.unparse(ast.fix_missing_locations(ast.Module(body, []))) + "\n"


def _package(tree: ast.Module, path: Path, made: set[Path]) -> str:
    """A package that imports those of its modules that the catalogue has, in the same order."""
    here = path.parent
    own = ".".join(("archdsl", "nn", *here.parts))
    names = [
        one.name
        for statement in tree.body
        if isinstance(statement, ast.ImportFrom) and statement.module == own
        for one in statement.names
        if here / f"{one.name}.py" in made or here / one.name / "__init__.py" in made
    ]
    doc = (ast.get_docstring(tree) or "").partition("\n")[0]
    body: list[ast.stmt] = [ast.Expr(ast.Constant(doc))]
    if names:
        module = own.replace("archdsl.nn", "archdsl.catalogue", 1)
        body.append(ast.ImportFrom(module, [ast.alias(name) for name in names], 0))
    return HEAD + ast.unparse(ast.fix_missing_locations(ast.Module(body, []))) + "\n"
