"""Expressions: a string that starts with `$`. Numbers, params, and `+ - * / // ( )`.

    $width * 5        $(w + 16) // 2        $ln

Arithmetic is exact (rationals inside); a result that is integral is an int, else a float.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TypeAlias

_TOKEN = re.compile(r"\s*(?:(\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)|([A-Za-z_]\w*)|(//|[-+*/()]))")
_MAX_LENGTH = 200
_MAX_BITS = 200  # a product of this size is a slip, and its digits would fill the screen

Exact: TypeAlias = "int | Fraction"
Tree: TypeAlias = "Exact | str | tuple[str, Tree, Tree]"


class ExpressionError(ValueError):
    """An expression that cannot be read or has no value; the text says why."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression.

    names: the params it uses, in order of first use; steps: its numbers, params and operators
    """

    text: str
    tree: Tree
    names: tuple[str, ...]
    steps: int

    @property
    def alone(self) -> str | None:
        """The param, where the expression is nothing but one."""
        return self.tree if isinstance(self.tree, str) else None

    def value(self, number: Callable[[str], int | float]) -> int | float:
        """The number it stands for; `number` gives a param's. Raises ExpressionError."""
        result = self._evaluate(self.tree, number)
        return int(result) if result.denominator == 1 else float(result)

    def _evaluate(self, tree: Tree, number: Callable[[str], int | float]) -> Exact:
        if isinstance(tree, (int, Fraction)):
            return tree
        if isinstance(tree, str):
            value = number(tree)
            return value if isinstance(value, int) else Fraction(str(value))
        operator, left, right = tree
        one, other = self._evaluate(left, number), self._evaluate(right, number)
        if operator in ("/", "//") and other == 0:
            raise ExpressionError(f"{self.text} divides by zero")
        result: Exact
        match operator:
            case "+":
                result = one + other
            case "-":
                result = one - other
            case "*":
                result = one * other
            case "/":
                result = Fraction(one) / other
            case _:
                result = one // other
        if result.numerator.bit_length() + result.denominator.bit_length() > _MAX_BITS:
            raise ExpressionError(f"{self.text} is too large a number")
        return result


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """Read an expression, the `$` included. Raises ExpressionError."""
    if len(text) > _MAX_LENGTH:
        raise ExpressionError(f"an expression is at most {_MAX_LENGTH} characters long")
    tokens = _tokens(text)
    tree, rest = _sum(tokens, 0, text)
    if rest != len(tokens):
        raise ExpressionError(f"'{tokens[rest]}' is not expected there in {text}")
    names = tuple(dict.fromkeys(t for t in tokens if t[0].isalpha() or t[0] == "_"))
    if not names:
        raise ExpressionError(f"{text} uses no param; write the number itself")
    return Expression(text, tree, names, len(tokens))


def _tokens(text: str) -> list[str]:
    tokens, at = [], 1
    body = text.rstrip()
    while at < len(body):
        found = _TOKEN.match(body, at)
        if found is None:
            stranger = body[at:].lstrip()[0]
            raise ExpressionError(
                f"'{stranger}' has no place in {text}; "
                "an expression has params, numbers and + - * / // ( )"
            )
        tokens.append(found[1] or found[2] or found[3])
        at = found.end()
    if not tokens:
        raise ExpressionError("a $ without a param")
    return tokens


def _number(token: str) -> Exact:
    number = Fraction(token)
    return int(number) if number.denominator == 1 else number


def _sum(tokens: list[str], at: int, text: str) -> tuple[Tree, int]:
    left, at = _product(tokens, at, text)
    while at < len(tokens) and tokens[at] in "+-":
        right, after = _product(tokens, at + 1, text)
        left, at = (tokens[at], left, right), after
    return left, at


def _product(tokens: list[str], at: int, text: str) -> tuple[Tree, int]:
    left, at = _atom(tokens, at, text)
    while at < len(tokens) and tokens[at] in ("*", "/", "//"):
        right, after = _atom(tokens, at + 1, text)
        left, at = (tokens[at], left, right), after
    return left, at


def _atom(tokens: list[str], at: int, text: str) -> tuple[Tree, int]:
    if at >= len(tokens):
        raise ExpressionError(f"{text} ends too early")
    token = tokens[at]
    if token == "-":
        inner, after = _atom(tokens, at + 1, text)
        return ("-", 0, inner), after
    if token == "(":
        inner, after = _sum(tokens, at + 1, text)
        if after >= len(tokens) or tokens[after] != ")":
            raise ExpressionError(f"a parenthesis is not closed in {text}")
        return inner, after + 1
    if token[0].isdigit():
        return _number(token), at + 1
    if token[0].isalpha() or token[0] == "_":
        return token, at + 1
    raise ExpressionError(f"'{token}' is not expected there in {text}")
