"""A folded function gives what the whole one gives, in every world that it was folded for."""

from __future__ import annotations

import ast
import itertools
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from archdsl.exporters.specialise.expressions import Rules
from archdsl.exporters.specialise.fold import Fold
from archdsl.exporters.specialise.known import Facts, World
from archdsl.exporters.specialise.source_file import SourceFile

KNOWN, FREE, LOCAL = ("k", "m"), ("a", "b"), ("x", "y")

names = st.sampled_from((*KNOWN, *FREE, *LOCAL))
atoms = st.one_of(names, st.sampled_from(("0", "1", "2", "None", "True", "False")))


def _tests(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    compared = st.tuples(names, st.sampled_from(("==", "!=", "is", "is not")), names)
    either = st.tuples(inner, st.sampled_from(("and", "or")), inner)
    return st.one_of(
        compared.map(" ".join),
        either.map(lambda parts: f"({parts[0]}) {parts[1]} ({parts[2]})"),
        inner.map(lambda one: f"not ({one})"),
    )


tests = st.recursive(
    st.one_of(
        names,
        names.map("{} is None".format),
        st.tuples(names, atoms).map("{0[0]} == {0[1]}".format),
    ),
    _tests,
    max_leaves=4,
)  # fmt: skip
values = st.one_of(
    atoms,
    st.tuples(atoms, tests, atoms).map("{0[0]} if {0[1]} else {0[2]}".format),
    st.tuples(names, tests).map("({0[0]}, {0[1]})".format),
    tests,
    names.map("[{} for _ in range(2)]".format),
    names.map("(lambda: {})()".format),
    names.map("(lambda k: (k, x))({})".format),
)


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _blocks(inner: st.SearchStrategy[list[str]]) -> st.SearchStrategy[list[str]]:
    def branch(parts: tuple[str, list[str], list[str] | None]) -> list[str]:
        test, body, other = parts
        lines = [f"if {test}:", *_indented(body)]
        return lines if other is None else [*lines, "else:", *_indented(other)]

    def ladder(parts: tuple[str, list[str], str, list[str], list[str]]) -> list[str]:
        one, body, two, more, rest = parts
        return [f"if {one}:", *_indented(body), f"elif {two}:", *_indented(more), "else:",
                *_indented(rest)]  # fmt: skip

    def loop(body: list[str]) -> list[str]:
        return ["for _ in range(2):", *_indented(body)]

    def comment(body: list[str]) -> list[str]:
        return ["# of what is below", *body, ""]

    several = st.lists(inner, min_size=1, max_size=3).map(
        lambda many: [line for one in many for line in one]
    )
    return st.one_of(
        several, inner.map(loop), inner.map(comment),
        st.tuples(tests, several, st.none() | several).map(branch),
        st.tuples(tests, inner, tests, inner, inner).map(ladder),
    )  # fmt: skip


statements = st.recursive(
    st.one_of(
        st.tuples(st.sampled_from((*LOCAL, *KNOWN)), values).map(
            lambda parts: [f"{parts[0]} = {parts[1]}"]
        ),
        values.map(lambda value: [f"told.append({value})"]),
        values.map(lambda value: [f"return {value}"]),
    ),
    _blocks,
    max_leaves=8,
)
constants = st.sampled_from((None, True, False, 0, 1, 2))
worlds = st.lists(st.tuples(constants, constants), min_size=1, max_size=3)


def _source(body: list[str]) -> str:
    header = f"def f(told, {', '.join((*KNOWN, *FREE))}):"
    return "\n".join([header, *_indented(["x = a", "y = k", *body, "return (x, y)"])]) + "\n"


def _outcome(text: str, known: tuple[Any, ...], free: tuple[Any, ...]) -> Any:
    names: dict[str, Any] = {}
    exec(compile(text, "f.py", "exec"), names)
    told: list[Any] = []
    return repr((names["f"](told, *known, *free), told))


@settings(deadline=None, max_examples=400)
@given(statements, worlds)
def test_a_folded_function_does_the_same_in_each_of_its_worlds(
    body: list[str], known: list[tuple[Any, ...]]
) -> None:
    text = _source(body)
    program = SourceFile(text)
    node = program.functions["f"]
    here: list[World] = [dict(zip(KNOWN, one, strict=True)) for one in known]
    lines = Fold(program, node, here, Facts({}), Rules()).body()
    folded = "\n".join([program.lines[0], *lines]) + "\n"
    ast.parse(folded)
    for world in known:
        for free in itertools.product((None, 0, 1), repeat=len(FREE)):
            assert _outcome(folded, world, free) == _outcome(text, world, free), folded


def test_something_is_folded() -> None:
    text = _source(["if k is None:", "    x = 1", "else:", "    x = b"])
    program = SourceFile(text)
    worlds: list[World] = [{"k": None, "m": 1}, {"k": None, "m": 2}]
    lines = Fold(program, program.functions["f"], worlds, Facts({}), Rules()).body()
    assert "\n".join(lines) == "    x = a\n    y = k\n    x = 1\n    return (1, y)"
