"""What is one is said in the singular, wherever a search says how many."""

from __future__ import annotations

from pathlib import Path

import archdsl
from archdsl.cost import store
from archdsl.study.report.findings import verdict
from archdsl.study.report.read import read

SPACE = """\
archdsl: 1
input: [1, 8, 8]
classes: 3
stem: {type: conv, kernel: 3, stride: 2}
block: {token_mixer: {choice: [pooling, identity]}, channel_mixer: {type: mlp, ratio: 1}}
stages: [{dim: 8, depth: 1}]
"""


def searched(folder: Path, trials: int) -> archdsl.study.Result:
    space = archdsl.space(archdsl.loads(SPACE))
    costs = iter([0.1, 0.2])
    return archdsl.search(space, lambda candidate: next(costs), folder, trials=trials)


def test_one_trial_and_two_are_counted(tmp_path: Path) -> None:
    assert searched(tmp_path / "one", 1).message == "1 trial done"
    assert searched(tmp_path / "two", 2).message == "2 trials done"
    assert "of 2 trials, 0.2." in verdict(read(tmp_path / "two"))


def test_a_line_of_the_cache_ends_at_a_newline_and_nowhere_else(tmp_path: Path) -> None:
    row = store.Stored(1, 2, 2, (1, 1, 1), (1, 1, 1))
    line = store._line("a", row)
    assert dict(store._parsed(b"\n" + line + b"\n" + line)) == {"a": row}
    assert dict(store._parsed(line + b"\r" + line)) == {}
