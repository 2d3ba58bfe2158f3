"""A table that somebody else made is read row for row, or its fault is said with its place."""

from __future__ import annotations

import csv
import json
import random
import shlex
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import archdsl
from archdsl.errors import ArchError
from benchmarks import compare, export_answers
from benchmarks.answers import Answers, Columns
from benchmarks.from_answers import problems
from benchmarks.table import HERE, Table
from benchmarks.trained import FITS, trained, trained_once

SPEC = """\
archdsl: 1
name: few
input: [1, 8, 8]
classes: 10
params: {width: {choice: [8, 16]}}
stem: {type: conv, kernel: 3, stride: 2}
block: {token_mixer: {choice: [pooling, {type: sep_conv, kernel: {choice: [3, 5]}}]}, channel_mixer: mlp}
stages: [{dim: $width, depth: 1}]
head: linear
"""  # noqa: E501
MIXER, KERNEL = "block.token_mixer", "block.token_mixer.sep_conv.kernel"
HEADING = f"params.width,{MIXER},{KERNEL},accuracy"
ROWS = ["8,pooling,,0.1", "16,pooling,,0.2", "8,sep_conv,3,0.3", "8,sep_conv,5,0.4",
        "16,sep_conv,3,0.5", "16,sep_conv,5,0.6"]  # fmt: skip


@pytest.fixture(scope="module")
def few() -> archdsl.Space:
    return archdsl.space(archdsl.loads(SPEC))


@pytest.fixture
def read(few, tmp_path, monkeypatch) -> Callable[..., Answers]:
    """The table of lines, or of bytes, in a file `t.csv`."""
    monkeypatch.chdir(tmp_path)

    def reading(*lines: Any, metrics: tuple[str, ...] = ("accuracy",), **given: Any) -> Answers:
        content = lines[0] if isinstance(lines[0], bytes) else ("\n".join(lines) + "\n").encode()
        Path("t.csv").write_bytes(content)
        columns = Columns(metrics, given.get("costs", {}), given.get("ignored", ()))
        return Answers(Path("t.csv"), few, columns)

    return reading


def figures(found: Answers) -> dict[str, tuple[float, ...]]:
    return {name: one.figures for name, one in found.members.items()}


def test_a_row_is_a_member_with_its_figure(read, few) -> None:
    found = read(HEADING, *ROWS)
    assert found.missing == 0 and len(found.members) == few.size == 6
    assert found.words() == "6 members of 6, 6 trainings"
    member = found.members[json.dumps({MIXER: "sep_conv", KERNEL: 5, "params.width": 16})]
    assert member.figures == (0.6,)
    assert member.costs == few.cost(few.member(member.decisions)).totals()


def test_several_rows_of_a_member_and_several_columns_are_its_seeds(read) -> None:
    found = read(HEADING, *ROWS, "8,pooling,,0.3")
    assert max(figures(found).values(), key=len) == (0.1, 0.3)
    assert found.words() == (
        "6 members of 6, 7 trainings; a standard deviation of 0.1414 between those of one, whose "
        "mean a member is judged by"
    )
    made = problems(found, 1)
    assert list(made) == ["few", "few, once"]
    first = next(iter(found.members.values())).decisions
    assert made["few"](0).value(first) == pytest.approx(0.2)
    once = [made["few, once"](seed) for seed in range(20)]
    assert {one.value(first) for one in once} == {0.1, 0.3}
    assert {one.judged(first) for one in once} == {made["few"](0).value(first)}
    columns = read(f"{HEADING},other", *(f"{row},0.7" for row in ROWS),
                   metrics=("accuracy", "other"))  # fmt: skip
    assert set(map(len, figures(columns).values())) == {2}


