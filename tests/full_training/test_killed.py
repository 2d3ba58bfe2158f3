"""`archdsl train` killed at any moment goes on, to the same bits, figures and history."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from tests import started
from tests.cli.conftest import TINY

SPEC = f"""{TINY}
search:
  proxy:
    data: {{type: digits, canvas: 8, noise: 0.1, clutter: 1}}
    epochs: 6
    steps_per_epoch: 10
    validate_every: 2
"""


def command(python: list[str], out: str, *more: str) -> list[str]:
    words = ["train", "tiny.yaml", "--out", out, "--checkpoint-every", "0"]
    average = ["--set", "train.ema=0.9", "--set", "train.drop_path=0.2"]
    return [*python, "-m", "archdsl", *words, *average, *more]


def begun(
    out: str, folder: Path, *more: str, python: list[str] | None = None
) -> subprocess.Popen[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        command(python or started.python(), out, *more), cwd=folder, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def wait_for_another(path: Path, process: subprocess.Popen[str]) -> None:
    """Until a file is another than it is now, or the process is over."""

    def seen() -> int | None:
        return path.stat().st_mtime_ns if path.exists() else None

    before = seen()
    while seen() == before and process.poll() is None:
        time.sleep(0.002)


def record(folder: Path) -> Any:
    return json.loads((folder / "train.json").read_text())


def figures(folder: Path) -> list[Any]:
    return [one["metrics"] for one in record(folder)["epochs"]]


def ended(process: subprocess.Popen[str]) -> str:
    _, said = process.communicate()
    return said


@pytest.mark.slow
def test_kills_at_any_moment_change_nothing(tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(SPEC)
    whole = begun("whole", tmp_path)
    said = ended(whole)
    assert whole.returncode == 0, said
    draw, kills, state = random.Random(0), 0, tmp_path / "killed" / "last.ckpt"
    while True:
        process = begun("killed", tmp_path, "--resume")
        if kills < 6:  # after some steps, at any moment of the next
            for _ in range(draw.randint(2, 12)):
                wait_for_another(state, process)
            time.sleep(draw.uniform(0.0, 0.05))
            process.send_signal(signal.SIGKILL)
            kills += 1
        said = ended(process)
        assert process.returncode in (0, -signal.SIGKILL), said
        if process.returncode == 0:
            break
    assert kills > 2
    assert figures(tmp_path / "killed") == figures(tmp_path / "whole")
    one, two = (load_file(tmp_path / name / "best.safetensors") for name in ("whole", "killed"))
    assert one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)
    assert (
        record(tmp_path / "killed")["best"]["epoch"] == record(tmp_path / "whole")["best"]["epoch"]
    )
    assert not list((tmp_path / "killed").glob("*.tmp"))


@pytest.mark.slow
def test_another_terminal_sees_who_trains_and_sigterm_ends_it_orderly(tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(SPEC)
    process = begun("out", tmp_path, "--set", "train.epochs=10000", python=[sys.executable])
    path = tmp_path / "out" / "train.json"
    while not (path.is_file() and record(path.parent)["epochs"]):
        assert process.poll() is None, ended(process)
        time.sleep(0.1)
    status = [*started.python(), "-m", "archdsl", "status", "out"]
    said = subprocess.run(status, cwd=tmp_path, capture_output=True, text=True)
    assert f"by process {process.pid}" in said.stdout
    second = begun("out", tmp_path, "--resume", "--set", "train.epochs=10000")
    assert "is being written by process" in ended(second) and second.returncode == 2
    process.send_signal(signal.SIGTERM)
    words, _ = process.communicate()
    assert process.returncode == 130
    assert "the same command with --resume goes on" in words
    assert record(tmp_path / "out")["stand"] == "stopped"
