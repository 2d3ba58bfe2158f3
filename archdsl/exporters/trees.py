"""Syntax trees that are parsed once and walked many times. Nobody changes one."""

from __future__ import annotations

import ast
import functools

_CHILDREN, _BELOW = "_children", "_below"


@functools.lru_cache(maxsize=32)
def parsed(text: str) -> ast.Module:
    """The tree of a file. Raises SyntaxError."""
    return ast.parse(text)


def walk(node: ast.AST) -> list[ast.AST]:
    """A node and all below it, level by level as `ast.walk` gives them."""
    known: list[ast.AST] | None = vars(node).get(_BELOW)
    if known is None:
        known = [node]
        for one in known:  # it grows meanwhile
            known += children(one)
        vars(node)[_BELOW] = known
    return known


def children(node: ast.AST) -> list[ast.AST]:
    """The nodes right below one, as `ast.iter_child_nodes` gives them."""
    known: list[ast.AST] | None = vars(node).get(_CHILDREN)
    if known is None:
        known = vars(node)[_CHILDREN] = list(ast.iter_child_nodes(node))
    return known