@settings(max_examples=30, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_and_columns_is_no_matter(few, tmp_path_factory, draws) -> None:
    names, rows = HEADING.split(","), [row.split(",") for row in ROWS]
    order = draws.sample(range(len(names)), len(names))
    path = tmp_path_factory.mktemp("shuffled") / "t.csv"
    with path.open("w", newline="") as file:
        write = csv.writer(file, quoting=draws.choice([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]))
        write.writerow([names[at] for at in order])
        write.writerows([row[at] for at in order] for row in draws.sample(rows, len(rows)))
    shuffled = Answers(path, few, Columns(("accuracy",), {}))
    assert sorted(one.mean for one in shuffled.members.values()) == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    assert shuffled.members[json.dumps({MIXER: "pooling", "params.width": 16})].mean == 0.2


def test_what_other_programs_write_is_read(read) -> None:
    plain = figures(read(HEADING, *ROWS))
    assert figures(read("\ufeff" + HEADING, *ROWS)) == plain  # a spreadsheet's mark
    assert figures(read(HEADING, *(row.replace("8,", "8.0,", 1) for row in ROWS))) == plain
    assert figures(read(HEADING, "", *(row.replace(",", " , ") for row in ROWS), "")) == plain
    assert figures(read(("\r\n".join([HEADING, *ROWS]) + "\r\n").encode())) == plain


def test_costs_are_held_against_the_count(read, few) -> None:
    known = read(HEADING, *ROWS).members.values()
    rows = [f"{row},{one.macs}" for row, one in zip(ROWS, known, strict=True)]
    kept = read(f"{HEADING},flops", *rows, costs={"macs": "flops"})
    assert figures(kept) == figures(read(HEADING, *ROWS))
    rows[1] += "0"
    with pytest.raises(ArchError) as caught:
        read(f"{HEADING},flops", *rows, costs={"macs": "flops"})
    macs = [one.macs for one in known][1]
    assert str(caught.value) == (
        f"t.csv:3: flops: it says {macs}0, and archdsl counts {macs:,} macs.  a search keeps to "
        "what archdsl counts: pass over the column with  --ignore flops"
    )


TAKES = "it takes: pooling sep_conv"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([""], "t.csv:1: there is no heading.  name the columns there"),
        ([HEADING], "t.csv:1: there is no row behind the heading.  write a training a row"),
        (
            [HEADING.replace(",", ";"), *ROWS],
            "t.csv:1: the cells are not parted by commas.  save it with commas",
        ),
        (
            [f"{HEADING},", *ROWS],
            "t.csv:1: column 5 has no name.  name it, or leave it out",
        ),
        (
            [f"{HEADING},accuracy", *ROWS],
            "t.csv:1: accuracy: two columns are called so.  leave one of them out",
        ),
        (
            [f"{HEADING},id", *ROWS],
            "t.csv:1: id: the space has no such decision.  leave the column out, or pass over it "
            "with  --ignore id",
        ),
        (
            [HEADING.replace("width", "widht"), *ROWS],
            "t.csv:1: params.widht: the space has no such decision.  did you mean "
            "'params.width'?  leave the column out, or pass over it with  --ignore params.widht",
        ),
        (
            [HEADING.replace(f"{MIXER},", "", 1), "8,,0.1"],
            f"t.csv:1: {MIXER}: there is no such column, and the space asks for it.  {TAKES}",
        ),
        (
            [HEADING.replace("accuracy", "loss"), *ROWS],
            "t.csv:1: loss: the space has no such decision.  leave the column out, or pass over "
            "it with  --ignore loss",
        ),
        (
            [HEADING.replace(",accuracy", ""), "8,pooling,"],
            f"t.csv:1: accuracy: there is no such column.  its columns: params.width {MIXER} "
            f"{KERNEL}",
        ),
        (
            [HEADING, ROWS[0], "8,pooling,,0.2,7"],
            "t.csv:3: 5 cells stand under 4 names.  give each column one",
        ),
        ([HEADING, "8,pooling"], "t.csv:2: 2 cells stand under 4 names.  give each column one"),
        (
            [HEADING, ROWS[0], "8,poling,,0.1"],
            f"t.csv:3: {MIXER}: 'poling' is no answer to it.  {TAKES}",
        ),
        (
            [HEADING, "9,pooling,,0.1"],
            "t.csv:2: params.width: '9' is no answer to it.  it takes: 8 16",
        ),
        (
            [HEADING, "8,,,0.1"],
            f"t.csv:2: {MIXER}: the cell is empty, and this member is asked.  {TAKES}",
        ),
        (
            [HEADING, "8,sep_conv,,0.1"],
            f"t.csv:2: {KERNEL}: the cell is empty, and this member is asked.  it takes: 3 5",
        ),
        (
            [HEADING, "8,pooling,3,0.1"],
            f"t.csv:2: {KERNEL}: '3' stands there, and with the other answers of this row nobody "
            "asks.  leave the cell empty",
        ),
        *(
            (
                [HEADING, f"8,pooling,,{text}"],
                f"t.csv:2: accuracy: '{text}' is no finite number.  leave out the row of a "
                "training that came to none",
            )
            for text in ("", "good", "nan", "-inf", "1e999")
        ),
        (
            [HEADING, '8,"poo"ling,,0.1'],
            "t.csv:2: it is no CSV (',' expected after '\"').  quote cells with \"",
        ),
        ([b"\xff\xfe\x00"], "t.csv is no text in UTF-8.  save it as such"),
    ],
)
def test_a_fault_is_said_with_its_line_its_column_and_a_cure(read, lines, said) -> None:
    assert len(read(HEADING, *ROWS).members) == 6
    with pytest.raises(ArchError) as caught:
        read(*lines)
    assert str(caught.value) == said


