"""`archdsl status RUN`: where a search stands, from another terminal."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from typing import Any

from archdsl.amounts import written
from archdsl.cli import main
from archdsl.study import search
from archdsl.study.status import status
from tests.study.conftest import judged, tiny_space


def test_a_search_is_looked_at_while_it_runs_and_afterwards(tmp_path, capsys) -> None:
    out, looks = tmp_path / "run", list[str]()

    def evaluate(candidate: Any) -> float:
        candidate.report(1, 0.5)
        if candidate.number == 1:
            raise ValueError("not this one")
        if candidate.number == 2:
            command = [sys.executable, "-m", "archdsl", "status", str(out)]
            looks.append(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
            looks.append(status(out).words())  # and the lock is still held afterwards
        return judged(candidate)

    space = tiny_space(trials=4)
    done = search(space, evaluate=evaluate, out=out, settings=space.spec.settings())
    first = done.trials[0].values
    assert first is not None
    me = f"process {os.getpid()} on {socket.gethostname()}"
    lines = re.sub(r"for \d+ s", "for a while", looks[0]).splitlines()
    assert lines == [
        f"tiny: 2 of 4 trials, by {me} with 1 worker",
        "1 complete  1 failed",
        f"the best is trial 0: accuracy {first[0]:.4g}",
        "1 trial under way:",
        "  trial 2  step 1  accuracy 0.5000  for a while",
        "the last failure:",
        "  trial 1  ValueError: not this one",
    ]  # fmt: skip
    assert looks[1] == "2 of 4 trials, by this process with 1 worker"
    assert main(["status", str(out), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["running"], said["done"], said["trials"]) == (False, 4, 4)
    assert said["counts"] == {"complete": 3, "failed": 1}
    assert status(out).words() == "4 of 4 trials, done"


def test_figures_are_said_as_large_as_they_are(tmp_path, capsys) -> None:
    reported = {"loss": 1e-6, "none": 0.0, "half": 0.5, "large": 2.5e40}

    def evaluate(candidate: Any) -> dict[str, float]:
        candidate.report(1, reported)
        if candidate.number == 1:
            raise KeyboardInterrupt
        return reported

    space = tiny_space(trials=2, maximize=None, minimize=["loss", "macs"])
    done = search(space, evaluate=evaluate, out=tmp_path, settings=space.spec.settings())
    capsys.readouterr()
    assert main(["status", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    macs = done.trials[0].costs["macs"]
    assert f"the best is trial 0: loss 1e-06  macs {written('macs', macs)}" in lines
    assert "  trial 1  step 1  loss 1e-06  none 0.0000  half 0.5000  large 2.5e+40" in lines


def test_what_was_stopped_says_how_to_go_on(tmp_path, capsys) -> None:
    def evaluate(candidate: Any) -> float:
        if candidate.number == 1:
            raise KeyboardInterrupt
        return judged(candidate)

    out, space = tmp_path / "run", tiny_space(trials=4)
    search(space, evaluate=evaluate, out=out, settings=space.spec.settings())
    found = status(out)
    assert found.words() == "1 of 4 trials; nobody is searching, and the same command goes on"
    assert [(one.number, one.stage, one.seconds) for one in found.underway] == [
        (1, "stopped", None)
    ]
    assert main(["status", str(out)]) == 0
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "1 trial broken off:", "  trial 1  stopped",
    ]  # fmt: skip


def test_a_search_that_has_tried_everything_is_done(tmp_path, capsys) -> None:
    out = tmp_path / "run"

    def judge(candidate: Any) -> float:
        return candidate.cost.params / 1e6

    few = {"params.width": 8, "stages.0.depth": 1, "stages.1.depth": 1}
    space = tiny_space({**few, "stages.1.token_mixer": "pooling"}, trials=9)
    done = search(space, evaluate=judge, out=out, settings=space.spec.settings())
    assert done.ended == "exhausted" and len(done.trials) == 4
    said = "4 of 9 trials, done: every architecture inside the budget was tried"
    assert status(out).words() == said
    assert main(["status", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["exhausted"] is True
    record = (out / "record.jsonl").read_text()
    again = search(space, evaluate=judge, out=out, settings=space.spec.settings())
    assert again.ended == "exhausted" and again.trials == done.trials
    assert (out / "record.jsonl").read_text().count('"exhausted"') == record.count('"exhausted"')
    assert status(out).words() == said


def test_a_folder_without_a_search_is_refused_in_words(tmp_path, capsys) -> None:
    assert main(["status", str(tmp_path)]) == 2
    assert capsys.readouterr().err == (
        f"{tmp_path} holds no search.  name a run directory, such as runs/digits\n"
    )
    (tmp_path / "a.txt").touch()
    for path in (tmp_path, tmp_path / "a.txt", tmp_path / "none"):
        assert main(["status", str(path)]) == 2
        assert capsys.readouterr().err == (
            f"{path} holds no search.  name a run directory, such as runs/digits\n"
        )
