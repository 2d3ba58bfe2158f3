"""State dicts in files."""

from __future__ import annotations

import argparse
import os
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from archdsl.checkpoints import read, write
from archdsl.errors import BuildError

TENSORS = {"b.weight": torch.arange(6.0).reshape(2, 3), "a": torch.ones(1)}


def same(found, wanted=TENSORS):
    assert sorted(found) == sorted(wanted)
    for name, tensor in wanted.items():
        assert found[name].dtype == tensor.dtype
        assert torch.equal(found[name], tensor)


@pytest.mark.parametrize("name", ["x.safetensors", "x.pth", "x.pt", "x.bin"])
def test_what_is_written_is_read(tmp_path, name):
    write(tmp_path / name, TENSORS)
    same(read(tmp_path / name))
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    "content",
    [
        TENSORS,
        {"state_dict": TENSORS, "epoch": 3},
        {"model": TENSORS, "optimizer": {"state": {}}, "lr": 1e-3},
        {"state_dict": TENSORS, "args": argparse.Namespace(lr=1e-3, name="run", sizes=[1, 2])},
    ],
    ids=["flat", "state_dict", "model", "with_the_arguments_of_a_trainer"],
)
@pytest.mark.parametrize("ending", ["pth", "pth.tar"])
def test_what_trainers_write_is_read(tmp_path, content, ending):
    torch.save(content, tmp_path / f"x.{ending}")
    same(read(tmp_path / f"x.{ending}"))


def test_the_old_form_of_torch_files_is_read(tmp_path):
    torch.save(TENSORS, tmp_path / "x.pth", _use_new_zipfile_serialization=False)
    same(read(tmp_path / "x.pth"))


class Hostile:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize("place", ["alone", "beside", "arguments"])
def test_a_pickle_with_code_is_refused_and_the_code_does_not_run(tmp_path, place):
    mark = tmp_path / "was_run"
    hostile = Hostile(mark)
    content = {
        "alone": hostile,
        "beside": {"state_dict": TENSORS, "note": hostile},
        "arguments": {"state_dict": TENSORS, "args": argparse.Namespace(x=hostile)},
    }[place]
    torch.save(content, tmp_path / "x.pth")
    with pytest.raises(BuildError, match=r"x\.pth cannot be read as weights"):
        read(tmp_path / "x.pth")
    assert not mark.exists()


def test_a_plain_pickle_with_code_is_refused_and_the_code_does_not_run(tmp_path):
    mark = tmp_path / "was_run"
    (tmp_path / "x.pth").write_bytes(pickle.dumps(Hostile(mark)))
    with pytest.raises(BuildError, match="cannot be read as weights"):
        read(tmp_path / "x.pth")
    assert not mark.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([1, 2], "holds no state dict"),
        ({}, "holds no state dict"),
        ({"state_dict": {}}, "holds no state dict"),
        ({"a": torch.ones(1), "epoch": 3}, "holds no state dict"),
        ({"a": torch.ones(1), 3: torch.ones(1)}, "holds no state dict"),
        (torch.ones(1), "holds no state dict"),
    ],
)
def test_a_file_without_a_state_dict_is_refused(tmp_path, content, said):
    torch.save(content, tmp_path / "x.pth")
    with pytest.raises(BuildError, match=said):
        read(tmp_path / "x.pth")


@pytest.mark.parametrize("name", ["x.safetensors", "x.pth"])
@pytest.mark.parametrize("content", [b"", b"no weights at all", b"\0" * 100])
def test_a_file_of_something_else_is_refused_in_words(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BuildError) as caught:
        read(tmp_path / name)
    text = str(caught.value)
    assert f"{name} cannot be read as weights" in text
    assert text.endswith("archdsl reads safetensors, and pickles of plain tensors without code")


def test_what_is_code_in_a_pickle_is_named(tmp_path):
    torch.save({"state_dict": TENSORS, "model": torch.nn.Bilinear(1, 1, 1)}, tmp_path / "x.pth")
    (tmp_path / "y.pth").write_bytes(b"hello")
    for name, said in (
        ("x.pth", "it holds torch.nn.modules.linear.Bilinear, which is code"),
        ("y.pth", "it is not what torch.save writes"),
    ):
        with pytest.raises(BuildError) as caught:
            read(tmp_path / name)
        assert str(caught.value).splitlines() == [
            f"{tmp_path / name} cannot be read as weights: {said}",
            "  archdsl reads safetensors, and pickles of plain tensors without code",
        ]


def test_half_a_file_is_refused(tmp_path):
    for name in ("x.safetensors", "x.pth"):
        write(tmp_path / name, {"a": torch.ones(1000)})
        whole = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(whole[: len(whole) // 2])
        with pytest.raises(BuildError, match="cannot be read as weights"):
            read(tmp_path / name)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "no.pth", tmp_path):
        with pytest.raises(BuildError, match="there is no weights file"):
            read(path)


def test_another_ending_is_refused_with_those_there_are(tmp_path):
    with pytest.raises(BuildError, match=r"x\.npz: weights are written to \.safetensors, or to"):
        write(tmp_path / "x.npz", TENSORS)


def test_a_place_that_cannot_be_written_to_is_told(tmp_path):
    with pytest.raises(BuildError, match=r"x\.pth: cannot be written \(No such file"):
        write(tmp_path / "nowhere" / "x.pth", TENSORS)


@pytest.mark.parametrize("name", ["x.safetensors", "x.pth"])
def test_views_of_one_storage_are_written_each_with_its_own(tmp_path, name):
    whole = torch.arange(1000.0)
    views = {"a": whole[:10].reshape(2, 5).t(), "b": whole[5:15]}
    write(tmp_path / name, views)
    same(read(tmp_path / name), views)
    assert (tmp_path / name).stat().st_size < 4000


def test_a_file_that_is_there_already_is_replaced_whole(tmp_path):
    path = tmp_path / "x.safetensors"
    save_file({"old": torch.ones(1)}, path)
    write(path, TENSORS)
    same(read(path))
