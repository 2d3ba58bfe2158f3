"""Which module-level names a statement uses, and where.

Python decides what a name means by scope; so does this, over the syntax tree alone: a name is
module-level unless a parameter, an assignment, an import or a comprehension around it binds it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from archdsl.exporters.trees import children, walk

Function = ast.FunctionDef | ast.AsyncFunctionDef
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


@dataclass(frozen=True, slots=True)
class Use:
    """A module-level name where it stands, with the attributes that are read from it.

    nodes: the name, then each attribute of the chain: `nn.functional.gelu` has three nodes
    annotation: it stands in an annotation, so that it means something to a reader alone
    """

    nodes: tuple[ast.expr, ...]
    annotation: bool

    @property
    def name(self) -> str:
        """The module-level name itself."""
        root = self.nodes[0]
        assert isinstance(root, ast.Name)
        return root.id

    @property
    def chain(self) -> tuple[str, ...]:
        """The names of the attributes, outermost last."""
        return tuple(node.attr for node in self.nodes[1:] if isinstance(node, ast.Attribute))


def uses(
    statement: ast.AST,
    skip: frozenset[ast.AST] = frozenset(),
    quotes: list[ast.Constant] | None = None,
) -> list[Use]:
    """The module-level names that a module's statement reads or writes, in source order.

    skip: nodes that are passed over, with everything below them
    quotes: receives the annotations that are written in quotes and were looked into
    """
    walker = _Walker(skip)
    walker.visit(statement)
    if quotes is not None:
        quotes += walker.quotes
    return walker.found


def bound(statements: Iterable[ast.AST]) -> set[str]:
    """The names that statements bind in the scope in which they stand."""
    return {name for statement in statements for name, _ in _bound(statement)}


def bound_in_words(statement: ast.AST) -> set[str]:
    """The names that a statement binds by other means than a name node of its own.

    Imports, `except ... as`, patterns; and definitions below the statement itself.
    """
    return {
        name
        for name, node in _bound(statement)
        if not isinstance(node, ast.Name) and node is not statement
    }


def quoted(node: ast.Constant) -> ast.expr | None:
    """The expression inside a quoted annotation, at its own place in the source.

    None for a string that is no expression, or that is written in a way (a prefix, triple
    quotes, more than one line) that says nothing about the place of its parts.
    """
    text = str(node.value)
    plain = node.end_lineno == node.lineno and node.end_col_offset is not None
    if not plain or node.end_col_offset != node.col_offset + len(text.encode()) + 2:
        return None
    try:
        inner = ast.parse(text, mode="eval").body
    except SyntaxError:
        return None
    for part in ast.walk(inner):
        if isinstance(part, ast.expr | ast.keyword) and part.end_col_offset is not None:
            part.lineno = part.end_lineno = node.lineno
            part.col_offset += node.col_offset + 1
            part.end_col_offset += node.col_offset + 1
    return inner


def _bound(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, Function | ast.ClassDef):
        yield node.name, node
        return
    if isinstance(node, ast.Lambda):
        return
    if isinstance(node, Comprehension):  # its targets are its own; a walrus inside it leaks
        for part in walk(node):
            if isinstance(part, ast.NamedExpr):
                yield part.target.id, part.target
        return
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            yield name, node
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            for alias in names:
                yield (alias.asname or alias.name).partition(".")[0], node
        case ast.ExceptHandler(name=str(name)):
            yield name, node
        case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name, node
        case ast.MatchMapping(rest=str(name)):
            yield name, node
    for child in children(node):
        yield from _bound(child)


def _declared_global(body: Iterable[ast.AST]) -> set[str]:
    names: set[str] = set()
    for node in body:
        if isinstance(node, ast.Global):
            names.update(node.names)
        elif not isinstance(node, Function | ast.ClassDef | ast.Lambda):
            names |= _declared_global(children(node))
    return names


class _Walker(ast.NodeVisitor):
    """Walks one statement of a module; `local` are the names that scopes around it bind."""

    def __init__(self, skip: frozenset[ast.AST]) -> None:
        self.skip = skip
        self.found: list[Use] = []
        self.quotes: list[ast.Constant] = []
        self.local: frozenset[str] = frozenset()  # what nested functions see too
        self.own: set[str] | None = None  # what a class body has bound so far
        self.annotating = False

    def visit(self, node: ast.AST) -> None:
        if node not in self.skip:
            super().visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        self._note((node,))

    def visit_Attribute(self, node: ast.Attribute) -> None:
        chain: list[ast.expr] = [node]
        while isinstance(chain[-1], ast.Attribute):
            chain.append(chain[-1].value)
        if isinstance(chain[-1], ast.Name):
            self._note(tuple(reversed(chain)))
        else:
            self.visit(chain[-1])

    def _note(self, nodes: tuple[ast.expr, ...]) -> None:
        root = nodes[0]
        assert isinstance(root, ast.Name)
        if root.id in self.local or (self.own is not None and root.id in self.own):
            return
        if self.own is not None and not isinstance(root.ctx, ast.Load):
            return
        self.found.append(Use(nodes, self.annotating))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._function(node)

    def _function(self, node: Function) -> None:
        self._all(node.decorator_list)
        generic = {parameter.name for parameter in getattr(node, "type_params", ())}
        outer = self.local
        self.local |= generic
        for argument in _arguments(node.args):
            if argument.annotation is not None:
                self._annotation(argument.annotation)
        self._all(node.args.defaults)
        self._all(node.args.kw_defaults)
        if node.returns is not None:
            self._annotation(node.returns)
        names = {argument.arg for argument in _arguments(node.args)}
        freed = _declared_global(node.body)
        self.local = outer
        self._inside(generic | names | (bound(node.body) - freed), node.body, freed)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._all(node.args.defaults)
        self._all(node.args.kw_defaults)
        self._inside({argument.arg for argument in _arguments(node.args)}, [node.body])

    def visit_ListComp(self, node: ast.ListComp) -> None:
        self._comprehension(node, [node.elt])

    def visit_SetComp(self, node: ast.SetComp) -> None:
        self._comprehension(node, [node.elt])

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> None:
        self._comprehension(node, [node.elt])

    def visit_DictComp(self, node: ast.DictComp) -> None:
        self._comprehension(node, [node.key, node.value])

    def _comprehension(self, node: Comprehension, results: list[ast.expr]) -> None:
        first, *others = node.generators
        self.visit(first.iter)  # the only part that the surrounding scope evaluates
        targets: set[str] = set()
        for generator in node.generators:
            targets |= bound([generator.target])
        rest = [part for other in others for part in (other.iter, *other.ifs)]
        self._inside(targets, [*first.ifs, *rest, *results])

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._all(node.decorator_list)
        outer, own = self.local, self.own
        self.local |= {parameter.name for parameter in getattr(node, "type_params", ())}
        self._all([*node.bases, *node.keywords])
        self.own = set()
        for statement in node.body:
            self.visit(statement)
            self.own |= bound([statement])  # `kernel = kernel` reads the module's
        self.local, self.own = outer, own

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self._annotation(node.annotation)
        if node.value is not None:
            self.visit(node.value)
        self.visit(node.target)

    def _annotation(self, node: ast.expr) -> None:
        self.annotating = True
        self.visit(node)
        self.annotating = False

    def visit_Subscript(self, node: ast.Subscript) -> None:
        last = node.value.attr if isinstance(node.value, ast.Attribute) else node.value
        if self.annotating and getattr(last, "id", last) == "Literal":
            self.visit(node.value)  # the words of a Literal are not quoted types
        else:
            self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        values = [*node.args, *(keyword.value for keyword in node.keywords)]
        self.visit(node.func)
        for value in values:
            if not (self.annotating and isinstance(value, ast.Constant)):  # a text, not a type
                self.visit(value)

    def visit_Constant(self, node: ast.Constant) -> None:
        if self.annotating and isinstance(node.value, str):
            inner = quoted(node)
            if inner is not None:
                self.quotes.append(node)
                self.visit(inner)

    def _inside(self, names: set[str], body: Iterable[ast.AST], freed: Iterable[str] = ()) -> None:
        outer, own, annotating = self.local, self.own, self.annotating
        self.local, self.own, self.annotating = (outer - set(freed)) | names, None, False
        self._all(body)
        self.local, self.own, self.annotating = outer, own, annotating

    def _all(self, nodes: Iterable[ast.AST | None]) -> None:
        for node in nodes:
            if node is not None:
                self.visit(node)


def _arguments(arguments: ast.arguments) -> Iterator[ast.arg]:
    yield from (*arguments.posonlyargs, *arguments.args)
    if arguments.vararg is not None:
        yield arguments.vararg
    yield from arguments.kwonlyargs
    if arguments.kwarg is not None:
        yield arguments.kwarg
