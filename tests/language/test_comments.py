"""Comments survive reading: each is found once, in order, at the entry that it stands at."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import archdsl
from archdsl.language.comments import Around, Comments
from archdsl.language.flatten import flat
from archdsl.language.nodes import Mapping, Sequence
from archdsl.language.yaml import read, read_file

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = sorted([*ROOT.glob("specs/**/*.yaml"), *ROOT.glob("tests/broken/*.good.yaml")])


def texts(around: Around) -> dict[str, list[str]]:
    """The sorts of an entry that have comments."""
    sorts = {sort: getattr(around, sort) for sort in ("before", "inside", "behind", "after")}
    return {sort: [one.text for one in found] for sort, found in sorts.items() if found}


def of_key(text: str, *path: str) -> dict[str, list[str]]:
    """The comments at the key that a path leads to."""
    comments, node = Comments(), read(text, "f")
    for key in path[:-1]:
        node = node.items[key]  # type: ignore[assignment]
    assert isinstance(node, Mapping)
    return texts(comments.of_key(node, path[-1]))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_comment_of_a_shipped_spec_is_found_once_in_order(path: Path) -> None:
    tree = read_file(path)
    found = list(Comments().in_order(tree))
    lines = path.read_text(encoding="utf-8").splitlines()
    # No text of theirs has a # in it.
    expected = [
        (number, line.index("#") + 1, line[line.index("#") :])
        for number, line in enumerate(lines, start=1)
        if "#" in line
    ]
    assert [(one.mark.line, one.mark.column, one.text) for one in found] == expected
    assert {one.mark.source.name for one in found} <= {str(path)}


def test_there_are_comments_to_find() -> None:
    assert sum("#" in path.read_text(encoding="utf-8") for path in SHIPPED) > 10


def test_comments_stand_at_their_entries() -> None:
    text = """\
# of the file
archdsl: 1  # the version

# of the stages,
# in two lines
stages:  # from large to small
  # the first
  - dim: 8  # narrow
    # how many
    depth: 2
  - {dim: 16, depth: 2}  # wide
  # - {dim: 32, depth: 2}
# of the head
head: none
# the end
"""
    tree, comments = read(text, "f"), Comments()
    stages = tree.items["stages"]
    assert isinstance(stages, Sequence)
    first = stages.items[0]
    assert isinstance(first, Mapping)
    assert texts(comments.of_key(tree, "archdsl")) == {
        "before": ["# of the file"],
        "behind": ["# the version"],
    }
    assert texts(comments.of_key(tree, "stages")) == {
        "before": ["# of the stages,", "# in two lines"],
        "inside": ["# from large to small"],
    }
    assert texts(comments.of_item(stages, 0)) == {"before": ["# the first"]}
    assert texts(comments.of_key(first, "dim")) == {"behind": ["# narrow"]}
    assert texts(comments.of_key(first, "depth")) == {"before": ["# how many"]}
    assert texts(comments.of_item(stages, 1)) == {
        "behind": ["# wide"],
        "after": ["# - {dim: 32, depth: 2}"],
    }
    assert texts(comments.of_key(tree, "head")) == {
        "before": ["# of the head"],
        "after": ["# the end"],
    }


def test_comments_in_flow_style_stand_at_their_elements() -> None:
    text = """\
input: [  # as images are
  3,  # channels
  # then the sides
  32, 32
  # nothing else
]  # three of them
stem: {type: conv,  # one layer
  kernel: 3}
