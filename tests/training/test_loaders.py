"""Loaders of the user's own whose lengths are unknown, wrong, or say nothing."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import pytest
import torch
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from archdsl.errors import SearchError
from archdsl.training.data_source import DataSource
from archdsl.training.loaders import examined
from archdsl.training.module import CheckedClassifier
from archdsl.training.prepare import prepare
from archdsl.training.recipe import Recipe
from archdsl.training.train import train_model

RECIPE = Recipe(datamodule="mine:Data", epochs=2)
STEPS = dataclasses.replace(RECIPE, steps_per_epoch=3)
ADDRESS = "search.proxy.datamodule: "
IMAGES = torch.rand(64, 1, 8, 8, generator=torch.Generator().manual_seed(0))
LABELS = torch.arange(64) % 2
BATCHES = [(IMAGES[i : i + 16], LABELS[i : i + 16]) for i in range(0, 64, 16)]


class Stream(IterableDataset):
    """Four batches without a length."""

    def __iter__(self):
        return iter(zip(IMAGES, LABELS, strict=True))


class Endless(IterableDataset):
    def __iter__(self):
        return itertools.cycle(zip(IMAGES, LABELS, strict=True))


class Sized(Stream):
    """A stream that says how many images it has."""

    def __init__(self, says: Any) -> None:
        self.says = says

    def __len__(self) -> int:
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


class Loader:
    """A loader of another make."""

    def __init__(self, says: Any = None, batches: Any = BATCHES) -> None:
        self.says = says
        self.batches = batches

    def __iter__(self):
        return iter(self.batches)

    def __len__(self) -> int:
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


def loader(data: Any, **options: Any) -> DataLoader:
    return DataLoader(data, batch_size=16, **options)


def known() -> DataLoader:
    return loader(TensorDataset(IMAGES, LABELS))


def data(train: Any, val: Any = known) -> type[pl.LightningDataModule]:
    class Data(pl.LightningDataModule):
        def train_dataloader(self) -> Any:
            return train()

        def val_dataloader(self) -> Any:
            return val()

    return Data


def steps(train: Any, val: Any = known, recipe: Recipe = RECIPE) -> int:
    return examined(data(train, val), "mine:Data", recipe, {}).steps


def refused(train: Any, val: Any = known, recipe: Recipe = RECIPE) -> str:
    with pytest.raises(SearchError) as caught:
        steps(train, val, recipe)
    return str(caught.value)


NO_LENGTH = (
    f"{ADDRESS}the training loader of mine:Data has no length, and the schedule of the learning "
    "rate follows from it.  write  search.proxy.steps_per_epoch: N"
)


@pytest.mark.parametrize(
    "train",
    [
        lambda: loader(Stream()),
        lambda: loader(Endless()),
        lambda: loader(Sized(TypeError("no length"))),
        lambda: loader(Sized(NotImplementedError())),
        lambda: loader(Sized(float("inf"))),
        lambda: loader(Stream(), drop_last=True),
        lambda: Loader(TypeError("none")),
        lambda: (batch for batch in BATCHES),
    ],
)
def test_a_training_loader_without_a_length_is_refused_and_the_option_says_it(train) -> None:
    assert refused(train) == NO_LENGTH


@pytest.mark.parametrize("several", [list, tuple, lambda both: dict(zip("ab", both, strict=True))])
def test_one_loader_without_a_length_among_several_is_enough(several) -> None:
    recipe = dataclasses.replace(RECIPE, module="mine:Module")
    assert refused(lambda: several([known(), loader(Stream())]), recipe=recipe) == NO_LENGTH
    assert steps(lambda: several([known(), known()]), recipe=recipe) == 4
    longer = dataclasses.replace(recipe, steps_per_epoch=3)
    assert steps(lambda: several([known(), loader(Stream())]), recipe=longer) == 3


def test_a_loader_with_a_length_needs_no_option() -> None:
    assert steps(known) == 4
    assert steps(lambda: loader(Sized(64))) == 4
    assert steps(lambda: Loader(4)) == 4


def test_the_option_says_how_long_an_epoch_is() -> None:
    for one in (known, lambda: loader(Stream()), lambda: loader(Endless()), lambda: Loader(4)):
        assert steps(one, recipe=STEPS) == 3


def test_more_steps_than_a_loader_has_are_refused() -> None:
    many = dataclasses.replace(RECIPE, steps_per_epoch=5)
    assert steps(known, recipe=dataclasses.replace(RECIPE, steps_per_epoch=4)) == 4
    assert refused(known, recipe=many) == (
        "search.proxy.steps_per_epoch: an epoch is to take 5 batches, and the training loader of "
        "mine:Data has 4.  write at most 4, or drop it"
    )
    assert refused(lambda: loader(Stream()), recipe=many) == (
        "search.proxy.steps_per_epoch: an epoch is to take 5 batches, and the training loader of "
        "mine:Data ends after 4.  lower it, or let the loader begin anew and go on"
    )
    assert steps(lambda: loader(Endless()), recipe=many) == 5


def test_a_length_that_is_too_large_is_refused_and_a_smaller_one_makes_the_epoch() -> None:
    assert refused(lambda: loader(Sized(160))) == (
        f"{ADDRESS}the training loader of mine:Data says that it has 10 batches, and ends after 4."
        "  mend its __len__, or let it begin anew, or write  search.proxy.steps_per_epoch: N"
    )
    assert steps(lambda: loader(Sized(32))) == 2
    assert steps(lambda: loader(Sized(160)), recipe=STEPS) == 3


def test_a_length_of_nothing_that_gives_something_is_refused() -> None:
    said = "loader of mine:Data says that it has 0 batches, and gives one.  mend its __len__"
    assert refused(lambda: Loader(0)) == f"{ADDRESS}the training {said}"
    assert refused(known, lambda: Loader(0)) == f"{ADDRESS}the validation {said}"


def test_a_stream_that_breaks_on_its_way_is_refused_in_words() -> None:
    class Breaking:
        def __iter__(self):
            yield BATCHES[0]
            raise OSError("the disk is elsewhere")

    assert refused(Breaking, recipe=STEPS) == (
        f"{ADDRESS}the training loader of mine:Data fails after 1 batch (OSError: the disk is "
        "elsewhere).  mend what it reads, or leave that out"
    )
    assert refused(known, Breaking).startswith(
        f"{ADDRESS}the validation loader of mine:Data fails after 1 batch (OSError: "
    )


@pytest.mark.parametrize("says", [RuntimeError("not yet"), ValueError("no"), -1, 10**30], ids=repr)
def test_a_length_that_breaks_is_refused(says) -> None:
    said = refused(lambda: Loader(says))
    assert said.startswith(f"{ADDRESS}the training loader of mine:Data does not tell its length (")
    assert said.endswith(
        ").  mend its __len__, or drop it and write  search.proxy.steps_per_epoch: N"
    )
    assert steps(lambda: Loader(4)) == 4


def test_a_stream_for_one_pass_is_refused_and_one_that_goes_on_is_not() -> None:
    four = dataclasses.replace(RECIPE, steps_per_epoch=4)
    once = [iter(BATCHES)]
    assert refused(lambda: Loader(TypeError(), once[0]), recipe=STEPS) == (
        "search.proxy.steps_per_epoch: an epoch is to take 3 batches, and the training loader of "
        "mine:Data ends after 0 when it is gone through again.  lower it, or let the loader begin "
        "anew and go on"
    )
    assert steps(lambda: Loader(TypeError()), recipe=four) == 4
    on = itertools.cycle(BATCHES)
    assert steps(lambda: Loader(TypeError(), on), recipe=four) == 4


EMPTY = TensorDataset(IMAGES[:9], LABELS[:9])


@pytest.mark.parametrize(
    ("train", "words"),
    [
        (list, "is empty"),
        (dict, "is empty"),
        (lambda: Loader(0, []), "is empty"),
        (lambda: None, "returns None"),
        (
            lambda: loader(EMPTY, drop_last=True),
            "is empty: drop_last leaves out the only batch, which has fewer than 16 images",
        ),
    ],
)
def test_no_batch_at_all(train, words) -> None:
    assert refused(
        train
    ) == f"{ADDRESS}mine:Data gives no training batch.  its train_dataloader " + (words)
    assert refused(known, train) == (
        f"{ADDRESS}mine:Data gives no validation batch.  its val_dataloader {words}"
    )
    assert steps(lambda: loader(EMPTY)) == 1


def test_what_is_no_loader_and_what_breaks_in_one() -> None:
    def broken() -> Any:
        raise KeyError("labels")

    assert refused(broken) == (
        f"{ADDRESS}mine:Data gives no training batch (KeyError: 'labels').  it is called without "
        "arguments, then prepare_data, setup('fit'), train_dataloader"
    )
    assert "TypeError: 'int' object is not iterable" in refused(lambda: 3)
    assert refused(known, broken) == (
        f"{ADDRESS}mine:Data gives no validation batch (KeyError: 'labels').  write a "
        "val_dataloader: candidates are compared by it"
    )


def test_a_datamodule_without_a_validation() -> None:
    class Unvalidated(pl.LightningDataModule):
        def train_dataloader(self) -> Any:
            return known()

    with pytest.raises(SearchError) as caught:
        examined(Unvalidated, "mine:Data", RECIPE, {})
    assert str(caught.value).startswith(
        f"{ADDRESS}mine:Data gives no validation batch (MisconfigurationException: "
    )
    module = dataclasses.replace(RECIPE, module="mine:Module")
    assert examined(Unvalidated, "mine:Data", module, {}).steps == 4


def test_a_datamodule_that_takes_arguments() -> None:
    class Wants(pl.LightningDataModule):
        def __init__(self, folder: str) -> None:
            super().__init__()

    with pytest.raises(SearchError) as caught:
        examined(Wants, "mine:Data", RECIPE, {})
    assert str(caught.value).startswith(f"{ADDRESS}mine:Data cannot be called (TypeError: ")
    assert str(caught.value).endswith("'folder').  it is called without arguments")


def test_several_loaders_are_for_a_module_of_ones_own() -> None:
    both = lambda: [known(), known()]  # noqa: E731
    cure = (
        "and the training of archdsl takes one loader.  join the data sets with "
        "torch.utils.data.ConcatDataset, or name a search.proxy.module that takes several"
    )
    assert refused(both) == f"{ADDRESS}train_dataloader of mine:Data returns list of 2, {cure}"
    assert refused(known, both) == f"{ADDRESS}val_dataloader of mine:Data returns list of 2, {cure}"
    assert steps(known, lambda: [known()]) == 4
    assert steps(both, both, dataclasses.replace(RECIPE, module="mine:Module")) == 4


def test_a_validation_without_a_length_runs_to_its_end() -> None:
    assert steps(known, lambda: loader(Stream())) == 4
    assert refused(known, lambda: Loader(TypeError(), itertools.cycle(BATCHES))) == (
        f"{ADDRESS}the validation loader of mine:Data has no length, and has not ended after 1,000 "
        "batches.  let it end, or write  search.proxy.validation_steps: N"
    )
    once = [iter(BATCHES)]
    assert refused(known, lambda: Loader(TypeError(), once[0])) == (
        f"{ADDRESS}the validation loader of mine:Data can be gone through once only.  let "
        "val_dataloader give one that begins anew in every pass"
    )


def test_a_validation_that_a_length_would_cut_short_is_refused() -> None:
    assert refused(known, lambda: Loader(3)) == (
        f"{ADDRESS}the validation loader of mine:Data has a length of 3 batches, and gives 4.  "
        "mend its __len__, or write  search.proxy.validation_steps: 3"
    )
    assert "has a length of 2 batches, and gives 4" in refused(known, lambda: loader(Sized(32)))
    for says in (4, 5):
        assert steps(known, lambda says=says: Loader(says)) == 4
    assert steps(known, lambda: Loader(3, itertools.cycle(BATCHES))) == 4  # as long as it says
    short = dataclasses.replace(RECIPE, validation_steps=3)
    assert steps(known, lambda: Loader(3), short) == 4


def test_an_option_says_how_long_a_validation_is() -> None:
    three = dataclasses.replace(RECIPE, validation_steps=3)
    five = dataclasses.replace(RECIPE, validation_steps=5)
    for val in (known, lambda: loader(Stream()), lambda: loader(Endless())):
        assert steps(known, val, three) == 4
    assert refused(known, known, five) == (
        "search.proxy.validation_steps: a validation is to take 5 batches, and the validation "
        "loader of mine:Data has 4.  write at most 4, or drop it"
    )
    assert refused(known, lambda: loader(Stream()), five) == (
        "search.proxy.validation_steps: a validation is to take 5 batches, and the validation "
        "loader of mine:Data ends after 4.  write at most 4, or drop it"
    )
    assert steps(known, lambda: loader(Endless()), five) == 4


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch):
    """Prepares a datamodule that is given as a class."""

    def prepare_(cls: type[pl.LightningDataModule], recipe: Recipe = STEPS):
        monkeypatch.setattr("archdsl.training.user.datamodule_class", lambda *given: cls)
        return prepare(recipe, DataSource(), (1, 8, 8), 2)

    return prepare_


def test_an_epoch_takes_as_many_steps_as_were_said(prepared, network) -> None:
    seen: list[bool] = []
    for one in (known, lambda: loader(Endless())):
        seen.clear()
        model = network(classes=2)
        model.register_forward_hook(lambda module, *_: seen.append(module.training))
        done = train_model(model, STEPS, prepared(data(one)), seed=0)
        assert (done.epochs, sum(seen)) == (2, 6)


def test_a_schedule_over_a_stream_is_that_over_as_many_batches(prepared, network) -> None:
    four = dataclasses.replace(STEPS, steps_per_epoch=4)
    stream, indexed = data(lambda: loader(Stream())), data(known)
    one = train_model(network(classes=2), four, prepared(stream, four), seed=0)
    other = train_model(network(classes=2), RECIPE, prepared(indexed, RECIPE), seed=0)
    assert one.history == other.history


def test_a_stream_that_runs_dry_later_ends_its_trial_in_words(prepared, network) -> None:
    ready = prepared(data(lambda: Loader(4)), RECIPE)
    ready.datamodule.train_dataloader = lambda: Loader(4, BATCHES[:2])
    with pytest.raises(SearchError) as caught:
        train_model(network(classes=2), RECIPE, ready, seed=0)
    assert str(caught.value) == (
        f"{ADDRESS}the training loader of mine:Data says that it has 4 batches, and ends after 2 "
        "in epoch 1.  mend its __len__, or let it begin anew, or write  "
        "search.proxy.steps_per_epoch: N"
    )


def test_bundled_data_have_no_more_steps_than_batches(recipe, source) -> None:
    fewer = dataclasses.replace(recipe, steps_per_epoch=3)
    assert prepare(fewer, source, (1, 8, 8), 10).steps == 3
    batches = prepare(recipe, source, (1, 8, 8), 10).steps
    with pytest.raises(SearchError) as caught:
        prepare(dataclasses.replace(recipe, steps_per_epoch=batches + 1), source, (1, 8, 8), 10)
    assert str(caught.value).startswith(
        f"search.proxy.steps_per_epoch: an epoch is to take {batches + 1} batches, and "
    )


def test_bundled_data_have_no_more_validation_steps_than_batches(recipe, source) -> None:
    images = len(prepare(recipe, source, (1, 8, 8), 10).data.val)
    batch = recipe.validation_batch * recipe.batch
    batches = -(-images // batch)
    assert batches > 1 and images % batch
    prepare(dataclasses.replace(recipe, validation_steps=batches), source, (1, 8, 8), 10)
    with pytest.raises(SearchError) as caught:
        prepare(dataclasses.replace(recipe, validation_steps=batches + 1), source, (1, 8, 8), 10)
    assert str(caught.value) == (
        f"search.proxy.validation_steps: a validation is to take {batches + 1} batches, and "
        f"{images} images in batches of {batch} are {batches}.  write at most {batches}, or drop it"
    )


def test_a_split_at_random_is_the_same_in_every_training(prepared, network) -> None:
    class Split(pl.LightningDataModule):
        def setup(self, stage: str) -> None:
            whole = TensorDataset(IMAGES, LABELS)
            self.parts = torch.utils.data.random_split(whole, [32, 32])
            drawn.append(tuple(self.parts[0].indices))

        def train_dataloader(self) -> Any:
            return loader(self.parts[0])

        val_dataloader = train_dataloader

    class Greedy(CheckedClassifier):
        draws = 1

        def __init__(self, model: torch.nn.Module) -> None:
            super().__init__(model, RECIPE, 2, (1, 8, 8))
            torch.rand(self.draws)

    drawn: list[tuple[int, ...]] = []
    ready = prepared(Split, RECIPE)
    for seed in range(2):
        torch.manual_seed(seed)
        train_model(network(classes=2), RECIPE, ready, seed=seed)
    for Greedy.draws in (1, 50):  # as a head of its own for a small model and a large one
        train_model(network(classes=2), RECIPE, dataclasses.replace(ready, module=Greedy), seed=0)
    assert len(drawn) == 5
    assert len(set(drawn)) == 1


def test_what_is_looked_at_is_not_what_trials_draw_from(prepared) -> None:
    class Drawing(pl.LightningDataModule):
        def __init__(self) -> None:
            super().__init__()
            self.generator = torch.Generator().manual_seed(0)

        def train_dataloader(self) -> Any:
            return loader(TensorDataset(IMAGES, LABELS), shuffle=True, generator=self.generator)

        def val_dataloader(self) -> Any:
            return known()

    torch.manual_seed(5)
    before = torch.get_rng_state()
    ready = prepared(Drawing, RECIPE)
    assert torch.equal(torch.get_rng_state(), before)
    fresh = Drawing().generator.get_state()
    assert torch.equal(ready.datamodule.generator.get_state(), fresh)


def test_workers_that_stay_are_looked_at_too(tmp_path: Path) -> None:
    stay = {"num_workers": 1, "persistent_workers": True}
    assert steps(lambda: loader(TensorDataset(IMAGES, LABELS), **stay)) == 4
