"""A function as it is for one network: tests that are decided, options that are constants.

What is decided is cut out of the author's own text; comments stay above what they were written
for. A function of which nothing is decided stays as it is, line for line.
"""

from __future__ import annotations

import ast

from archdsl.exporters.layout import INDENT, WIDTH
from archdsl.exporters.specialise.expressions import INNER, Expressions, Lines, is_literal
from archdsl.exporters.specialise.known import HIDDEN, Unknown, World, truth, value
from archdsl.exporters.specialise.source_file import (
    Function,
    SourceFile,
    dedented,
    is_pure,
    laid,
    parenthesised,
    stored,
)
from archdsl.exporters.trees import children, walk


class Fold(Expressions):
    """Folds one function."""

    def body(self) -> Lines:
        """The lines below its header, docstring included."""
        lines, _ = self._block(self.node.body, self.worlds, 0, self.program.header_end(self.node))
        return lines

    def _block(
        self, statements: list[ast.stmt], worlds: list[World], shift: int, done: int
    ) -> tuple[Lines, bool]:
        """Lines of statements, and whether what follows them is never reached.

        shift: how far they move left; done: the last line above them that is spoken for
        """
        lines: Lines = []
        for place, statement in enumerate(statements):
            first = self.program.first_line(statement)
            gap = self.program.lines[done : first - 1]
            done = statement.end_lineno or statement.lineno
            below = statements[place + 1] if place + 1 < len(statements) else None
            if below is not None and self._is_overwritten(statement, below, done):
                lines += [line for line in dedented(gap, shift) if not line.strip()]
                continue
            returned = _returned(statement, statements[place + 1 : place + 2])
            if returned is not None and not self._comments(done, statements[place + 1]):
                made: Lines | None = self._return(statement, returned, worlds, shift)
                return [*lines, *dedented(gap, shift), *(made or [])], True
            made, ended = self._statement(statement, worlds, shift)
            if made is None:
                while gap and gap[-1].lstrip().startswith("#"):
                    gap.pop()
                lines += [line for line in dedented(gap, shift) if line.strip()]
            else:
                lines += [*dedented(gap, shift), *made]
            if ended:
                return lines, True
        return lines, False

    def _statement(
        self, node: ast.stmt, worlds: list[World], shift: int
    ) -> tuple[Lines | None, bool]:
        if self.rules.drops(node, worlds):
            return None, False
        match node:
            case ast.If():
                return self._if(node, worlds, shift)
            case ast.With() | ast.AsyncWith():
                return self._compound(node, worlds, shift, [item.context_expr for item in
                                                            node.items])  # fmt: skip
            case ast.For() | ast.While():
                return self._loop(node, worlds, shift)
            case ast.FunctionDef():
                self._forget([node.name], worlds)
                return self._nested(node, worlds, shift), False
            case ast.Try() | ast.ClassDef() | ast.Match() | ast.AsyncFunctionDef():
                self._forget(stored([node]), worlds)
                return self._raw(node, shift), False
        return self._simple(node, worlds, shift)

    def _is_overwritten(self, statement: ast.stmt, below: ast.stmt, done: int) -> bool:
        """Whether a name gets another value at once, and this one is at most another's name."""
        match statement, below:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=given),
                ast.Assign(targets=[ast.Name(id=again)], value=new),
            ) if name == again and not self._comments(done, below):
                read = [n for n in walk(new) if isinstance(n, ast.Name) and n.id == name
                        and isinstance(n.ctx, ast.Load)]  # fmt: skip
                if not read:
                    return is_pure(given)
                if (
                    isinstance(given, ast.Name)
                    and given.id in self._bound
                    and not any(isinstance(n, (*INNER, ast.JoinedStr)) for n in walk(new))
                ):
                    self._aliases |= dict.fromkeys(read, given.id)
                    return True
        return False

    def _comments(self, done: int, below: ast.stmt) -> bool:
        return self.program.first_line(below) - 1 > done

    def _return(self, node: ast.stmt, given: ast.expr, worlds: list[World], shift: int) -> Lines:
        """A value that is named only to be returned."""
        text = f"return {self.expression(given, worlds)}{self._trailing(node)}"
        return laid(text, node.col_offset - shift, node.col_offset)

    def _trailing(self, node: ast.stmt) -> str:
        line = self.program.lines[(node.end_lineno or node.lineno) - 1]
        return line[len(line.encode()[: node.end_col_offset].decode()) :]

    def _simple(self, node: ast.stmt, worlds: list[World], shift: int) -> tuple[Lines | None, bool]:
        ended = isinstance(node, ast.Return | ast.Raise | ast.Continue | ast.Break)
        match node:
            case ast.Assert(test=test) if truth(test, worlds, self.facts):
                return None, False
            case ast.Assign(targets=[ast.Name(id=name)], value=given):
                return self._assigned(node, name, given, worlds, shift), False
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as given):
                return self._assigned(node, name, given, worlds, shift), False
            case ast.Expr(value=ast.Call() as call):
                text = self.expression(call, worlds)
                if not text:
                    return None, False
        made = self._edited(node, worlds, shift)
        self._forget(stored([node]), worlds)
        for part in walk(node):
            if isinstance(part, ast.Attribute) and self.rules.settled.get(part.attr) is part:
                self.facts.changing.discard(part.attr)
        return made, ended

    def _assigned(
        self, node: ast.stmt, name: str, given: ast.expr, worlds: list[World], shift: int
    ) -> Lines | None:
        if name not in self._loads and is_pure(given):
            return None
        text = self.expression(given, worlds)
        made = self._edited(node, worlds, shift)
        self._learn(name, given, worlds)
        self._literals.discard(name)
        if is_literal(text):
            self._literals.add(name)
        return None if text == name else made

    def _learn(self, name: str, given: ast.expr, worlds: list[World]) -> None:
        """What a name is from here on; one that becomes an attribute as it is, is that."""
        attribute = _attributes_of(self.node).get(name) if self._stores.count(name) == 1 else None
        for world in worlds:
            try:
                world[name] = value(given, world, self.facts)
            except Unknown:
                world[name] = HIDDEN
                owner = world.get("self")
                if attribute is not None and hasattr(owner, attribute):
                    world[name] = getattr(owner, attribute)

    def _if(self, node: ast.If, worlds: list[World], shift: int) -> tuple[Lines | None, bool]:
        holds = truth(node.test, worlds, self.facts)
        if holds is not None:
            branch = node.body if holds else node.orelse
            if not branch:
                return None, False
            if not holds and self._is_elif(node):
                return self._statement(branch[0], worlds, shift)
            deeper = branch[0].col_offset - node.col_offset
            done = self.program.first_line(branch[0]) - 1
            done = self._with_comments_above(done)
            return self._block(branch, worlds, shift + deeper, done)
        return self._open_if(node, worlds, shift, "if")

    def _open_if(
        self, node: ast.If, worlds: list[World], shift: int, word: str
    ) -> tuple[Lines | None, bool]:
        """An `if` that is not decided, and what follows it."""
        test = self.expression(node.test, worlds)
        own = test == self.program.segment(node.test)
        before = [dict(world) for world in worlds if self._may(node.test, world, False)]
        inside = [dict(world) for world in worlds if self._may(node.test, world, True)]
        lines, ended = self._branch(node.body, inside, shift, self.program.header_end(node))
        if own and self._header(node).startswith(f"{word} "):
            end = self.program.header_end(node)
            lines = [*dedented(self.program.lines[node.lineno - 1 : end], shift), *lines]
        else:
            lines = [*self._tested(node, word, test, shift), *lines]
        others = node.orelse
        if others and self._is_elif(node):
            (inner,) = others
            assert isinstance(inner, ast.If)
            holds = truth(inner.test, before, self.facts)
            if holds is None:
                more, over = self._open_if(inner, before, shift, "elif")
                lines += more or []
            else:
                rest = inner.body if holds else inner.orelse
                more, over = self._else(rest, before, shift, inner.col_offset)
                lines += more
        elif others:
            more, over = self._else(others, before, shift, node.col_offset)
            lines += more
        else:
            over = False
        self._forget(stored([node]), worlds)
        return lines, ended and over

    def _may(self, test: ast.expr, world: World, holds: bool) -> bool:
        """Whether a test may come out so in a world."""
        return truth(test, [world], self.facts) in (None, holds)

    def _else(
        self, statements: list[ast.stmt], worlds: list[World], shift: int, column: int
    ) -> tuple[Lines, bool]:
        if not statements:
            return [], False
        deeper = statements[0].col_offset - column
        done = self._with_comments_above(self.program.first_line(statements[0]) - 1)
        made, ended = self._block(statements, worlds, shift + deeper - INDENT, done)
        return ([" " * (column - shift) + "else:", *made], ended) if made else ([], False)

    def _with_comments_above(self, done: int) -> int:
        while self.program.lines[done - 1].lstrip().startswith("#"):
            done -= 1
        return done

    def _branch(
        self, statements: list[ast.stmt], worlds: list[World], shift: int, done: int
    ) -> tuple[Lines, bool]:
        made, ended = self._block(statements, worlds, shift, done)
        if not made:
            made = [" " * (statements[0].col_offset - shift) + "pass"]
        return made, ended

    def _is_elif(self, node: ast.If) -> bool:
        match node.orelse:
            case [ast.If() as inner]:
                return self._header(inner).startswith("elif")
        return False

    def _header(self, node: ast.stmt) -> str:
        return self.program.lines[node.lineno - 1].lstrip()

    def _compound(
        self, node: ast.With | ast.AsyncWith, worlds: list[World], shift: int,
        parts: list[ast.expr],
    ) -> tuple[Lines, bool]:  # fmt: skip
        text = self._spliced(node, parts, worlds, node.body[0])
        self._forget(stored([item.optional_vars for item in node.items
                             if item.optional_vars is not None]), worlds)  # fmt: skip
        lines, ended = self._branch(node.body, worlds, shift, self.program.header_end(node))
        return [*self._headed(node, text, worlds, shift), *lines], ended

    def _loop(
        self, node: ast.For | ast.While, worlds: list[World], shift: int
    ) -> tuple[Lines, bool]:
        part = node.iter if isinstance(node, ast.For) else node.test
        text = self._spliced(node, [part], worlds, node.body[0])
        inside = self._each(node, worlds) if isinstance(node, ast.For) else None
        self._forget(stored([node]), worlds)
        if inside is None:
            inside = worlds
        else:
            self._forget(stored(node.body), inside)
        lines, _ = self._branch(node.body, inside, shift, self.program.header_end(node))
        lines = [*self._headed(node, text, worlds, shift), *lines]
        if node.orelse:
            more, _ = self._else(node.orelse, worlds, shift, node.col_offset)
            lines += more
        return lines, False

    def _each(self, node: ast.For, worlds: list[World]) -> list[World] | None:
        """A world for each round of a loop over what is known."""
        if not isinstance(node.target, ast.Name):
            return None
        found: list[World] = []
        for world in worlds:
            try:
                items = value(node.iter, world, self.facts)
            except Unknown:
                return None
            if not isinstance(items, tuple):
                return None
            found += [{**world, node.target.id: item} for item in items]
        return found or None

    def _nested(self, node: ast.FunctionDef, worlds: list[World], shift: int) -> Lines:
        inner = self._narrowed(node, worlds)
        end = self.program.header_end(node)
        header = dedented(self.program.lines[self.program.first_line(node) - 1 : end], shift)
        lines, _ = self._branch(node.body, inner, shift, end)
        return [*header, *lines]

    def _raw(self, node: ast.stmt, shift: int) -> Lines:
        first, last = self.program.first_line(node), node.end_lineno or node.lineno
        return dedented(self.program.lines[first - 1 : last], shift)

    def _edited(self, node: ast.stmt, worlds: list[World], shift: int) -> Lines:
        """A simple statement with what is folded in it."""
        parts = [part for part in children(node) if isinstance(part, ast.expr)]
        text = self.program.spliced(node, [(part, self.expression(part, worlds)) for part in parts])
        if text == self.program.segment(node):
            return self._raw(node, shift)
        return laid(text + self._trailing(node), node.col_offset - shift, node.col_offset)

    def _tested(self, node: ast.If, word: str, test: str, shift: int) -> Lines:
        """The header of an `if` with another test, as ruff breaks it where it is long."""
        column = node.col_offset - shift
        lines = laid(f"{word} {test}:", column, column)
        match ast.parse(f"({test})", mode="eval").body:
            case ast.BoolOp(op=op, values=parts) if max(map(len, lines)) > WIDTH or len(lines) > 1:
                again = SourceFile(f"({test})")
                joint = "or " if isinstance(op, ast.Or) else "and "
                texts = [parenthesised(again.segment(part)) if isinstance(part, ast.BoolOp) else
                         again.segment(part) for part in parts]  # fmt: skip
                rows = [laid(f"{joint if n else ''}{' '.join(text.split())}", column + INDENT,
                             column + INDENT) for n, text in enumerate(texts)]  # fmt: skip
                space = " " * column
                return [f"{space}{word} (", *(line for row in rows for line in row), f"{space}):"]
        return lines

    def _headed(self, node: ast.stmt, text: str, worlds: list[World], shift: int) -> Lines:
        """The header of a compound statement. text: of it, without its colon"""
        end = self.program.header_end(node)
        own = self.program.lines[node.lineno - 1 : end]
        before = "\n".join(own).strip()
        if before.startswith(f"{text}:"):
            return dedented(own, shift)
        comment = before.rpartition(":")[2] if ":" in before else ""
        comment = comment if comment.lstrip().startswith("#") else ""
        return laid(f"{text}:{comment}", node.col_offset - shift, node.col_offset)

    def _spliced(
        self, node: ast.stmt, parts: list[ast.expr], worlds: list[World], below: ast.stmt
    ) -> str:
        """The text of a header, without its colon."""
        begin, _ = self.program.span(node)
        text, done = "", begin
        for part in parts:
            first, last = self.program.span(part)
            text += self.program.text[done:first] + self.expression(part, worlds)
            done = last
        rest = self.program.text[done : self.program.span(below)[0]]
        return text + rest.partition(":")[0].rstrip()

    def _forget(self, names: list[str], worlds: list[World]) -> None:
        for name in names:
            self._literals.discard(name)
            for world in worlds:
                world[name] = HIDDEN


def _returned(statement: ast.stmt, following: list[ast.stmt]) -> ast.expr | None:
    """What a statement names, where the one below returns just that."""
    match statement, following:
        case (
            ast.Assign(targets=[ast.Name(id=name)], value=given)
            | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as given),
            [ast.Return(value=ast.Name(id=back))],
        ) if name == back:
            return given
    return None


def _attributes_of(node: Function) -> dict[str, str]:
    """Local names that become attributes of `self` as they are -> those attributes."""
    found: dict[str, str] = {}
    for one in node.body:
        match one:
            case ast.Assign(
                targets=[ast.Attribute(value=ast.Name(id="self"), attr=attribute)],
                value=ast.Name(id=name),
            ):
                found[name] = attribute
    return found
