"""The user's code and data travel to a node, where nothing of them is found by luck."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import archdsl
from archdsl.errors import SearchError
from archdsl.study import events, search
from archdsl.study.engines import handed
from archdsl.study.engines.handed import SharedData, prepared_again
from archdsl.study.engines.moved import Travelled
from archdsl.study.engines.ray import node, task
from archdsl.study.engines.ray.code_pack import pack
from archdsl.study.engines.ray.kit import Kit, arrays_of
from archdsl.study.engines.ray.node import node_folder, unpacked
from archdsl.study.engines.seat import Limits
from archdsl.training import DataSource, Recipe, prepare

SPEC = """\
archdsl: 1
name: mine
imports: [./parts/mixer.py]
input: [1, 8, 8]
classes: 2
stem: {type: conv, kernel: 4, stride: 4, padding: 0}
block: {norm: layer_norm, token_mixer: {choice: [pooling, halved]}, channel_mixer: mlp}
stages: [{dim: 8, depth: 1}]
"""

MIXER = """\
from torch import nn

import archdsl
import halving

print("the mixer is in", __file__, flush=True)


@archdsl.token_mixer("halved")
class Halved(nn.Module):
    '''Half of what comes in.'''

    def __init__(self, dim: int):
        super().__init__()

    def forward(self, x):
        return halving.half(x)
"""

DATA = """\
from pathlib import Path

import lightning.pytorch as pl
import torch
from torch.utils.data import DataLoader, TensorDataset

from sides import SIDE


class Blobs(pl.LightningDataModule):
    def __init__(self, number: Path):
        super().__init__()
        print("the data are made by", __file__, flush=True)
        count = int(number.read_text())
        labels = torch.arange(count) % 2
        images = torch.randn(count, 1, SIDE, SIDE) + labels[:, None, None, None]
        self.set = TensorDataset(images, labels)

    def train_dataloader(self):
        return DataLoader(self.set, 8)

    val_dataloader = train_dataloader
"""

JUDGE = """\
from measuring import depth


def judge(candidate):
    print("judged by", __file__, flush=True)
    return depth(candidate)
