"""What a node has to have, and what is said of one that has something else."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from archdsl.errors import SearchError, SpecError
from archdsl.study.engines.ray import cluster, engine, task
from archdsl.study.engines.ray.node import unpacked
from archdsl.study.identity.setup import versions
from archdsl.version import VERSION
from tests.study.conftest import tiny_space


@pytest.fixture(autouse=True)
def _somewhere(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(task, "_here", lambda: "10.0.0.2")
    monkeypatch.setattr("archdsl.study.engines.ray.node.node_folder", lambda: tmp_path)


def test_another_archdsl_on_a_node_is_refused() -> None:
    kit: Any = SimpleNamespace(version=VERSION)
    task._refuse_another_version(kit)
    kit.version = "9.9"
    with pytest.raises(SearchError, match=rf"node 10\.0\.0\.2 has archdsl {VERSION}, .* runs 9\.9"):
        task._refuse_another_version(kit)


def test_data_that_a_node_lacks_are_named(tmp_path) -> None:
    code: Any = SimpleNamespace(data=(str(tmp_path),))
    task._refuse_what_is_missing(code)
    code.data = (str(tmp_path / "images"),)
    with pytest.raises(SearchError, match=r"node 10\.0\.0\.2 has no .*/images"):
        task._refuse_what_is_missing(code)


def test_other_versions_on_a_node_are_said_once() -> None:
    said = list[str]()
    ray = engine.RayEngine.__new__(engine.RayEngine)
    ray._known, ray._notice = set(), said.append
    torch = versions()["torch"]
    for _ in range(2):
        ray._see("one", "10.0.0.2", versions())
        ray._see("two", "10.0.0.3", {**versions(), "torch": "2.99"})
    assert said == [
        f"search.engine: node 10.0.0.3 has torch 2.99 (here {torch}): figures of trials there may "
        "differ from those of the others"
    ]


def test_what_is_unpacked_is_there_once_and_whole(tmp_path) -> None:
    made = list[Path]()

    def make(folder: Path) -> None:
        made.append(folder)
        (folder / "file").write_text("x")

    assert unpacked("code-1", make) == unpacked("code-1", make) == tmp_path / "code-1"
    assert len(made) == 1

    def fail(folder: Path) -> None:
        (folder / "half").write_text("x")
        raise OSError(28, "No space left on device")

    with pytest.raises(SearchError, match="No space left on device"):
        unpacked("code-2", fail)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["code-1"]


@pytest.mark.parametrize(
    ("cpus", "gpus", "has", "jobs"),
    [
        (1, 0.0, [{"CPU": 4.0}, {"CPU": 2.0}], 6),
        (4, 0.0, [{"CPU": 4.0}, {"CPU": 3.0}], 1),
        (1, 0.5, [{"CPU": 8.0, "GPU": 2.0}, {"CPU": 8.0}], 4),
        (1, 1.0, [{"CPU": 2.0, "GPU": 8.0}], 2),
        (1, 2.0, [{"CPU": 8.0, "GPU": 3.0}], 1),
    ],
)
def test_how_many_jobs_have_room(monkeypatch, cpus, gpus, has, jobs) -> None:
    nodes = [{"Alive": True, "NodeManagerAddress": "10.0.0.2", "Resources": one} for one in has]
    monkeypatch.setattr(cluster, "_nodes", lambda: nodes)
    assert cluster.room(cpus, gpus) == jobs
    assert cluster.refuse_without_room(cpus, gpus, jobs) is None
    note = cluster.refuse_without_room(cpus, gpus, jobs + 1)
    assert note is not None and "the others wait" in note
    with pytest.raises(SearchError, match=r"a job takes 99 cores.* no node .* has that"):
        cluster.refuse_without_room(99, gpus, 1)


def test_without_ray_its_command_is_named(monkeypatch) -> None:
    cluster.refuse_without_ray()
    monkeypatch.setattr(cluster, "find_spec", lambda name: None)
    with pytest.raises(SearchError, match=r"pip install archdsl\[ray\]"):
        cluster.refuse_without_ray()


def test_it_asks_for_a_shared_folder(tmp_path) -> None:
    tiny_space(engine="ray", shared=f"file://{tmp_path}/x").spec.settings()
    with pytest.raises(SpecError, match=r"search\.shared: file:///"):
        tiny_space(engine="ray").spec.settings()
