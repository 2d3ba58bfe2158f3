"""What `list`, `show`, `count` and `diff` print fits the terminal, and no word is ever cut."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

import archdsl
from archdsl import shipped
from archdsl.amounts import bounded
from archdsl.cli.cost_rows import CostRow, counted_rows
from archdsl.components import registry
from archdsl.views.fitted import fitted, wrapped
from tests.soon import SMALLEST, soon

LISTS = ["", "keys", "specs", "baselines", "recipes", *registry.KINDS]
EXAMPLES = sorted(shipped.folder().parent.glob("examples/**/*.yaml"))


def words(text: str) -> set[str]:
    return {word for line in text.splitlines() for word in line.split()}


def held(run, monkeypatch, *line: object) -> None:
    """At 80 columns every line fits; at 40 one may be longer, of one word; no word is lost."""
    printed = {}
    for columns in (1_000, 80, 40):
        monkeypatch.setenv("COLUMNS", str(columns))
        printed[columns] = run(*line).out
    assert max(map(len, printed[80].splitlines())) <= 80
    assert all(
        len(each) <= 40 or len(each.split()) == 1 or each.split()[1].startswith("×")
        for each in printed[40].splitlines()
    )
    assert words(printed[1_000]) <= words(printed[80]) | {"-"}
    assert words(printed[80]) - words(printed[40]) <= {
        "address",
        "name",
        "key",
    }  # the first heading needs no saying


@pytest.mark.parametrize("kind", LISTS)
def test_a_list_fits(run, monkeypatch, kind):
    held(run, monkeypatch, "list", *kind.split())


@pytest.mark.parametrize(
    "name", soon([*shipped.names(), *EXAMPLES], {*SMALLEST, *shipped.names(shipped.SPACES)})
)
def test_what_show_draws_fits(run, monkeypatch, name):
    held(run, monkeypatch, "show", name)


@pytest.mark.parametrize("b", ["caformer_s18", "hybrid_search", "poolformer_s12"])
def test_what_diff_says_fits(run, monkeypatch, b):
    held(run, monkeypatch, "diff", "poolformer_s12", b)


@pytest.mark.parametrize("name", ["digits", "poolformer_s12", *EXAMPLES], ids=str)
def test_what_check_says_fits(run, monkeypatch, name):
    printed = {}
    for columns in (1_000, 80):
        monkeypatch.setenv("COLUMNS", str(columns))
        printed[columns] = run("check", name).out
    assert max(map(len, printed[80].splitlines())) <= 80
    assert words(printed[1_000]) == words(printed[80])


def rows_of(name: str, **how: bool) -> list[CostRow]:
    spec = archdsl.load(name)
    return counted_rows(spec.network(), archdsl.count(spec), **how)


@pytest.mark.parametrize("every", [False, True], ids=["folded", "all"])
@pytest.mark.parametrize("name", ["digits", "tiny"])
def test_what_count_prints_fits(run, monkeypatch, tiny, name, every):
    held(run, monkeypatch, "count", tiny if name == "tiny" else name, *["--all"][: int(every)])


@pytest.mark.slow
@pytest.mark.parametrize("name", shipped.names())
def test_what_count_prints_of_every_shipped_spec_fits(run, monkeypatch, name):
    for every in ([], ["--all"]):
        held(run, monkeypatch, "count", name, *every)


@pytest.mark.parametrize("every", [False, True], ids=["folded", "all"])
@pytest.mark.parametrize("name", ["poolformer_s12", "caformer_s18", "deit_tiny", "digits"])
def test_rows_add_up_to_their_stage_and_stages_to_the_whole(name, every):
    rows = rows_of(name, every=every)
    levels = {indent: [row for row in rows if row.indent == indent] for indent in (0, 2, 4)}
    cost = archdsl.count(name)
    for cost_name in bounded():
        combine = max if cost_name == "activations" else sum
        assert combine(row.amounts[cost_name] for row in levels[0]) == cost[cost_name]
        for outer, inner in ((0, 2), (2, 4)):
            for row, below in nested(rows, outer, inner):
                assert row.amounts[cost_name] == combine(each.amounts[cost_name] for each in below)


def nested(rows: list[CostRow], outer: int, inner: int) -> list[tuple[CostRow, list[CostRow]]]:
    """Each row of one level that has rows of the next, and those."""
    found: list[tuple[CostRow, list[CostRow]]] = []
    for row in rows:
        if row.indent == outer:
            found.append((row, []))
        elif row.indent == inner:
            found[-1][1].append(row)
    return [(row, below) for row, below in found if below]


def test_count_folds_equal_blocks_and_no_others():
    assert [row.name for row in rows_of("poolformer_s12", every=False) if "×" in row.name] == [
        f"stages.{stage}.blocks.0–{depth - 1}  ×{depth}" for stage, depth in enumerate((2, 2, 6, 2))
    ]
    mixed = archdsl.load(
        {
            "archdsl": 1,
            "extends": "poolformer_s12",
            "stages.1.runs": [{"depth": 1}, {"depth": 1, "token_mixer": "identity"}],
        }
    )
    rows = counted_rows(mixed.network(), archdsl.count(mixed), every=False)
    assert [row.name for row in rows if row.name.startswith("stages.1.blocks")] == [
        "stages.1.blocks.0", "stages.1.blocks.1",  # they cost the same, and are not the same
    ]  # fmt: skip


def test_count_all_has_a_row_for_every_module_that_costs():
    cost = archdsl.count("caformer_s18")
    seen, block = set(), ""
    for row in rows_of("caformer_s18", every=True):
        if row.indent == 4:
            seen.add(f"{block}.{row.name}")
        else:
            block = row.name
            seen.add(row.name)
    assert set(cost.by_address) <= seen


LETTERS = st.text("abcdefgh×", min_size=1, max_size=12)
CELLS = st.lists(LETTERS, min_size=1, max_size=6).map(" ".join)


@given(
    rows=st.integers(1, 5).flatmap(
        lambda many: st.lists(st.tuples(*[CELLS] * many), min_size=1, max_size=6)
    ),
    columns=st.integers(1, 100),
    heading=st.booleans(),
    data=st.data(),
)
def test_a_table_cuts_no_word_and_fits_where_its_words_do(rows, columns, heading, data):
    wraps = data.draw(st.sets(st.integers(0, len(rows[0]) - 1)).map(sorted))
    lines = fitted(rows, columns, wraps=wraps, heading=heading)
    shown = words("\n".join(lines))
    cells = {word for row in rows[heading:] for cell in row for word in cell.split()}
    assert cells <= shown
    firsts = max(len(row[0]) for row in rows)
    if columns >= max(firsts, 4 + max(map(len, cells), default=0) + 13):
        assert max(map(len, lines), default=0) <= columns


@given(text=CELLS, columns=st.integers(1, 60), indent=st.integers(0, 8))
def test_wrapped_text_has_its_words_in_order_and_lines_that_fit(text, columns, indent):
    lines = wrapped(text, columns, indent)
    assert " ".join(line.strip() for line in lines) == text
    for line in lines:
        assert len(line) <= columns or len(line.split()) == 1


def test_the_width_is_said_by_the_environment_and_is_eighty_in_a_pipe():
    program = "from archdsl.views.fitted import width; print(width())"
    without = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    for environment, columns in ((without, 80), ({**without, "COLUMNS": "57"}, 57)):
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True
        )
        assert int(done.stdout) == columns
