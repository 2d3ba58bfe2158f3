"""A search on a cluster of three nodes is the search on one machine, whatever is killed."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from archdsl.study.record.folder import read_state
from tests.study.engines.on_ray.clusters import Nodes, nodes, start

EPOCHS = 25


@pytest.fixture(scope="module")
def cluster() -> Iterator[Nodes]:
    with nodes() as made:
        yield made


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