def test_a_line_is_that_of_the_file_whatever_stands_in_cells(read) -> None:
    with pytest.raises(ArchError, match=r"^t\.csv:4: params\.width: '9' is no answer"):
        read(f"{HEADING},note", '8,pooling,,0.1,"two\nlines"', "9,pooling,,0.1,", ignored=("note",))


def test_a_table_that_lacks_members_is_refused_unless_they_count_as_the_worst(read) -> None:
    found = read(HEADING, *ROWS[1:])
    with pytest.raises(ArchError) as caught:
        problems(found, 1)
    assert str(caught.value) == (
        f"t.csv: 1 of 6 members are missing, params.width=8 {MIXER}=pooling among them, and a "
        "search may propose them.  add them, narrow the space to what was trained, or let each "
        "count as the worst of the table with  --missing worst"
    )
    made = problems(found, 1, missing="worst")["few"](0)
    assert made.value({MIXER: "pooling", "params.width": 8}) == 0.2
    assert made.best == 0.6
    less = problems(found, 1, minimize=True, missing="worst")["few"](0)
    assert less.value({MIXER: "pooling", "params.width": 8}) == -0.6 and less.best == -0.2


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (
            Columns(("accuracy", "accuracy"), {}),
            "accuracy is named twice as a metric, a cost or ignored.  once is enough",
        ),
        (
            Columns(("accuracy",), {"macs": "accuracy"}),
            "accuracy is named twice as a metric, a cost or ignored.  once is enough",
        ),
        (
            Columns(("accuracy",), {}, (MIXER,)),
            f"{MIXER} is a decision of the space, and its column is that of the answers.  give "
            "figures a column of their own",
        ),
    ],
)
def test_a_column_is_read_as_one_thing(few, columns, said) -> None:
    with pytest.raises(ArchError) as caught:
        Answers(Path("t.csv"), few, columns)
    assert str(caught.value) == said


def test_a_search_is_no_longer_than_there_are_members_inside(read) -> None:
    found = read(HEADING, *ROWS)
    assert list(problems(found, 6)) == ["few"]
    with pytest.raises(ArchError) as caught:
        problems(found, 7)
    assert str(caught.value) == (
        "few: 6 members are inside the budget, and a search of 7 trials would run out of them.  "
        "write  --trials 6  at most"
    )


def test_the_budget_is_that_of_the_space_or_lets_in_a_share(read, few) -> None:
    found = read(HEADING, *ROWS)
    costs = sorted(one.macs for one in found.members.values())
    assert dict(problems(found, 1)["few"](0).budget) == {}
    half = problems(found, 1, [0.5])["few, 0.5 inside"](0)
    assert half.budget["macs"] == (0, costs[2])
    narrow = archdsl.space(archdsl.loads(SPEC, set={"search.budget": {"macs": costs[0]}}))
    assert problems(Answers(Path("t.csv"), narrow, Columns(("accuracy",), {})), 1)["few"](
        0
    ).best == pytest.approx(0.1)
    none = archdsl.space(archdsl.loads(SPEC, set={"search.budget": {"macs": 1}}))
    with pytest.raises(ArchError) as caught:
        problems(Answers(Path("t.csv"), none, Columns(("accuracy",), {})), 1)
    assert str(caught.value) == "t.csv: no member of it is inside the budget.  widen that"


def test_our_own_table_is_the_same_problem_by_way_of_a_csv(tmp_path) -> None:
    """On a cut of it: one width, one ratio, one mixer first."""
    fixed = {"params.width": 12, "params.ratio": 3, "stages.0.token_mixer": "pooling"}
    whole = Table.load()
    entries = [one for one in whole if fixed.items() <= one.decisions.items()]
    draws = random.Random(0)
    export_answers.export(Table(HERE, draws.sample(entries, len(entries))), tmp_path / "all.csv")
    with (tmp_path / "all.csv").open() as file, (tmp_path / "cut.csv").open("w") as cut:
        rows = list(csv.DictReader(file))
        names = [name for name in rows[0] if name not in (*fixed, "seed")]
        write = csv.DictWriter(cut, names, extrasaction="ignore")
        write.writeheader()
        write.writerows(rows)
    (tmp_path / "cut.yaml").write_text(
        "archdsl: 1\nname: cut\n"
        f"extends: {HERE / 'small_metaformers.yaml'}\n"
        "params.width: 12\nparams.ratio: 3\nstages.0.token_mixer: pooling\n"
    )
    record = tmp_path / "record.jsonl"
    words = [
        str(record), "--space", str(tmp_path / "cut.yaml"), "--answers", str(tmp_path / "cut.csv"),
        "--metric", "accuracy", "--cost", "macs=macs", "params=params", "--fits", "0.5",
        "--samplers", "gp", "optuna TPE", "--seeds", "1", "--trials", "12",
    ]  # fmt: skip
    compare.main(words)
    runs = [json.loads(line) for line in record.read_text().splitlines()]
    assert [(one["problem"], one["sampler"]) for one in runs] == [
        ("cut, 0.5 inside", "gp"), ("cut, 0.5 inside", "optuna TPE"),
        ("cut, 0.5 inside, once", "gp"), ("cut, 0.5 inside, once", "optuna TPE"),
    ]  # fmt: skip
    assert all(one["regret"][-1] >= 0 for one in runs)
    assert runs[0]["inside_and_new"] == 12
    compare.main(words)  # there is nothing left to run
    with pytest.raises(SystemExit) as exited:
        compare.main([*words, "--minimize"])
    assert exited.value.code == 2, "another question has a record of its own"
    assert [json.loads(line) for line in record.read_text().splitlines()] == runs
    found = Answers(tmp_path / "cut.csv", archdsl.space(tmp_path / "cut.yaml"),
                    Columns(("accuracy",), {}, ("macs", "params")))  # fmt: skip
    for entry in entries:
        own = {name: answer for name, answer in entry.decisions.items() if name not in fixed}
        assert found.members[json.dumps(own, sort_keys=True)].mean == fmean(entry.finals)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tight"])
