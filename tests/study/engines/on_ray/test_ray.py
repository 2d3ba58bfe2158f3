"""A search on a cluster of three nodes is the search on one machine, whatever is killed."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from archdsl.study.record.folder import read_state
from tests import started
from tests.docs.page import Page
from tests.study.conftest import TINY
from tests.study.engines.on_ray.clusters import Nodes, nodes, start

EPOCHS = 25


def settings() -> dict[str, Any]:
    return {"trials": 6, "workers": 3, "final": {"keep": 1, "seeds": 2},
            "proxy": {"epochs": EPOCHS, "steps_per_epoch": 4, "warmup": 0}}  # fmt: skip


def on_ray(cluster: Nodes, tmp_path: Path) -> dict[str, Any]:
    engine = {"type": "ray", "address": cluster.address}
    return {**settings(), "engine": engine, "shared": f"file://{tmp_path}/shared"}


@pytest.fixture(scope="module")
def local(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("run") / "local"
    process = start(out, settings())
    process.join()
    assert process.exitcode == 0
    return out


def on_record(out: Path, event: str) -> list[dict[str, Any]]:
    path = out / "record.jsonl"
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    return [one for line in lines if line.endswith(b"\n")
            for one in [json.loads(line)] if one["event"] == event]  # fmt: skip


def until_some_trained(out: Path, epochs: int) -> None:
    end = time.monotonic() + 120
    while len(on_record(out, "epoch")) < epochs:
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


def check_same(out: Path, local: Path) -> None:
    here, there = read_state(out), read_state(local)
    assert here is not None and there is not None
    assert [(t.number, t.state, t.decisions, t.values, t.epochs) for t in here.in_order()] == [
        (t.number, t.state, t.decisions, t.values, t.epochs) for t in there.in_order()
    ]
    assert here.trainings == there.trainings, "every epoch once"
    for name in ("best.yaml", "best.py", "best.safetensors"):
        assert (out / name).read_bytes() == (local / name).read_bytes(), name


@pytest.mark.slow
def test_a_search_on_three_nodes_is_that_of_three_workers(cluster, local, tmp_path) -> None:
    process = start(tmp_path / "run", on_ray(cluster, tmp_path))
    process.join()
    assert process.exitcode == 0
    check_same(tmp_path / "run", local)
    ran = on_record(tmp_path / "run", "running")
    assert all(one["node"] for one in ran), "each says where"
    assert {one["there"] for one in ran} == {None}, "and that nothing is another there"
    assert {one["node"] for one in on_record(local, "running")} == {None}


@pytest.mark.slow
def test_the_driver_is_killed_in_the_middle(cluster, local, tmp_path) -> None:
    process = start(tmp_path / "run", on_ray(cluster, tmp_path))
    until_some_trained(tmp_path / "run", 30)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    begun = len(on_record(tmp_path / "run", "finished"))
    assert begun < 6, "in the middle"
    again = start(tmp_path / "run", on_ray(cluster, tmp_path))
    again.join()
    assert again.exitcode == 0
    went_on = [one["step"] for one in on_record(tmp_path / "run", "running") if one["step"]]
    assert went_on, "from where they were, and not afresh"
    check_same(tmp_path / "run", local)


@pytest.mark.slow
def test_a_node_is_killed_in_the_middle(local, tmp_path) -> None:
    with nodes() as cluster:
        process = start(tmp_path / "run", on_ray(cluster, tmp_path))
        until_some_trained(tmp_path / "run", 30)
        cluster.remove()
        process.join()
    assert process.exitcode == 0
    assert {one["fault"] for one in on_record(tmp_path / "run", "retried")} <= {"lost"}
    assert on_record(tmp_path / "run", "retried"), "one was lost"
    check_same(tmp_path / "run", local)


OWN = """\
import archdsl
from torch import nn

from beside import told

told(__file__)


@archdsl.token_mixer("travelled")
class TravelledMixer(nn.Module):
    \"\"\"Mixes nothing.\"\"\"

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.scale = nn.Conv2d(dim, dim, 3, padding=1, groups=dim)

    def forward(self, x):
        return self.scale(x)
"""

BESIDE = """\
from pathlib import Path


def told(file):
    with Path({log!r}).open("a") as said:
        said.write(file + "\\n" + __file__ + "\\n")
"""


@pytest.mark.slow
def test_components_of_the_users_own_travel_with_the_command_of_the_page(cluster, tmp_path) -> None:
    log = tmp_path / "log"
    (tmp_path / "space").mkdir()
    (tmp_path / "space" / "own.py").write_text(OWN)
    (tmp_path / "space" / "beside.py").write_text(BESIDE.format(log=str(log)))
    text = TINY.replace("name: tiny\n", "name: tiny\nimports: [./own.py]\n")
    text = text.replace("      - identity\n", "      - travelled\n").replace(
        "[1, 8, 8]", "[1, 12, 12]"
    )
    (tmp_path / "space" / "space.yaml").write_text(text)
    line = next(line for fence in Page("scaling.md").of("sh") for line in fence.text.splitlines()
                if "--engine ray" in line)  # fmt: skip
    words = shlex.split(line.replace("auto", cluster.address)
                        .replace("/mnt/shared", f"{tmp_path}/shared"))[1:]  # fmt: skip
    words[1] = str(tmp_path / "space" / "space.yaml")
    words += ["--workers", "2", "--set", "search.trials=3", "--set", "search.final=none",
              "--set", "search.proxy={epochs: 1, steps_per_epoch: 2}"]  # fmt: skip
    words.remove("8")
    words.remove("--workers")
    done = subprocess.run([*started.python(), "-m", "archdsl", *words], cwd=tmp_path, text=True,
                          capture_output=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    state = read_state(tmp_path / "runs" / "tiny")
    assert state is not None and [one.state for one in state.in_order()] == ["complete"] * 3
    seen = set(log.read_text().splitlines())
    here = {str(tmp_path / "space" / name) for name in ("own.py", "beside.py")}
    assert here < seen, "where the search runs"
    elsewhere = seen - here
    assert elsewhere and all("/code-" in one for one in elsewhere), "and where the jobs do"
