"""The end of a search on a terminal, narrow or wide, and in a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from archdsl.cli.ending import MOST_ANSWERS, ending
from archdsl.language.settings import Objective
from archdsl.study import search
from archdsl.study.final.comparison import Arm, Difference
from archdsl.study.final.entrants import Entrant
from archdsl.study.final.verdict import Verdict
from archdsl.study.report.findings import verdict
from archdsl.study.report.read import read
from archdsl.study.result import Result
from tests.cli.test_search import COSTS, GOOD, result
from tests.study.conftest import judged, tiny_space


def entrant(name: str, role: Any, trial: int | None) -> Entrant:
    return Entrant(name, (role,), trial, {}, COSTS, name)


def final(metric: str = "accuracy", direction: str = "maximize") -> Result:
    def arm(name: str, mean: float) -> Arm:
        return Arm(name, np.array([mean]))

    arms = arm("trial 0", 0.9), arm("the default", 0.7), arm("mine", 0.8), arm("trial 3", 0.85)
    found = Verdict(
        metric, "test", arms[0], arms,
        (Difference("trial 0", "the default", 0.2, (0.1, 0.3), 2),
         Difference("trial 0", "mine", 0.1, None, None)),
        (), 3, 100,
    )  # fmt: skip
    return replace(
        result(GOOD),
        verdicts=(found,),
        claim="The winner is trial 0.",
        objectives=(Objective(metric, direction),),  # type: ignore[arg-type]
        finalists=(
            entrant("trial-00000", "kept", 0), entrant("trial-00001", "default", 1),
            entrant("baseline-mine", "baseline", None), entrant("trial-00003", "kept", 3),
        ),
    )  # fmt: skip


def test_the_claim_and_the_networks_come_before_how_it_ended() -> None:
    lines = ending(final()).splitlines()
    at = lines.index("The winner is trial 0.")
    assert lines[at - 1 : at + 8] == [
        "",
        "The winner is trial 0.",
        "",
        "network      accuracy (test)  winner minus it       macs  params",
        "trial 0               0.9000                       1.81M   98.2k",
        "trial 3               0.8500                       1.81M   98.2k",
        "mine                  0.8000  +0.1                 1.81M   98.2k",
        "the default           0.7000  +0.2 (+0.1 to +0.3)  1.81M   98.2k",
        "",
    ]
    assert lines[at + 8 :] == ["2 trials are done"]


def test_of_a_loss_the_least_comes_first() -> None:
    lines = ending(final("loss", "minimize")).splitlines()
    rows = [line.split("  ")[0] for line in lines if "1.81M" in line]
    assert rows == ["trial 0", "the default", "mine", "trial 3"]


@pytest.mark.parametrize("columns", [30, 50, 80, 200])
def test_no_line_of_the_claim_and_the_table_is_wider_than_the_terminal(columns: int) -> None:
    told = replace(final(), claim="The winner " + "is quite good " * 20)
    lines = ending(told, columns).splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("The winner "))
    assert all(len(line) <= columns for line in lines[start:])
    words = " ".join(" ".join(lines[start:]).split())
    assert "trial 3" in words and "+0.2 (+0.1 to +0.3)" in words


def test_in_a_file_a_claim_is_one_line() -> None:
    told = replace(final(), claim="good " * 100)
    assert "good " * 100 in ending(told).splitlines()


def test_without_a_record_the_sentence_is_that_of_the_round() -> None:
    told = replace(final(), claim=None)
    assert told.verdict is not None and told.verdict.sentence() in ending(told)


def test_it_says_what_the_page_says_and_where_that_is(tmp_path) -> None:
    space = tiny_space(trials=3)
    found = search(space, evaluate=judged, out=tmp_path / "run", settings=space.spec.settings())
    assert found.claim == verdict(read(tmp_path / "run"))
    lines = ending(found).splitlines()
    assert found.claim in lines
    assert found.claim in (tmp_path / "run" / "report.html").read_text()
    assert lines[-1] == f"the report: {tmp_path / 'run' / 'report.html'}"


def test_a_search_that_keeps_no_record_claims_nothing_and_names_no_page() -> None:
    found = search(tiny_space(trials=2), evaluate=judged, settings=tiny_space().spec.settings())
    assert found.claim is None
    assert "report" not in ending(found)


def test_many_answers_are_left_to_the_file_that_has_them(tmp_path: Path) -> None:
    answers = {f"stages.{n}.depth": n for n in range(MOST_ANSWERS + 1)}
    told = result(replace(GOOD, decisions=answers), folder=tmp_path)
    assert "stages.12.depth" in ending(told)
    (tmp_path / "best.yaml").write_text("")
    assert "stages.12.depth" not in ending(told)
    assert f"{MOST_ANSWERS + 1} decisions, in best.yaml" in ending(told)
    few = result(GOOD, folder=tmp_path)
    assert "stages.0.depth" in ending(few)


def test_a_gap_of_little_and_of_much_has_three_figures() -> None:
    told = final()
    assert told.verdict is not None
    gap = Difference("trial 0", "mine", 1.23456e-7, (-2e-7, 4.5e9), None)
    changed = replace(told.verdict, differences=(gap,))
    assert "+1.23e-07 (-2e-07 to +4.5e+09)" in ending(replace(told, verdicts=(changed,)))