"""
    tree, comments = read(text, "f"), Comments()
    sides = tree.items["input"]
    assert isinstance(sides, Sequence)
    assert of_key(text, "input") == {
        "inside": ["# as images are"],
        "behind": ["# three of them"],
    }
    assert texts(comments.of_item(sides, 0)) == {"behind": ["# channels"]}
    assert texts(comments.of_item(sides, 1)) == {"before": ["# then the sides"]}
    assert texts(comments.of_item(sides, 2)) == {"after": ["# nothing else"]}
    assert of_key(text, "stem", "type") == {"behind": ["# one layer"]}
    assert of_key(text, "stem", "kernel") == {}


@pytest.mark.parametrize(
    "text",
    [
        'name: "a # b"\n',
        "name: 'a # b'\n",
        "name: a#b\n",
        'name: "a\n  # b"\n',
        "name: |\n  # b\n  c\n",
        "name: >-\n  a\n\n  # b\n",
        '"a # b": 1\n',
        "name: [a#b, 'c # d']\n",
    ],
)
def test_what_stands_in_a_text_is_no_comment(text: str) -> None:
    assert list(Comments().in_order(read(text, "f"))) == []
    beside = f"{text.rstrip()}\n# one\nclasses: 2  # two\n"
    if "|" in text or ">" in text:
        beside = f"{text.rstrip()}\nclasses: 2  # two\n# one\n"
    found = [one.text for one in Comments().in_order(read(beside, "f"))]
    assert sorted(found) == ["# one", "# two"]


@pytest.mark.parametrize("style", ["|", ">", "|-", ">+", "|2"])
def test_a_comment_behind_the_sign_of_a_block_of_text_is_one(style: str) -> None:
    text = f"name: {style}  # how\n  a # b\nclasses: 2\n"
    assert of_key(text, "name") == {"inside": ["# how"]}
    assert [one.text for one in Comments().in_order(read(text, "f"))] == ["# how"]


def test_a_comment_after_a_block_of_text_is_no_line_of_it() -> None:
    text = "name: |\n  a\n# of the classes\nclasses: 2\n"
    assert of_key(text, "classes") == {"before": ["# of the classes"]}
    assert read(text, "f").items["name"].value == "a\n"  # type: ignore[union-attr]


def test_a_comment_right_behind_a_quote_or_a_bracket_is_one() -> None:
    assert of_key("name: 'a'# b\n", "name") == {"behind": ["# b"]}
    assert of_key("input: [1, 2]# b\n", "input") == {"behind": ["# b"]}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", ""])
def test_the_ends_of_lines_are_no_part_of_a_comment(end: str) -> None:
    text = f"classes: 2  # two{end or ''}"
    assert of_key(text, "classes") == {"behind": ["# two"]}


def test_an_anchor_in_a_comment_is_no_anchor_and_its_comment_is_found() -> None:
    assert of_key("base: 2  # &base, as *base\n", "base") == {"behind": ["# &base, as *base"]}


def test_comments_of_a_parent_and_of_its_child_are_told_apart(tmp_path: Path) -> None:
    parent, child = tmp_path / "parent.yaml", tmp_path / "child.yaml"
    parent.write_text(
        "archdsl: 1\nstem: {type: conv, kernel: 3}  # the parent's\n# of the block\nblock:\n"
        "  token_mixer: pooling  # what mixes\nstages:\n  - {dim: 8, depth: 1}  # one\n"
    )
    child.write_text(
        "archdsl: 1\nextends: ./parent.yaml  # where it comes from\n"
        "# the child's\nclasses: 2\nstages.0.depth: 3  # more\n"
    )
    own, comments = read_file(child), Comments()
    assert texts(comments.of_key(own, "extends")) == {"behind": ["# where it comes from"]}
    assert texts(comments.of_key(own, "stages.0.depth")) == {"behind": ["# more"]}
    spec = archdsl.load(child)
    whole = flat(spec.document, spec.holes)
    assert texts(comments.of_key(whole, "classes")) == {"before": ["# the child's"]}
    assert texts(comments.of_key(whole, "stem")) == {"behind": ["# the parent's"]}
    assert texts(comments.of_key(whole, "block")) == {"before": ["# of the block"]}
    block, stages = whole.items["block"], whole.items["stages"]
    assert isinstance(block, Mapping) and isinstance(stages, Sequence)
    assert texts(comments.of_key(block, "token_mixer")) == {"behind": ["# what mixes"]}
    assert texts(comments.of_item(stages, 0)) == {"behind": ["# one"]}


def test_values_that_were_never_text_have_no_comments() -> None:
    tree = Mapping({"a": Sequence((Mapping({}),))})
    assert list(Comments().in_order(tree)) == []


WORDS = st.sampled_from(["# a", "#", "# 'b", '# "c', "# [d", "# e: {f", "#g #h", "# - i", "# |"])


@st.composite
def commented(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A text with comments wherever they can stand, and these in order."""
    lines: list[str] = []
    said: list[str] = []

    def above(indent: int) -> None:
        for words in draw(st.lists(WORDS, max_size=2)):
            lines.append(" " * indent + words)
            said.append(words)
            if draw(st.booleans()):
                lines.append("")

    def line(text: str) -> None:
        words = draw(st.one_of(st.none(), WORDS))
        lines.append(text if words is None else f"{text}  {words}")
        said.extend([] if words is None else [words])

    def value(indent: int, key: str, deep: int) -> None:
        form = draw(st.sampled_from(["scalar", "quoted", "flow", "list", "mapping"]))
        if deep >= 3 and form in ("list", "mapping"):
            form = "scalar"
        if form == "scalar":
            line(f"{key} x#y")
        elif form == "quoted":
            line(f"{key} {draw(st.sampled_from(['# z', ' #', 'a: #b']))!r}")
        elif form == "flow":
            line(f"{key} [")
            for name in ("1", "{k: 2}", "'# 3'"):
                above(draw(st.integers(0, 8)) + 1)
                line(f"{' ' * (indent + 2)}{name},")
            above(indent + 4)
            line(" " * (indent + 1) + "]")
        else:
            line(key)
            entries(indent + 2, form == "list", deep + 1)

    def entries(indent: int, is_list: bool, deep: int) -> None:
        for name in "abc"[: draw(st.integers(1, 3))]:
            above(indent)
            value(indent, " " * indent + ("-" if is_list else f"{name}:"), deep)
            above(indent + draw(st.integers(1, 3)))

    entries(0, False, 0)
    return "\n".join(lines) + draw(st.sampled_from(["\n", ""])), said


@given(commented(), st.booleans())
def test_every_comment_is_found_once_in_order_wherever_it_stands(
    made: tuple[str, list[str]], in_python: bool
) -> None:
    text, said = made
    if in_python:  # a text with a ? in it goes to the other parser
        text, said = f"{text.rstrip()}\n# ?\n", [*said, "# ?"]
    found = list(Comments().in_order(read(text, "f")))
    assert [one.text for one in found] == said
    lines = text.split("\n")
    for one in found:
        assert lines[one.mark.line - 1][one.mark.column - 1 :].rstrip() == one.text
        assert one.mark.width == len(one.text)
    places = [(one.mark.line, one.mark.column) for one in found]
    assert places == sorted(places)


def test_what_is_found_in_a_text_is_what_the_parser_passes_over() -> None:
    """Without its comments a text has the same values."""
    for path in SHIPPED:
        text = path.read_text(encoding="utf-8")
        lines = text.split("\n")
        for one in Comments().in_order(read(text, "f")):
            lines[one.mark.line - 1] = lines[one.mark.line - 1][: one.mark.column - 1]
        assert not any(re.search(r"(^|\s)#", line) for line in lines)
        assert yaml.safe_load("\n".join(lines)) == yaml.safe_load(text)
