"""The arguments of a class of the user's own are held against its signature."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest

import archdsl
from archdsl.cli import main
from archdsl.errors import SearchError
from archdsl.training.arguments import arguments

ADDRESS = "search.proxy.datamodule"


class Shapes:
    def __init__(
        self,
        root: str,
        size: int = 64,
        rate: float = 0.5,
        flip: bool = False,
        mode: Literal["fast", "slow"] = "fast",
        folder: Path | None = None,
        sizes: list[int] | None = None,
        pair: tuple[int, int] = (1, 2),
        extra: Any = None,
        *,
        where: list[Path] = [],  # noqa: B006
        either: str | int = 0,
        mapping: dict[str, int] | None = None,
    ) -> None: ...


class Plain:
    def __init__(self, model, width=8, name="a"): ...


class Open:
    def __init__(self, model, **rest): ...


class Unreadable:
    def __init__(self, size: NotDefinedAnywhere = 3) -> None: ...  # type: ignore[name-defined]  # noqa: F821


def given(beside: Path, cls: type = Shapes, own: tuple[str, ...] = (), **values: Any) -> Any:
    return arguments(cls, values.items(), beside, ADDRESS, own)


@pytest.mark.parametrize(
    ("values", "become"),
    [
        ({"size": 32}, {"size": 32}),
        ({"size": "2k"}, {"size": 2000}),
        ({"rate": 1}, {"rate": 1.0}),
        ({"flip": True, "mode": "slow"}, {"flip": True, "mode": "slow"}),
        ({"folder": None}, {"folder": None}),
        ({"sizes": [1, 2]}, {"sizes": [1, 2]}),
        ({"sizes": None}, {"sizes": None}),
        ({"pair": [3, 4]}, {"pair": (3, 4)}),
        ({"extra": {"a": [1, "2k"]}}, {"extra": {"a": [1, "2k"]}}),
        ({"either": "x"}, {"either": "x"}),
        ({"mapping": {"a": 1}}, {"mapping": {"a": 1}}),
    ],
)
def test_values_arrive_as_the_signature_says(tmp_path: Path, values: Any, become: Any) -> None:
    found = given(tmp_path, root="cifar", **values)
    assert found == {"root": "cifar", **become}
    assert [type(v) for v in found.values()] == [str, *(type(v) for v in become.values())]


def test_a_path_is_one_from_the_folder_of_the_spec(tmp_path: Path) -> None:
    found = given(
        tmp_path, root="./x", folder="images", extra=["../y", "z"], where=["a", "/b"], either="./w"
    )
    assert found == {
        "root": str(tmp_path / "x"),
        "folder": tmp_path / "images",
        "extra": [f"{tmp_path}/../y", "z"],
        "where": [tmp_path / "a", Path("/b")],
        "either": str(tmp_path / "w"),
    }


TAKES = (
    "Shapes takes: root, size (64), rate (0.5), flip (false), mode (fast), folder (none), "
    "sizes (none), pair ([1, 2]), extra (none), where ([]), either (0), mapping (none)"
)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"sise": 3}, f".sise: Shapes has no argument 'sise'.  did you mean 'size'?  {TAKES}"),
        ({"self": 3}, f".self: Shapes has no argument 'self'.  {TAKES}"),
        ({"size": "many"}, f".size: 'many' is not an int.  {TAKES}"),
        ({"size": 0.5}, f".size: 0.5 is not an int.  {TAKES}"),
        ({"size": None}, f".size: none is not an int.  {TAKES}"),
        ({"flip": 1}, f".flip: 1 is not true or false.  {TAKES}"),
        ({"mode": "quick"}, f".mode: 'quick' is not one of fast | slow.  {TAKES}"),
        ({"sizes": 3}, f".sizes: 3 is not a list of int.  {TAKES}"),
        ({"sizes": ["a"]}, f".sizes: [a] is not an int.  {TAKES}"),
        ({"pair": [1]}, f".pair: [1] is not a list of 2.  {TAKES}"),
    ],
)
def test_what_it_does_not_take_is_said(tmp_path: Path, values: Any, words: str) -> None:
    with pytest.raises(SearchError) as caught:
        given(tmp_path, root="x", **values)
    assert str(caught.value) == f"{ADDRESS}{words}"


def test_what_it_needs_is_said(tmp_path: Path) -> None:
    with pytest.raises(SearchError) as caught:
        given(tmp_path, size=3)
    assert str(caught.value) == (
        f"{ADDRESS}: Shapes needs its argument 'root'.  write  {ADDRESS}.root: ...  or give it a "
        "default"
    )


def test_what_archdsl_passes_is_not_the_users(tmp_path: Path) -> None:
    assert given(tmp_path, Plain, ("the model",), width="3k", name="2k") == {
        "width": 3000,
        "name": "2k",
    }
    with pytest.raises(SearchError) as caught:
        given(tmp_path, Plain, ("the model",), model=3)
    assert str(caught.value) == f"{ADDRESS}.model: Plain gets the model there.  drop it"
    with pytest.raises(SearchError, match=r"Plain takes: width \(8\), name \(a\)"):
        given(tmp_path, Plain, ("the model",), widht=3)


def test_a_class_that_takes_whatever_there_is(tmp_path: Path) -> None:
    assert given(tmp_path, Open, ("the model",), a=1, root="./x") == {
        "a": 1,
        "root": str(tmp_path / "x"),
    }
    assert given(tmp_path, Unreadable, size="./x") == {"size": str(tmp_path / "x")}
    with pytest.raises(SearchError, match="object takes none"):
        given(tmp_path, object, a=1)


CODE = """
import lightning.pytorch as pl
import torch
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

