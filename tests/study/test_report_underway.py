"""The report of a search that is not over: from the record alone, at any moment of it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from archdsl.cli import main
from archdsl.study import Candidate, events, search
from archdsl.study.record.folder import read_state
from archdsl.study.report import write_report
from archdsl.study.report.findings import unfinished, verdict
from archdsl.study.report.read import read
from archdsl.study.status import status
from archdsl.version import VERSION
from tests.study.conftest import judged, tiny_space
from tests.study.pages import words

GIVEN = {"trials": 4, "final": {"keep": 1, "seeds": 2}}


def reports(candidate: Candidate) -> float:
    """A judge with an epoch, and with noise in a final round; the second trial fails."""
    candidate.report(1, 0.5)
    if candidate.number == 1:
        raise ValueError("not this one")
    return judged(candidate) + 1e-3 * candidate.seed * ((candidate.number or 0) % 3)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A search that is over."""
    space, out = tiny_space(**GIVEN), tmp_path_factory.mktemp("report") / "whole"
    search(space, evaluate=reports, out=out, settings=space.spec.settings())
    return out


@pytest.fixture
def lines(whole) -> list[bytes]:
    """Its record."""
    return (whole / "record.jsonl").read_bytes().splitlines(keepends=True)


def test_every_beginning_of_a_record_has_a_report(whole, lines, tmp_path) -> None:
    said = []
    for number in range(1, len(lines) + 1):
        folder = tmp_path / "begun"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        half = lines[number][:40] if number % 2 and number < len(lines) else b""
        (folder / "record.jsonl").write_bytes(b"".join(lines[:number]) + half)
        record = read(folder)
        assert (unfinished(record) is None) == (number == len(lines))
        if record.best is not None:
            assert f"trial: {record.best.number}\n" in record.winner.partition("found:")[2]
        if unfinished(record) not in said:
            html = write_report(folder).read_text()
            for one in (unfinished(record) or "", verdict(record)):
                assert " ".join(one.split()) in words(html)
            # there are no files of a winner, and the page sends nobody to them
            assert "best.safetensors" not in html and "best.py" not in html
        said.append(unfinished(record))
    assert list(dict.fromkeys(said)) == [
        "The search is not over: 0 of 4 trials.",
        "The search is not over: 1 of 4 trials.",
        "The search is not over: 2 of 4 trials.",
        "The search is not over: 3 of 4 trials.",
        "The search is not over: 4 of 4 trials, and the final round is to come.",
        *(
            f"The search is not over: 4 of 4 trials, {done} of {total} trainings of the final "
            "round."
            for total in {len(read_state(whole).rounds.all[0].trainings())}
            for done in range(total)
        ),
        None,
    ]


def test_what_is_said_before_the_end_is_no_last_word(lines, tmp_path) -> None:
    folder = tmp_path / "begun"
    folder.mkdir()
    kinds = [line.split(b'"event": "')[1].split(b'"')[0] for line in lines]

    def until(kind: bytes, count: int) -> str:
        at = [number for number, one in enumerate(kinds) if one == kind][count - 1]
        (folder / "record.jsonl").write_bytes(b"".join(lines[: at + 1]))
        return verdict(read(folder))

    assert until(b"created", 1) == "No trial has succeeded so far."
    assert until(b"finished", 1) == (
        "No trial so far was better than the first, the space's default."
    )
    assert until(b"trained", 1).startswith("Trial ")
    assert " leads so far, with the best accuracy of 3 trials, " in until(b"trained", 1)
    (folder / "record.jsonl").write_bytes(b"".join(lines))
    assert verdict(read(folder)).startswith("The winner is ")


def test_it_is_written_while_another_process_searches(run, tmp_path, capsys) -> None:
    out, found = tmp_path / "run", dict[str, Any]()

    def listener(event: Any) -> None:
        name = type(event).__name__
        last = isinstance(event, events.RoundProgress) and event.done == event.total
        begun = isinstance(event, events.Epoch) and event.number == 3
        if last or begun:
            # the search holds the folder's lock, and goes on afterwards
            assert main(["report", str(out), "--json"]) == 0
            found[name] = capsys.readouterr().out
            assert ("The search is not over" in (out / "report.html").read_text()) == begun

    space = tiny_space(**GIVEN)
    run(space, out, evaluate=reports, listener=listener)
    assert found.keys() == {"Epoch", "RoundProgress"}
    assert '"over": false' in found["Epoch"] and '"unfinished": "3 of 4 trials"' in found["Epoch"]
    assert (
        '"over": true' in found["RoundProgress"] and '"unfinished": null' in found["RoundProgress"]
    )
    page = (out / "report.html").read_text()
    assert "The search is not over" not in page
    assert write_report(out).read_text() == page
    assert main(["report", str(out)]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [f"{out / 'report.html'} is written"]


def test_files_of_an_earlier_winner_are_not_called_the_winners(run, tmp_path) -> None:
    out = tmp_path / "run"
    run(tiny_space(trials=1), out)
    first = (out / "best.yaml").read_text()
    assert 'archdsl.build("best.yaml")' in (out / "report.html").read_text().replace("&#34;", '"')
    seen = list[str]()

    def looks(event: Any) -> None:
        if isinstance(event, events.Best) and event.trial.number > 0:
            seen.append(write_report(out).read_text().replace("&#34;", '"'))
            assert (out / "best.yaml").read_text() == first

    run(tiny_space(trials=3), out, listener=looks)
    assert seen
    for page in seen:
        assert "archdsl show .\n" in page and 'archdsl.build(".")' in page
        assert "best.py" not in page


@pytest.mark.parametrize(
    ("change", "there"),
    [
        (("", ""), True),
        ((f"archdsl: {VERSION}", "archdsl: 0.2.99"), True),
        (("name: tiny", "# mine, for the paper\nname: tiny"), True),
        (("name: tiny", "name: other"), False),
        (("  trial: ", "  trial: 1"), False),
        (("head: linear", "head: linear:"), False),
    ],
)
def test_the_winners_files_are_told_by_their_architecture_and_figures(
    whole, tmp_path, change, there
) -> None:
    out = tmp_path / "run"
    shutil.copytree(whole, out)
    text = (out / "best.yaml").read_text()
    assert change[0] in text
    (out / "best.yaml").write_text(text.replace(*change))
    assert read(out).has_files == there


def test_a_round_that_was_broken_off_and_is_wanted_no_more_keeps_no_search_open(
    run, tmp_path
) -> None:
    out, calls = tmp_path / "run", list[int]()

    def broken_off(candidate: Candidate) -> float:
        calls.append(candidate.seed)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return judged(candidate)

    assert run(tiny_space(**GIVEN), out, evaluate=broken_off).interrupted
    assert (unfinished(read(out)) or "").endswith(" trainings of the final round.")
    run(tiny_space(trials=4), out)
    stands = status(out)
    assert (stands.over, stands.final, stands.words()) == (True, None, "4 of 4 trials, done")
    assert unfinished(read(out)) is None
