"""A logical line is laid out as `ruff format --line-length 100` lays it out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from archdsl.exporters.layout import arrange

LONG = "a" * 40


@pytest.mark.parametrize(
    "line",
    [
        "x = f(a, b)",
        "def f(a, *, b: int = 3) -> None:",
        f"def f(self, {LONG}, *, {LONG}: int = 3, c: str = 'a') -> None:".replace("'", '"'),
        f"def f(self, {LONG}, *, {LONG}: int = 3, {LONG}x: Callable[..., nn.Module]) -> int:",
        f"return Model([Block(r, partial(Norm, eps=1e-6), {LONG}) for r in {LONG} if r], 3)",
        f"return Model([one, {LONG}, {LONG}, {LONG}], ({LONG}, {LONG}, {LONG}), (3,), f(x)[1:2])",
        f"x = f({LONG}, key=lambda a, b: (a, b), other={LONG}, f=f'{{a(1, 2)}} {{b}}')".replace(
            "'", '"'
        ),
        f"x = [Block(a, {LONG}) for index, (a, b) in enumerate({LONG}, 1) if index]",
        "x = (a,)",
        "x = f(\n    a,\n    b,\n)",
        "x = f(\n    a, b\n)",
        "for x in (\n    1,\n    2,\n):",
    ],
)
def test_lines_are_as_ruff_leaves_them(line: str, tidy: Callable[..., None]) -> None:
    text = "\n".join(arrange(line))
    if text.endswith(":"):
        text += "\n    pass"
    tidy(f"{text}\n", lint=False)


@pytest.mark.parametrize("indent", [4, 8])
def test_an_indented_line_breaks_sooner(indent: int) -> None:
    line = f"f({'a' * (92 - indent)}, bbb)"
    assert len(arrange(line, indent)) == 1
    assert arrange(line.replace("bbb", "bbbbbb"), indent) == [
        f"{' ' * indent}f(",
        f"{' ' * (indent + 4)}{'a' * (92 - indent)},",
        f"{' ' * (indent + 4)}bbbbbb,",
        f"{' ' * indent})",
    ]


def test_comments_and_texts_of_several_lines_stay_where_they_were_put() -> None:
    line = "f(\n        a,  # first\n        b\n    )"
    assert arrange(line, 4) == ["    f(", "        a,  # first", "        b", "    )"]
    text = 'f("""\na""",\n   b)'
    assert arrange(text) == text.split("\n")