SEEN = []


class Data(pl.LightningDataModule):
    def __init__(self, root, sizes: list[int], number: int = 32):
        super().__init__()
        SEEN.append((root, list(sizes), number))
        self.number = number
        sizes.append(0)  # what it gets is its own

    def train_dataloader(self):
        labels = torch.arange(self.number) % 2
        return DataLoader(TensorDataset(torch.rand(self.number, 1, 8, 8), labels), batch_size=8)

    val_dataloader = test_dataloader = train_dataloader


class Module(pl.LightningModule):
    def __init__(self, model, rate: float, names=("accuracy",)):
        super().__init__()
        self.model, self.rate, self.names = model, rate, names

    def training_step(self, batch, batch_idx):
        return cross_entropy(self.model(batch[0]), batch[1])

    def validation_step(self, batch, batch_idx):
        for name in self.names:
            self.log(name, self.rate)

    test_step = validation_step

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.rate)
"""
SPEC = """archdsl: 1
name: own
input: [1, 8, 8]
classes: 2
stem: {type: conv, kernel: 3, stride: 2}
block: {norm: layer_norm, token_mixer: {choice: [pooling, identity]}, channel_mixer: mlp}
stages: [{dim: 8, depth: 1}]
search:
  trials: 1
  proxy:
    epochs: 1
    datamodule: {type: "arguments_of_mine:Data", root: ./x, sizes: [1, 2]}
    module: {type: "arguments_of_mine:Module", rate: 0.25}
"""


def test_a_search_gives_them_and_a_child_changes_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "arguments_of_mine.py").write_text(CODE)
    (tmp_path / "own.yaml").write_text(SPEC)
    (tmp_path / "child.yaml").write_text(
        "archdsl: 1\nextends: ./own.yaml\nsearch.proxy.datamodule.number: 16\n"
    )
    run = tmp_path / "run"
    result = archdsl.search(tmp_path / "own.yaml", out=run)
    assert result.best is not None
    assert result.best.metrics["accuracy"] == 0.25
    from arguments_of_mine import SEEN  # type: ignore[import-not-found]

    assert set(map(str, SEEN)) == {str((f"{tmp_path}/x", [1, 2], 32))}
    with pytest.raises(SearchError) as caught:
        archdsl.search(tmp_path / "child.yaml", out=run)
    assert str(caught.value) == (
        f"{run} holds a search in which search.proxy.datamodule.number was not there, and now it "
        "is 16.  put it back to go on with that search, or choose another --out"
    )
    assert len(archdsl.search(tmp_path / "own.yaml", out=run, trials=2).trials) == 2
    assert main(["check", str(tmp_path / "child.yaml")]) == 0
    said = capsys.readouterr().out
    assert "  datamodule arguments_of_mine:Data(root=./x, sizes=[1, 2], number=16)\n" in said
    assert "  module arguments_of_mine:Module(rate=0.25)\n" in said
