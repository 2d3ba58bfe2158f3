"""Layers that stand in each other: the same calls in the same order, and the same result."""

from __future__ import annotations

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.exporters.layout import WIDTH
from archdsl.exporters.specialise.composed import composed

NAMES = st.sampled_from("xyz")


class Said:
    """A number that says what is done with it."""

    def __init__(self, text: str, log: list[str]) -> None:
        self.text, self.log = text, log

    def __add__(self, other: Said) -> Said:
        return self._made(f"({self.text} + {other.text})")

    def m(self, other: Said | None = None) -> Said:
        return self._made(f"{self.text}.m({'' if other is None else other.text})")

    def _made(self, text: str) -> Said:
        self.log.append(text)
        return Said(text, self.log)


class Layers:
    def __init__(self, log: list[str]) -> None:
        self.log = log

    def a(self, *given: Said) -> Said:
        made = f"a({', '.join(one.text for one in given)})"
        self.log.append(made)
        return Said(made, self.log)

    b = a


@st.composite
def statements(draw: st.DrawFn) -> str:
    one, other, third = (draw(NAMES) for _ in range(3))
    return draw(
        st.sampled_from([
            f"{one} = self.a({other})",
            f"{one} = self.b({other}, {third})",
            f"{one} = self.a({other})  # why",
            f"{one} = {other} + self.a({third})",
            f"{one} = {other} + {third}",
            f"{one} = {other}.m()",
            f"{one} = {other}.m({third})",
            f"{one} = {other}",
            f"{one} = self.a({other}) if {third} is None else {third}",
            f"if {one} is not None:\n    {other} = self.a({third})\n    {other} = self.b({other})",
            f"for _ in range(2):\n    {one} = self.a({other})\n    {third} = self.b({one})",
            f"{one} = [self.a({one}) for _ in range(2)][0]",
        ])
    )  # fmt: skip


def done(body: str) -> tuple[str, list[str]]:
    log: list[str] = []
    names: dict[str, object] = {}
    exec(f"def forward(self, x, y, z):\n{textwrap.indent(body, '    ')}", names)
    given = [Said(name, log) for name in "xyz"]
    result = names["forward"](Layers(log), *given)  # type: ignore[operator]
    return result.text, log


@given(st.lists(statements(), min_size=1, max_size=7), NAMES)
def test_the_same_calls_in_the_same_order(lines: list[str], name: str) -> None:
    body = "\n".join([*lines, f"return {name}.m()"])
    text = f"def forward(self, x, y, z):\n{textwrap.indent(body, '    ')}\n"
    made = composed(text)
    inside = textwrap.dedent(made.partition("\n")[2])
    assert done(inside) == done(body)
    assert done(composed(body, whole=True)) == done(body)
    assert made.count("# why") == text.count("# why")
    assert max(map(len, made.split("\n"))) <= WIDTH


BRANCH = """\
def forward(self, x):
    y = self.norm(x)
    y = self.mixer(y)
    y = self.scale(y)
    x = x + self.drop_path(y)
    y = self.act(x)
    return x + y
"""


def test_a_branch_is_one_line() -> None:
    assert composed(BRANCH) == (
        "def forward(self, x):\n"
        "    x = x + self.drop_path(self.scale(self.mixer(self.norm(x))))\n"
        "    return x + self.act(x)\n"
    )


@pytest.mark.parametrize(
    "stays",
    [
        "y = self.norm(x)  # of each position\nreturn self.mixer(y)",
        "y = self.norm(x)\nz = self.mixer(y)\nreturn z + y",
        "y = self.norm(x)\nreturn self.mixer(y, y)",
        "y = self.norm(x)\nreturn self.mixer(x) + self.scale(y)",  # another call came before it
        "y = self.norm(x)\nreturn [self.mixer(y) for _ in range(2)]",
        "y = self.norm(x)\nreturn self.mixer(y) if self.mixes else x",
        "y = self.norm(x)\n# and then\nreturn self.mixer(y)",
        "y = x.permute(0, 2, 3, 1)\nreturn self.mixer(self.norm(self.linear(y)))",
        f"y = self.norm(x)\nreturn self.mixer(y, {'wide' * 20}, long)",
    ],
)
def test_what_reads_better_by_itself_stays(stays: str) -> None:
    text = f"def forward(self, x):\n{textwrap.indent(stays, '    ')}\n"
    assert composed(text) == text