"""

FILES = {
    "space.yaml": SPEC,
    "parts/mixer.py": MIXER,
    "parts/halving.py": "def half(x):\n    return x / 2\n",
    "mydata.py": DATA,
    "sides.py": "SIDE = 8\n",
    "number.txt": "32",
    "judging.py": JUDGE,
    "measuring.py": "def depth(candidate):\n    return len(candidate.decisions)\n",
}


@pytest.fixture
def project(tmp_path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "project"


def space_of(project: Path, **given: Any) -> Any:
    """The space of the project; `given` are settings of its search."""
    patches = {f"search.{key}": value for key, value in given.items()}
    return archdsl.space(archdsl.load(project / "space.yaml", set=patches))


PROXY: dict[str, Any] = {
    "datamodule": {"type": "mydata:Blobs", "number": "number.txt"},
    "epochs": 1,
    "warmup": 0,
    "batch": 8,
}


def said_on_nodes(project: Path, tmp_path: Path, cluster: Any, evaluate: Any, **given: Any) -> Any:
    """What is printed where jobs run, as pairs of words and a file, and the result."""
    space = space_of(
        project, trials=2, final=None, shared=f"file://{tmp_path}/shared",
        engine={"type": "ray", "address": cluster.address}, **given,
    )  # fmt: skip
    heard: list[Any] = []
    result = search(
        space, evaluate=evaluate, out=tmp_path / "run", settings=space.spec.settings(),
        listener=heard.append,
    )  # fmt: skip
    lines = [event.line for event in heard if isinstance(event, events.Said)]
    return {(one.rpartition(" ")[0], Path(one.rpartition(" ")[2])) for one in lines}, result


@pytest.mark.slow
def test_components_and_a_datamodule_travel_with_what_they_import(
    cluster, project, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(sys, "path", sys.path[:])
    said, result = said_on_nodes(project, tmp_path, cluster, None, proxy=PROXY)
    assert [trial.state for trial in result.trials] == ["complete"] * 2
    assert {words for words, _ in said} == {"the mixer is in", "the data are made by"}
    for words, file in said:
        assert file.is_relative_to(node_folder()), words
        assert str(file).endswith(str(project / ("parts/mixer.py" if "mixer" in words else
                                                 "mydata.py")))  # fmt: skip


@pytest.mark.slow
def test_an_own_evaluate_travels_with_what_it_imports(
    cluster, project, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(sys, "path", [str(project), *sys.path])
    from judging import judge  # type: ignore[import-not-found]

    said, result = said_on_nodes(project, tmp_path, cluster, judge)
    assert [trial.values for trial in result.trials] == [(1.0,)] * 2
    (file,) = (file for words, file in said if words == "judged by")
    assert file.is_relative_to(node_folder()) and file.name == "judging.py"


def test_a_pack_has_the_files_and_nothing_that_is_installed(project, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(sys, "path", sys.path[:])
    space = space_of(project, proxy=PROXY)
    settings = space.spec.settings().proxy
    from archdsl.study.engines.proxy_training import ProxyTraining

    ProxyTraining(space, settings).prepare()
    packed = pack(space, settings)
    assert packed == pack(space, settings)
    (tmp_path / "node").mkdir()
    packed.unpack(tmp_path / "node")
    moved = Travelled(tmp_path / "node")
    found = {moved.there(path) for path in moved.root.rglob("*.py")}
    assert found == {project / name for name in FILES if name.endswith(".py")} - {
        project / "judging.py", project / "measuring.py"
    }  # fmt: skip
    assert str(project) in packed.looked_in
    (project / "sides.py").write_text("SIDE = 8  # another text\n")
    assert pack(space, settings).digest != packed.digest


def test_a_path_is_the_same_there_and_back(tmp_path) -> None:
    moved = Travelled(tmp_path / "node")
    here = moved.here(Path("/data/project/mine.py"))
    assert here == tmp_path / "node" / "data" / "project" / "mine.py"
    assert moved.there(here) == Path("/data/project/mine.py")
    assert moved.there(Path("/elsewhere")) == Path("/elsewhere")


def test_data_in_memory_travel_and_are_mapped_on_the_node(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(handed, "LARGE", 1)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    prepared = prepare(Recipe(), DataSource(), (1, 12, 12), 10)
    shared = SharedData(tmp_path / "shared")
    data = shared.of(prepared)
    kit = Kit("1", {}, None, None, None, Limits(), 1, 0.0, data, "", "", arrays_of(data))
    there = kit.read_data()
    shared.close()
    assert there is not None and data is not None and there.pickled == data.pickled
    again = prepared_again(there, lambda: None)
    for split in ("train", "val"):
        was, now = (getattr(one.data, split).images for one in (prepared, again))
        assert isinstance(now, np.memmap) and np.array_equal(was, now)
        assert Path(str(now.filename)).is_relative_to(node_folder())
    assert kit.read_data() == there
    assert replace(kit, data=None, arrays={}).read_data() is None


def test_a_node_without_the_data_is_named(project, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(task, "_here", lambda: "10.0.0.3")
    (tmp_path / "images").mkdir()
    space = space_of(project, proxy={"data": {"type": "image_folder", "path": "../images"}})
    packed = pack(space, space.spec.settings().proxy)
    task._refuse_what_is_missing(packed)
    (tmp_path / "images").rmdir()
    with pytest.raises(SearchError) as said:
        task._refuse_what_is_missing(packed)
    assert str(said.value) == (
        f"search.proxy.data: node 10.0.0.3 has no {project}/../images.  every node reads it under "
        "that path: put it there, or on a file system that all of them have"
    )


def test_what_is_unpacked_is_whole_and_goes_when_it_is_old(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    made = list[Path]()

    def make(folder: Path) -> None:
        made.append(folder)
        (folder / "file").write_text("x")

    def full(folder: Path) -> None:
        (folder / "part").write_text("x")
        raise OSError(28, "No space left on device")

    first = unpacked("one", make)
    assert unpacked("one", make) == first and len(made) == 1
    assert (first / "file").is_file()
    with pytest.raises(SearchError, match="two cannot be written: No space left on device"):
        unpacked("two", full)
    assert [path.name for path in node_folder().iterdir()] == ["one"]
    monkeypatch.setattr(node, "KEPT", -1.0)
    unpacked("three", make)
    assert [path.name for path in node_folder().iterdir()] == ["three"]


def test_a_folder_of_somebody_else_is_not_used(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    node_folder().chmod(0o777)
    with pytest.raises(SearchError, match="is another's, or open to others"):
        node_folder()
