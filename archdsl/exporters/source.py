"""A Python module as its source text: top-level statements, the names they bind, its imports."""

from __future__ import annotations

import ast
import inspect
import linecache
import types
from collections.abc import Iterator
from dataclasses import dataclass, field

from archdsl.errors import ExportError
from archdsl.exporters.scopes import Function, bound
from archdsl.language.neighbours import loaded_text, meant


@dataclass(frozen=True, slots=True)
class Import:
    """Where a module's name comes from: `from module import attr`, or a whole `module`.

    dotted: `import torch.nn`, which binds `torch` and makes `torch.nn` known
    """

    module: str
    attr: str | None = None
    dotted: bool = False


@dataclass(eq=False, slots=True)
class Unit:
    """Top-level statements that stay together: one, or all that share a line.

    first, last: lines, counted from 1; comments right above belong to the unit
    binds: the names that it gives a value; changes: the names whose objects it changes in place
    """

    module: Module
    nodes: list[ast.stmt]
    first: int
    last: int
    binds: set[str]
    changes: set[str]


@dataclass(eq=False)
class Module:
    """The source of a module, cut into units."""

    name: str
    package: str
    file: str
    lines: list[str]
    units: list[Unit] = field(default_factory=list)
    imports: dict[str, Import] = field(default_factory=dict)
    dotted: set[str] = field(default_factory=set)
    stars: list[str] = field(default_factory=list)

    def binding(self, name: str) -> list[Unit]:
        """The units that give `name` its value, in order; none for a name that is imported."""
        if not any(name in unit.binds for unit in self.units):
            return []
        return [unit for unit in self.units if name in unit.binds | unit.changes]

    def column(self, line: int, offset: int) -> int:
        """A column of the syntax tree, which counts bytes, in characters."""
        return len(self.lines[line - 1].encode()[:offset].decode())


def read(module: types.ModuleType) -> Module:
    """The source of an imported module. Raises ExportError where there is none to read."""
    try:
        file = inspect.getsourcefile(module)
    except TypeError:
        file = None
    text = loaded_text(module.__name__)  # not what the file has become since
    lines = [] if text is None else text.split("\n")
    if file is not None and text is None:
        linecache.checkcache(file)
        lines = linecache.getlines(file, vars(module))
    if file is None or not lines:
        raise ExportError(
            f"the source of {module.__name__} cannot be read, so its classes cannot be exported.  "
            "write them in a file and name that under imports:"
        )
    lines = [line.rstrip("\n") for line in lines]
    found = Module(module.__name__, _package(module), file, lines)
    try:
        tree = ast.parse("\n".join(lines))
    except SyntaxError as error:
        raise ExportError(
            f"{file}:{error.lineno}: cannot be read ({error.msg}); it was changed after it was "
            "loaded.  mend it, and load the spec again"
        ) from None
    for statement in _flat(tree.body):
        _add(found, statement)
    return found


def _package(module: types.ModuleType) -> str:
    if module.__package__ is not None:
        return module.__package__
    return module.__name__.rpartition(".")[0]


def _flat(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a module; what stands under `if TYPE_CHECKING:` counts as plain."""
    for statement in body:
        if isinstance(statement, ast.If) and _names(statement.test) == "TYPE_CHECKING":
            yield from _flat(statement.body)
        elif isinstance(statement, ast.If) and _is_main(statement.test):
            continue
        else:
            yield statement


def _names(test: ast.expr) -> str:
    return test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", "")


def _is_main(test: ast.expr) -> bool:
    return isinstance(test, ast.Compare) and _names(test.left) == "__name__"


def _add(module: Module, statement: ast.stmt) -> None:
    match statement:
        case ast.Import(names=names):
            for alias in names:
                top = alias.name.partition(".")[0]
                if alias.asname is not None:
                    module.imports[alias.asname] = Import(meant(module.name, alias.name))
                else:
                    module.imports[top] = Import(meant(module.name, top), dotted=True)
                    module.dotted.add(meant(module.name, alias.name))
        case ast.ImportFrom(names=names):
            origin = _origin(module, statement)
            for alias in names:
                if alias.name == "*":
                    module.stars.append(origin)
                elif origin != "__future__":
                    module.imports[alias.asname or alias.name] = Import(origin, alias.name)
        case ast.Expr(value=ast.Constant(value=str())):
            _add_text(module, statement)
        case _:
            _add_unit(module, statement)


def _add_text(module: Module, statement: ast.stmt) -> None:
    """A text right below an assignment says what it is for; any other is the module's own."""
    previous = module.units[-1] if module.units else None
    assigned = previous is not None and isinstance(previous.nodes[-1], ast.Assign | ast.AnnAssign)
    if previous is not None and assigned and previous.last == statement.lineno - 1:
        previous.last = statement.end_lineno or statement.lineno


def _origin(module: Module, statement: ast.ImportFrom) -> str:
    if not statement.level:
        return meant(module.name, statement.module or "")
    return absolute(module, statement.level, statement.module)


def absolute(module: Module, level: int, name: str | None) -> str:
    """The module that `from ..name import` means, with `level` dots."""
    parts = module.package.split(".")
    base = parts[: len(parts) - level + 1]
    return ".".join([*base, name] if name else base)


def _add_unit(module: Module, statement: ast.stmt) -> None:
    first, last = statement.lineno, statement.end_lineno or statement.lineno
    if isinstance(statement, Function | ast.ClassDef) and statement.decorator_list:
        first = min(first, statement.decorator_list[0].lineno)
    binds, changes = bound([statement]), _changed(statement)
    previous = module.units[-1] if module.units else None
    if previous is not None and previous.last == first:
        previous.nodes.append(statement)
        previous.binds |= binds
        previous.changes |= changes
        previous.last = last
        return
    while first > 2 and module.lines[first - 2].startswith("#"):  # line 1 may be a #! line
        first -= 1
    module.units.append(Unit(module, [statement], first, last, binds, changes))


def _changed(statement: ast.AST) -> set[str]:
    """Names whose objects a statement changes: `TABLE["a"] = b`, `TABLE.update(c)`."""
    if isinstance(statement, Function | ast.ClassDef | ast.Lambda):
        return set()
    names: set[str] = set()
    root: ast.AST | None = None
    if isinstance(statement, ast.Subscript | ast.Attribute):
        root = statement if isinstance(statement.ctx, ast.Store | ast.Del) else None
    elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        function = statement.value.func
        root = function if isinstance(function, ast.Attribute) else None
    while isinstance(root, ast.Subscript | ast.Attribute):
        root = root.value
    if isinstance(root, ast.Name):
        names.add(root.id)
    for child in ast.iter_child_nodes(statement):
        names |= _changed(child)
    return names
