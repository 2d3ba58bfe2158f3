"""Models from the Hub and to it, with its own calls put aside: nothing reaches the network."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

import archdsl
from archdsl.errors import ArchError, BuildError

huggingface_hub = pytest.importorskip("huggingface_hub")

TINY = """\
archdsl: 1
name: tiny
input: [3, 16, 16]
classes: 4
stem: {type: conv, kernel: 4, stride: 4, padding: 0}
block: {norm: layer_norm, token_mixer: pooling, channel_mixer: mlp}
stages:
  - {dim: 8, depth: 1}
"""


class Hub:
    """What is kept of repositories: a folder each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: dict[str, Any] = {}

    def create_repo(self, repo_id: str, **options: Any) -> Any:
        self.asked |= options
        return SimpleNamespace(repo_id=repo_id if "/" in repo_id else f"me/{repo_id}")

    def upload_folder(self, repo_id: str, folder_path: Path, **options: Any) -> Any:
        self.asked |= options
        shutil.copytree(folder_path, self.folder / repo_id)
        return SimpleNamespace(commit_url=f"hub/{repo_id}/commit/1")

    def download(self, name: str, allow_patterns: list[str], **options: Any) -> str:
        self.asked |= {"allow_patterns": allow_patterns, **options}
        if not (self.folder / name).is_dir():
            raise huggingface_hub.errors.LocalEntryNotFoundError("cannot find it")
        return str(self.folder / name)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hub:
    monkeypatch.chdir(tmp_path)
    hub = Hub(tmp_path / "hub")
    monkeypatch.setattr(huggingface_hub, "HfApi", lambda token=None: hub)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", hub.download)
    return hub


@pytest.fixture
def model() -> Any:
    return archdsl.build(archdsl.loads(TINY)).eval()


def test_what_is_pushed_comes_back(hub: Hub, model: Any) -> None:
    assert archdsl.hub.push_to_hub(model, "tiny", private=True) == "hub/me/tiny/commit/1"
    assert hub.asked["private"] is True
    files = sorted(path.name for path in (hub.folder / "me" / "tiny").iterdir())
    assert files == ["README.md", "config.json", "model.safetensors", "spec.yaml"]
    again = archdsl.hub.from_pretrained("me/tiny", revision="main")
    assert hub.asked["revision"] == "main"
    assert not any(
        pattern.endswith((".bin", ".pt", ".pth")) for pattern in hub.asked["allow_patterns"]
    )
    assert not again.training
    images = torch.randn(2, 3, 16, 16)
    with torch.no_grad():
        assert torch.equal(again(images), model(images))


def test_a_folder_is_saved_pushed_and_read_without_the_hub(hub: Hub, model: Any) -> None:
    assert archdsl.hub.save_pretrained(model, "kept") == Path("kept")
    assert not hub.folder.exists()
    assert type(archdsl.hub.from_pretrained("kept")) is type(model)
    archdsl.hub.save_pretrained(model, "kept", push=True)
    assert (hub.folder / "me" / "kept" / "spec.yaml").is_file()
    with pytest.raises(BuildError, match=r"repo_id is about the Hub\.  write  push=True"):
        archdsl.hub.save_pretrained(model, "kept", repo_id="me/x")


def test_python_of_a_repository_runs_only_where_that_is_said(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "mixers.py").write_text("raise RuntimeError('it ran')\n")
    folder = hub.folder / "me" / "own"
    folder.parent.mkdir(parents=True)
    archdsl.save(archdsl.build(archdsl.loads(TINY)), f"{folder}/")
    text = (folder / "spec.yaml").read_text()
    (folder / "spec.yaml").write_text(f"{text}\nimports: [./mixers.py]\n")
    shutil.copy(tmp_path / "mixers.py", folder)
    with pytest.raises(ArchError) as caught:
        archdsl.hub.from_pretrained("me/own")
    assert "it ran" not in str(caught.value)
    with pytest.raises(ArchError, match="it ran"):
        archdsl.hub.from_pretrained("me/own", imports=True)


def test_a_network_that_is_not_there_is_said_in_words(
    model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    nowhere, api = "http://127.0.0.1:9", huggingface_hub.HfApi
    monkeypatch.setattr(huggingface_hub, "HfApi", lambda token=None: api(nowhere, token="none"))
    says = r"{} was not uploaded: .*refused\.  see to the name, the token, the network$"
    with pytest.raises(BuildError, match=says.format("me/tiny")):
        archdsl.hub.push_to_hub(model, "me/tiny")
    with pytest.raises(BuildError, match=says.format("kept")):
        archdsl.hub.save_pretrained(model, "kept", push=True)
    assert type(archdsl.hub.from_pretrained("kept")) is type(model), "it was saved before"
    fetch = huggingface_hub.snapshot_download
    monkeypatch.setattr(
        huggingface_hub, "snapshot_download",
        lambda *names, **options: fetch(*names, endpoint=nowhere, **options),
    )  # fmt: skip
    with pytest.raises(BuildError, match=r"me/none cannot be had: .*see to the name, the token"):
        archdsl.hub.from_pretrained("me/none", cache_dir=tmp_path / "cache")


def test_what_cannot_be_had_is_said_in_words(
    hub: Hub, model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(
        BuildError, match=r"me/none cannot be had: cannot find it\.  see to the name"
    ):
        archdsl.hub.from_pretrained("me/none")
    with pytest.raises(
        BuildError, match="there is no folder 'none', and a repository of the Hub is"
    ):
        archdsl.hub.from_pretrained("none")
    monkeypatch.setattr(hub, "create_repo", None)
    with pytest.raises(TypeError):  # no mistake of the user's
        archdsl.hub.push_to_hub(model, "tiny")
    monkeypatch.setitem(__import__("sys").modules, "huggingface_hub", None)
    with pytest.raises(BuildError, match=r"pip install 'archdsl\[hub\]'"):
        archdsl.hub.push_to_hub(model, "tiny")
