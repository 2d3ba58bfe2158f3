"""The strict reader: what it takes, what it refuses, and where it says the mistake is."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from archdsl.errors import SpecError
from archdsl.language.nodes import Mapping, Node, Scalar, Sequence, plain
from archdsl.language.yaml import MAX_DEPTH, MAX_VALUES, read


def value(text: str) -> object:
    """The plain value of a one-key text."""
    tree = plain(read(f"a: {text}\n", "f.yaml"))
    assert isinstance(tree, dict)
    return tree["a"]


def refusal(text: str) -> str:
    with pytest.raises(SpecError) as caught:
        read(text, "f.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", 1),
        ("010", 10),
        ("-3", -3),
        ("+3", 3),
        ("0x1F", 31),
        ("0o17", 15),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1.", 1.0),
        ("1e-6", 1e-6),
        ("1E+3", 1000.0),
        ("-0.0", -0.0),
        ("true", True),
        ("FALSE", False),
        ("none", None),
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("Off", "Off"),
        ("gelu", "gelu"),
        ("2G", "2G"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("2024-01-01", "2024-01-01"),
        ("0b11", "0b11"),
        ("٣", "٣"),
        ("=", "="),
        ('"none"', "none"),
        ("'1'", "1"),
        ('"\\u00e9\\n"', "é\n"),
        ("'it''s'", "it's"),
        ("$(w + 16) // 2", "$(w + 16) // 2"),
        ("a b\n  c", "a b c"),
        ("|\n  one\n  two\n", "one\ntwo\n"),
        (">-\n  one\n  two\n", "one two"),
        ("[1, two, [3.0]]", [1, "two", [3.0]]),
        ("{b: 1, c.d: [none]}", {"b": 1, "c.d": [None]}),
        ("{datamodule: pkg.module:Class}", {"datamodule": "pkg.module:Class"}),
        ("  # a comment\n  - 1\n  - b: 2\n    c: 3", [1, {"b": 2, "c": 3}]),
        ("[]", []),
        ("{}", {}),
    ],
)
def test_a_value_reads_as_the_core_schema_has_it(text: str, expected: object) -> None:
    read_value = value(text)
    assert repr(read_value) == repr(expected)


def test_line_ends_of_every_system_read_alike() -> None:
    unix = read("a: 1\nb:\n  - x\n", "f.yaml")
    for line_end in ("\r\n", "\r"):
        other = read(f"a: 1{line_end}b:{line_end}  - x{line_end}", "f.yaml")
        assert places(other) == places(unix)


def test_one_document_may_be_framed() -> None:
    assert plain(read("---\na: 1\n...\n", "f.yaml")) == {"a": 1}


def test_every_node_and_key_knows_its_place() -> None:
    tree = read("é: {type: conv, kernel: 3}\nlist:\n  - 'x y'\n  - b: [1,\n      2]\n", "f.yaml")
    assert place(tree.get("é")) == (1, 4, 23)
    inner = tree.get("é")
    assert isinstance(inner, Mapping)
    mark = inner.marks["kernel"]
    assert (mark.line, mark.column, mark.width) == (1, 17, 6)
    assert place(inner.get("kernel")) == (1, 25, 1)
    items = tree.get("list")
    assert isinstance(items, Sequence)
    assert place(items) == (3, 3, 1)
    assert place(items.items[0]) == (3, 5, 5)
    assert place(items.items[1]) == (4, 5, 1)
    second = items.items[1]
    assert isinstance(second, Mapping)
    assert place(second.get("b")) == (4, 8, 3)


def test_a_scalar_keeps_its_text_and_its_quotes() -> None:
    tree = read("a: 1e-5\nb: '1e-5'\n", "f.yaml")
    a, b = tree.get("a"), tree.get("b")
    assert isinstance(a, Scalar) and isinstance(b, Scalar)
    assert (a.value, a.text, a.quoted) == (1e-5, "1e-5", False)
    assert (b.value, b.text, b.quoted) == ("1e-5", "1e-5", True)


def test_an_alias_is_refused_where_it_stands() -> None:
    text = "block:\n  norm: &base {type: layer_norm}\nstages:\n  - norm: *base\n"
    assert refusal(text) == (
        "f.yaml:4:11: YAML aliases are not part of archdsl; "
        "name the value under params: and write $base\n"
        "    4 |   - norm: *base\n"
        "      |           ^^^^^"
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "f.yaml:1:1: there is nothing in it"),
        ("# only a comment\n", "f.yaml:1:1: there is nothing in it"),
        ("---\n", "f.yaml:1:1: there is nothing in it"),
        ("word", "f.yaml:1:1: a spec is a mapping, and this is a single value"),
        ("- a", "f.yaml:1:1: a spec is a mapping, and this is a list"),
        ("a: 1\n---\nb: 1", "f.yaml:2:1: a spec is one document, and a second one begins here"),
        ("%YAML 1.2\n---\na: 1", "f.yaml:1:1: YAML directives are not part of archdsl"),
        ("%OTHER\n---\na: 1", "f.yaml:1:1: YAML directives are not part of archdsl"),
        ("a: !!int 3", "f.yaml:1:4: YAML tags are not part of archdsl"),
        ("a: ! 3", "f.yaml:1:4: YAML tags are not part of archdsl"),
        ("a: &x !choice [1]", "f.yaml:1:7: YAML tags are not part of archdsl"),
        ("a: !e!x 3", "f.yaml:1:4: YAML tags are not part of archdsl"),
        (
            "a: &my-base 3",
            "f.yaml:1:4: YAML anchors are not part of archdsl; "
            "name the value under params: and write $my_base",
        ),
        ("a: {<<: {b: 1}}", "f.yaml:1:5: a: YAML merge keys are not part of archdsl"),
        ("a: 1\nb: 2\na: 3", "f.yaml:3:1: the key 'a' is written twice, on lines 1 and 3"),
        ("a: {b: 1, b: 2}", "f.yaml:1:11: a: the key 'b' is written twice, both times on line 1"),
        ("a:\n  - 1: x", "f.yaml:2:5: a.0: a key must be a word, and 1 is none"),
        ("true: x", "f.yaml:1:1: a key must be a word, and true is none"),
        ("none: x", "f.yaml:1:1: a key must be a word, and none is none"),
        ("null: x", "f.yaml:1:1: a key must be a word, and null is none"),
        (": x", "f.yaml:1:1: a key is missing before this ':'"),
        ("'': x", "f.yaml:1:1: a key is missing here"),
        ('"a\\nb": x', "f.yaml:1:1: a key must be a word on one line"),
        ("[a]: x", "f.yaml:1:1: a key must be a word, not a list"),
        ("a: {{b: 1}: x}", "f.yaml:1:5: a: a key must be a word, not a mapping"),
        ("? [a]\n: x", "f.yaml:1:3: a key must be a word, not a list"),
        ("a:\nb: 1", "f.yaml:1:1: a: a value is missing"),
        ("a:\n  - 1\n  -\n", "f.yaml:3:3: a.1: a value is missing"),
        ("a: {b}", "f.yaml:1:5: a.b: a value is missing"),
        ("a: null", "f.yaml:1:4: a: null is no word of archdsl"),
        ("a: ~", "f.yaml:1:4: a: ~ is no word of archdsl"),
        ("a: None", "f.yaml:1:4: a: None is no word of archdsl"),
        ("a: -.inf", "f.yaml:1:4: a: -.inf is no number that a spec can hold"),
        ("a: .NaN", "f.yaml:1:4: a: .NaN is no number that a spec can hold"),
        ("a: 1e999", "f.yaml:1:4: a: 1e999 is too large a number"),
        ("a: " + "9" * 5000, "f.yaml:1:4: a: a number of 5000 characters"),
        ("a: 0x" + "f" * 5000, "f.yaml:1:4: a: a number of 5002 characters"),
        ("a:\n\tb: 1", "f.yaml:2:1: a tab cannot stand here"),
        ("a:\t1", "f.yaml:1:3: a tab cannot stand here"),
        ("a: 1\t# x", "f.yaml:1:5: a tab cannot stand here"),
        ("a: |\t\n  x", "f.yaml:1:5: a tab cannot stand here"),
        ("a: [1, 2", "f.yaml:1:4: this [ is never closed"),
        ("a: {b: 1", "f.yaml:1:4: this { is never closed"),
        ("a: [1, 2}", "f.yaml:1:9: expected ',' or ']' here"),
        ("a: {b: 1 c: 2}", "f.yaml:1:11: expected ',' or '}' here"),
        ("a: [,]", "f.yaml:1:5: a value is missing here"),
        ("a: 'x", "f.yaml:1:4: this quote is never closed"),
        ('a: "x\n', "f.yaml:1:4: this quote is never closed"),
        (
            'a: "\\d"',
            "f.yaml:1:6: a backslash in double quotes begins an escape, and this is none",
        ),
        (
            'a: "\\U00110000"',
            "f.yaml:1:7: a backslash in double quotes begins an escape, and this is none",
        ),
        ('a: "\\ud800"', "f.yaml:1:4: half of a surrogate pair is no character"),
        ("a: @x", "f.yaml:1:4: a value cannot begin with '@'"),
        ("a: * 2", "f.yaml:1:4: a value cannot begin with '*'"),
        ("a: b: c", "f.yaml:1:5: a ': ' that belongs to no key"),
        ("a: 1\n  b: 2", "f.yaml:2:4: a ': ' that belongs to no key"),
        ("a: - b", "f.yaml:1:4: a list cannot begin in the middle of a line"),
        ("a: ? b", "f.yaml:1:4: a '? ' cannot stand here"),
        (
            "a:\n    b: 1\n  c: 2",
            "f.yaml:3:3: this line fits neither the lines above it nor their indentation",
        ),
        (
            "a:\n  - 1\n  b: 2",
            "f.yaml:3:3: this line fits neither the lines above it nor their indentation",
        ),
        ("a: 1\nfoo\nb: 2", "f.yaml:2:1: expected a key with ': ' after it"),
        ("a: 'x' y", "f.yaml:1:8: the value has ended before this"),
        ("{a: 1} b", "f.yaml:1:8: nothing can follow the end of the document"),
        (
            "a: [x?y]",
            "f.yaml:1:6: '?' cannot stand in an unquoted value inside [] or {}",
        ),
        (
            "a: |x\n  b",
            "f.yaml:1:5: nothing but a comment can follow the | or > of a block of text",
        ),
        ("a: 1\nb: \x01", "f.yaml:2:4: the character U+0001 cannot stand in a spec"),
        ("a: b\u2028", "f.yaml:1:5: the character U+2028 cannot stand in a spec"),
        ("a: \ufeff1", "f.yaml:1:4: the character U+FEFF cannot stand in a spec"),
        ("\ufeff\ufeffa: 1", "f.yaml:1:1: the character U+FEFF cannot stand in a spec"),
        ("a: '\ud800'", "f.yaml:1:5: the character U+D800 cannot stand in a spec"),
    ],
)
def test_what_is_not_in_the_subset_is_refused_with_its_place(text: str, line: str) -> None:
    assert refusal(text).splitlines()[0] == line


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\n",
        "a: '!!int 3'",
        "a: {b: 1}",
        "a: 1\nb: 2\nc: 3",
        "'1': x",
        "'true': x",
        "'none': x",
        "'[a]': x",
        "a: 'null'",
        "a: '.inf'",
        "a: 1e99",
        "a: '\t'",
        "a: 1 #\t\t",
        "a: |\n  x\ty",
        "a: [1, 2]",
        "a: [1, 2, ]",
        'a: "\\\\d"',
        "a: 'b: c'",
        "a: why?",
        "a: ['x?y']",
        "a: |  # a comment\n  b",
        "a: '@x'",
        "a: $x * 2",
    ],
)
def test_the_nearest_good_neighbour_reads(text: str) -> None:
    read(text, "f.yaml")


def test_the_cure_stands_below_the_place() -> None:
    assert refusal("block:\n  norm: ~\n") == (
        "f.yaml:2:9: block.norm: ~ is no word of archdsl\n"
        "    2 |   norm: ~\n"
        "      |         ^\n"
        "  for an absent part write  none"
    )


def test_an_open_bracket_is_named_where_a_later_line_fails() -> None:
    assert refusal("a: 1\nb: [1,\nc: 2\nd: 3\n").splitlines()[-1] == (
        "  the bracket of line 2 is still open"
    )


def test_a_bomb_of_aliases_is_refused_at_the_first_of_them() -> None:
    rows = [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 30)]
    assert refusal("a0: &a0 [lol]\n" + "\n".join(rows)).startswith("f.yaml:2:10: YAML aliases")


def test_a_mapping_that_contains_itself_is_refused() -> None:
    assert "YAML aliases" in refusal("a: &a {b: *a}")


@pytest.mark.parametrize("bracket", ["[", "{a: ", "- ", "? "])
def test_deep_nests_are_refused(bracket: str) -> None:
    if bracket == "? ":
        assert "a key must be a word" in refusal(bracket * 10_000)
    else:
        prefix = "" if bracket == "- " else "a: "
        assert f"nested more than {MAX_DEPTH} deep" in refusal(prefix + bracket * 10_000)
    depth = MAX_DEPTH - 1
    read("a: " + "[" * depth + "]" * depth, "f.yaml")


def test_too_many_values_are_refused() -> None:
    read("a: [" + "1, " * (MAX_VALUES - 3) + "]", "f.yaml")
    assert f"at most {MAX_VALUES:,} values" in refusal("a: [" + "1, " * MAX_VALUES + "]")


def test_a_long_line_is_shown_only_around_the_mistake() -> None:
    message = refusal("a: [" + "1, " * 5000 + "null, " + "2, " * 5000 + "]")
    assert max(map(len, message.splitlines())) < 140
    shown, carets = message.splitlines()[1:3]
    assert shown[carets.index("^") :].startswith("null")


# Either of PyYAML's parsers


def place(node: Node | None) -> tuple[int, int, int]:
    assert node is not None and node.mark is not None
    return (node.mark.line, node.mark.column, node.mark.width)


def places(node: Node) -> object:
    """Everything that a tree knows, comparable."""
    match node:
        case Scalar():
            return (repr(node.value), node.text, node.quoted, place(node))
        case Sequence():
            return (place(node), [places(item) for item in node.items])
        case Mapping():
            keys = [(k, m.line, m.column, m.width) for k, m in node.marks.items()]
            return (place(node), keys, [places(inner) for inner in node.items.values()])


def outcome(text: str) -> object:
    try:
        return places(read(text, "f.yaml"))
    except SpecError as error:
        return str(error)


PIECES = ["a", "key", "1", "none", " ", "  ", "\n", "\n  ", "\n- ", "- ", "-", ": ", ":", "[", "]"]
PIECES += [
    "{",
    "}",
    ", ",
    ",",
    "'",
    '"',
    "#",
    " # c",
    "|",
    ">",
    "|-",
    "?",
    "? ",
    "*",
    "&",
    "!",
    "%",
]
PIECES += [
    "@",
    "\t",
    "\\",
    "...",
    "---",
    "\n---\n",
    "<<",
    "$w * 2",
    "é",
    "\r\n",
    "~",
    "a: ",
    "\xa0",
]


@pytest.mark.skipif(not yaml.__with_libyaml__, reason="PyYAML was built without its C parser")
@given(
    st.lists(st.sampled_from(PIECES), max_size=14).map("".join), st.sampled_from(["", "a: 1\nb: "])
)
@example("", "a:\t1")
@example("|#", "a: 1\nb: ")
def test_both_parsers_of_pyyaml_give_the_same_tree_or_the_same_words(end: str, start: str) -> None:
    fast = outcome(start + end)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml, "__with_libyaml__", False)
        assert outcome(start + end) == fast


@given(st.text(max_size=60))
def test_no_text_makes_anything_but_a_tree_or_a_spec_error(text: str) -> None:
    outcome(text)
