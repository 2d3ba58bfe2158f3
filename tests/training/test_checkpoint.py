"""A checkpoint is whole or not there, and of one training alone."""

from __future__ import annotations

import dataclasses
import errno
import io
import sys
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from archdsl.drafts import name_beside
from archdsl.errors import SearchError
from archdsl.training import prepare
from archdsl.training.checkpoint import Sealed, trained_so_far
from archdsl.training.recipe import later
from archdsl.training.train import train_model

ONE = {"seed": 0, "epochs": 2, "network": "a", "data": "b"}
HISTORY = [{"accuracy": 0.5}]


def written(path: Path, **others: Any) -> bytes:
    """A small checkpoint."""
    state = {"training": {"of": ONE, "history": HISTORY}, "weights": torch.arange(6.0), **others}
    Sealed().save_checkpoint(state, path)
    return path.read_bytes()


def so_far(path: Path, **others: Any) -> Any:
    return trained_so_far(path, {**ONE, **others}, weights_only=True)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "state.ckpt"
    assert so_far(path) is None
    written(path)
    assert so_far(path) == HISTORY
    assert Sealed().load_checkpoint(path, weights_only=True)["weights"].tolist() == list(range(6))
    assert [file.name for file in tmp_path.iterdir()] == ["state.ckpt"]


@given(data=st.data())
def test_a_byte_that_changed_and_an_end_that_is_missing_are_found(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("damaged") / "state.ckpt"
    content = bytearray(written(path))
    where = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        del content[where:]
    else:
        content[where] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    with pytest.raises(ValueError, match="is not as it was written"):
        Sealed().load_checkpoint(path)
    damaged = path.read_bytes()
    with redirect_stderr(io.StringIO()) as said:
        assert so_far(path) is None
    aside = path.with_name("state.ckpt.unreadable")
    assert said.getvalue() == (
        f"{path} cannot be gone on from: it is not as it was written.  it is kept as "
        "state.ckpt.unreadable, and its training begins anew\n"
    )
    assert [file.name for file in path.parent.iterdir()] == [aside.name]
    assert aside.read_bytes() == damaged
    written(path)
    with redirect_stderr(io.StringIO()) as said:
        assert so_far(path) == HISTORY
    assert said.getvalue() == ""


@pytest.mark.parametrize("stream", [None, "closed"])
def test_where_nothing_can_be_said_the_training_begins_anew_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stream: str | None
) -> None:
    path = tmp_path / "state.ckpt"
    path.write_bytes(written(path)[:-1])
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stderr", stream and closed)
    assert so_far(path) is None


class Gone:
    """A class that is not there any more when the checkpoint is read."""


def test_a_state_that_needs_what_is_gone_is_kept_and_the_reason_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "state.ckpt"
    before = written(path, more=Gone())
    kept = Gone
    assert trained_so_far(path, ONE, weights_only=False) == HISTORY
    monkeypatch.delattr(sys.modules[Gone.__module__], "Gone")
    assert trained_so_far(path, ONE, weights_only=False) is None
    said = capsys.readouterr().err
    assert said.startswith(f"{path} cannot be gone on from: AttributeError: ")
    assert kept.__name__ in said
    assert said.endswith(".  it is kept as state.ckpt.unreadable, and its training begins anew\n")
    assert (tmp_path / "state.ckpt.unreadable").read_bytes() == before


@pytest.mark.parametrize(
    ("others", "words"),
    [
        ({"seed": 1}, "its seed was 0, and now it is 1"),
        ({"epochs": 3}, "its epochs was 2, and now it is 3"),
        ({"network": "c"}, "its network was another"),
        ({"data": "c"}, "its data were another"),
    ],
)
def test_the_checkpoint_of_another_training_is_refused(
    tmp_path: Path, others: dict[str, Any], words: str
) -> None:
    path = tmp_path / "state.ckpt"
    before = written(path)
    with pytest.raises(SearchError) as caught:
        so_far(path, **others)
    assert str(caught.value) == (
        f"{path} is the checkpoint of another training: {words}.  name another file, or delete "
        "this one"
    )
    assert path.read_bytes() == before


def test_a_checkpoint_from_before_some_fields_of_a_recipe_is_gone_on_from(tmp_path: Path) -> None:
    path = tmp_path / "state.ckpt"
    written(path)
    as_ever = {name: value for name, value in later().items() if name != "accumulate"}
    assert so_far(path, **as_ever) == HISTORY
    for name, other in (("ema", 0.5), ("optimizer", "lamb"), ("augmentation", {"flip": 0.5})):
        with pytest.raises(SearchError, match=f"another training: its {name} was "):
            so_far(path, **{**as_ever, name: other})


def test_what_is_no_file_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(SearchError) as caught:
        so_far(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path} cannot be read: no regular file.  see to it, or name another file"
    )


def test_a_draft_that_a_kill_left_is_removed_and_the_last_state_stands(tmp_path: Path) -> None:
    path = tmp_path / "state.ckpt"
    before = written(path)
    name_beside(path).write_bytes(before[:100])
    assert len(list(tmp_path.iterdir())) == 2
    assert path.read_bytes() == before
    assert so_far(path) == HISTORY
    assert [file.name for file in tmp_path.iterdir()] == ["state.ckpt"]


def test_a_disk_that_is_full_is_said_to_be_so_and_is_left_no_fuller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "state.ckpt"
    before = written(path)

    def full(*given: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(SearchError) as caught:
        written(path, more=1)
    assert str(caught.value) == (
        f"{path} cannot be written: No space left on device.  see to it, and the same command "
        "goes on"
    )
    assert [file.name for file in tmp_path.iterdir()] == ["state.ckpt"]
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("seed", "its seed was 0, and now it is 1"),
        ("lr", "its lr was 0.01, and now it is 0.5"),
        ("layers", "its network was another"),
        ("act", "its network was another"),
        ("data", "its data were another"),
    ],
)
def test_a_training_refuses_the_checkpoint_of_another(
    network, recipe, source, digits, tmp_path: Path, change: str, words: str
) -> None:
    path = tmp_path / "state.ckpt"
    short = dataclasses.replace(recipe, steps_per_epoch=2, validation_steps=1)
    few = dataclasses.replace(digits, recipe=short, steps=2)
    done = train_model(network(), short, few, 0, checkpoint=path)
    seed, other, model, data = 0, short, network(), few
    if change == "seed":
        seed = 1
    elif change == "lr":
        other = dataclasses.replace(short, lr=0.5)
    elif change == "layers":
        model.append(nn.Linear(10, 10))
    elif change == "act":
        model[2] = nn.GELU()
    else:
        noisy = dataclasses.replace(
            source, component=dataclasses.replace(source.component, options=_noisy(source))
        )
        data = prepare(short, noisy, (1, 8, 8), 10)
    with pytest.raises(SearchError) as caught:
        train_model(model, other, data, seed, checkpoint=path)
    assert f"another training: {words}.  name" in str(caught.value)
    assert train_model(network(), short, few, 0, checkpoint=path).history == done.history


def _noisy(source: Any) -> Any:
    options = dict(source.component.options) | {"noise": 0.5}
    return tuple(options.items())
