"""`archdsl proxy-check SPACE`: what is printed, and what each ending is worth."""

from __future__ import annotations

from typing import Any

import pytest

import archdsl
from archdsl.study import Candidate


@pytest.fixture
def judged_by(monkeypatch):
    """Has the verb judge by a function instead of training."""
    check = archdsl.proxy_check

    def stand_in(judge: Any) -> None:
        monkeypatch.setattr(
            archdsl, "proxy_check", lambda x, **given: check(x, judge, **given)
        )  # fmt: skip

    return stand_in


def by_cost(candidate: Candidate) -> float:
    candidate.report(1, candidate.cost.params)
    return candidate.cost.params + candidate.seed


def test_it_says_what_it_found_and_what_follows(run, judged_by, tiny_space, tmp_path):
    judged_by(by_cost)
    line = ("proxy-check", tiny_space, "--members", 5, "--seeds", 2, "--out", tmp_path / "check")
    done = run(*line)
    assert done.code == 0, done.err
    said = done.out.splitlines()
    start = said.index("5 architectures, 2 seeds each, judged twice by an evaluate")
    assert said[start + 2] == "standard deviations of accuracy:"
    assert said[start + 3].split() == ["between", "architectures", "between", "seeds", "ratio"]
    tau = next(row for row in said if row.startswith("proxy, one seed"))
    assert tau.split() == ["proxy,", "one", "seed", "1.00", "(1.00", "to", "1.00)", "1.00",
                           "(0.00", "to", "1.00)"]  # fmt: skip
    assert "search:" in said and any(row.startswith("  final: {keep: 1, ") for row in said)
    assert said[-2:] == [
        f"20 trainings done; in {tmp_path / 'check'}: proxy-check.json",
        "no zero-cost scores: an evaluate has no data",
    ]
    as_json = run(*line, "--json")
    assert as_json.data["recommended"]["keep"] == 1
    assert [row["name"] for row in as_json.data["tau"]][-1] == "random"
    assert "tiny_space: " in as_json.err, "and progress is no part of the JSON"


def test_ctrl_c_ends_it_with_130_and_says_how_to_go_on(run, judged_by, tiny_space, tmp_path):
    def stops(candidate: Candidate) -> float:
        if candidate.seed == 1:
            raise KeyboardInterrupt
        return by_cost(candidate)

    judged_by(stops)
    out = tmp_path / "check"
    done = run("proxy-check", tiny_space, "--members", 3, "--seeds", 2, "--out", out)
    assert done.code == 130
    assert done.out.splitlines()[-1] == (
        f"interrupted after 3 trainings.  the record is in {out}; the same command goes on from "
        "there"
    )


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--members", "many"), "--members is 'many'.  write how many, as in  --members 3\n"),
        (("--seeds", " "), "--seeds is ' '.  write how many, as in  --seeds 3\n"),
        (("--workers", "x"), "--workers is 'x'.  write how many, as in  --workers 3\n"),
        (("--members", "1"), "members is an int from 2 to 100,000, and not 1\n"),
        (("--final-epochs", "0"), "final_epochs is an int from 1 to 1,000,000, and not 0\n"),
    ],
)
def test_a_size_that_is_none_is_told_in_words(run, tiny_space, more, said):
    done = run("proxy-check", tiny_space, *more)
    assert (done.code, done.err) == (2, said)


def test_a_spec_without_holes_is_refused(run, tiny):
    done = run("proxy-check", tiny)
    assert (done.code, done.err) == (
        2,
        "tiny has no free choices, and so nothing to compare.  give it some, as in  dim: {choice: "
        "[32, 64]}\n",
    )