def test_the_whole_of_it_is_searched_as_it_is_here(tmp_path, name) -> None:
    export_answers.export(Table.load(), tmp_path / "all.csv")
    found = Answers(tmp_path / "all.csv", trained(name).space,
                    Columns(("accuracy",), {"macs": "macs"}, ("params", "seed")))  # fmt: skip
    made = list(problems(found, 200, [FITS[name]]).values())
    for theirs, ours in ((made[0](3), trained(name)), (made[1](3), trained_once(name, 3))):
        assert (theirs.best, theirs.worst) == (pytest.approx(ours.best), pytest.approx(ours.worst))
        for entry in Table.load():
            assert theirs.value(entry.decisions) == pytest.approx(ours.value(entry.decisions))
            assert theirs.judged(entry.decisions) == pytest.approx(ours.judged(entry.decisions))


def test_the_command_says_what_is_wrong_without_a_traceback(tmp_path, capsys) -> None:
    (tmp_path / "few.yaml").write_text(SPEC)
    (tmp_path / "t.csv").write_text(f"{HEADING}\n9,pooling,,0.1\n")

    def said(*words: object) -> str:
        with pytest.raises(SystemExit) as stopped:
            compare.main([str(tmp_path / "r.jsonl"), *map(str, words)])
        assert stopped.value.code == 2
        return capsys.readouterr().err

    given = ["--space", tmp_path / "few.yaml", "--answers", tmp_path / "t.csv"]
    assert said(*given, "--metric", "accuracy") == (
        f"{tmp_path}/t.csv:2: params.width: '9' is no answer to it.  it takes: 8 16\n"
    )
    assert said(*given, "--metric", "accuracy", "--cost", "flops") == (
        "--cost flops names no cost and column.  write  --cost macs=COLUMN;  the costs: macs "
        "params activations\n"
    )
    assert said(*given, "--metric", "accuracy", "--cost", "macs=a", "macs=b") == (
        "--cost names macs twice.  name one column\n"
    )
    assert "no shipped spec is called 'fev'" in said(
        "--space", "fev", *given[2:], "--metric", "accuracy"
    )
    none = said(*given[:2], "--answers", tmp_path / "no.csv", "--metric", "accuracy")
    assert none == f"{tmp_path}/no.csv: No such file or directory\n"
    together = "a table takes --space, --answers and --metric together, and no --problems\n"
    assert said(*given).endswith(together)
    assert said(*given, "--metric", "accuracy", "--problems", "analytic").endswith(together)
    for more in (["--fits", "0.5"], ["--missing", "worst"], ["--minimize"]):
        assert said(*more).endswith("--minimize and --missing are for --answers\n")
    assert said(*given, "--fits", "2").endswith("2 is no share from above 0 to 1\n")
    assert not (tmp_path / "r.jsonl").exists()


def test_the_readme_shows_a_command_that_is_one() -> None:
    text = (HERE / "README.md").read_text(encoding="utf-8")
    shown = next(one for one in text.split("```") if "--answers" in one)
    command = next(one for one in shown.replace("\\\n", "").split("\n") if "--answers" in one)
    given = compare._parser().parse_args(shlex.split(command)[3:])
    assert (HERE.parent / given.space).is_file()
    columns = {*given.metric, *given.ignore, *(one.split("=")[1] for one in given.cost)}
    assert columns == {"accuracy", "seed", "macs", "params"}
