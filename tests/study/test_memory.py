"""A training that does not fit: smaller micro-batches, and then a failure of its own kind."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from archdsl.study import events, search
from archdsl.study.record.folder import read_state
from archdsl.training.module import Classifier
from tests.study.conftest import tiny_space


@pytest.fixture
def fits(monkeypatch):
    """Let a training step raise OutOfMemoryError for more than so many images."""
    step = Classifier.training_step

    def limit(images: int, epoch: int = 0) -> None:
        def training_step(self: Any, batch: Any, *given: Any) -> Any:
            if len(batch[0]) > images and self.current_epoch >= epoch:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
            return step(self, batch, *given)

        monkeypatch.setattr(Classifier, "training_step", training_step)

    return limit


@pytest.fixture
def judges(monkeypatch):
    """Let a validation step raise OutOfMemoryError for more than so many images."""
    step = Classifier.validation_step

    def limit(images: int) -> None:
        def validation_step(self: Any, batch: Any, *given: Any) -> Any:
            if len(batch[0]) > images:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
            return step(self, batch, *given)

        monkeypatch.setattr(Classifier, "validation_step", validation_step)

    return limit


def searched(tmp_path, name: str, heard: list[Any] | None = None, **proxy: Any) -> Any:
    space = tiny_space(
        {"input": [1, 12, 12], "params.width": 8}, trials=1,
        proxy={"epochs": 2, "batch": 64, "steps_per_epoch": 3, "warmup": 0, **proxy},
    )  # fmt: skip
    listen = None if heard is None else heard.append
    return search(space, out=tmp_path / name, settings=space.spec.settings(), listener=listen)


def test_a_batch_that_does_not_fit_is_taken_in_parts(fits, tmp_path) -> None:
    whole = searched(tmp_path, "whole").trials[0]
    fits(16)
    heard: list[Any] = []
    trial = searched(tmp_path, "parts", heard).trials[0]
    assert trial.state == "complete" and trial.cause is None
    assert [event.cause for event in heard if isinstance(event, events.TrialRetried)] == [
        "out of memory"
    ] * 2
    state = read_state(tmp_path / "parts")
    assert [one.accumulate for _, ones in state.retries.items() for one in ones] == [2, 4]
    # the same effective batch: nothing here has statistics of a batch
    assert trial.metrics == pytest.approx(whole.metrics, rel=1e-3)


def test_a_validation_that_does_not_fit_is_taken_in_parts_too(judges, tmp_path) -> None:
    judges(100)
    trial = searched(tmp_path, "parts").trials[0]
    assert trial.state == "complete" and [epoch["step"] for epoch in trial.epochs] == [1, 2]
    retries = read_state(tmp_path / "parts").retries
    assert [one.accumulate for ones in retries.values() for one in ones] == [2]


def test_what_was_trained_before_it_did_not_fit_counts(fits, tmp_path) -> None:
    fits(32, epoch=1)
    trial = searched(tmp_path, "late").trials[0]
    assert [epoch["step"] for epoch in trial.epochs] == [1, 2]
    lines = (tmp_path / "late" / "record.jsonl").read_text().splitlines()
    assert sum('"event": "epoch"' in line for line in lines) == 2


@pytest.mark.parametrize(("batch", "parts"), [(64, [2, 4, 8]), (2, [2])])
def test_what_does_not_fit_in_any_part_is_recorded_as_memory(fits, tmp_path, batch, parts) -> None:
    fits(0)
    trial = searched(tmp_path, "never", batch=batch).trials[0]
    assert (trial.state, trial.fault, trial.cause) == ("failed", "memory", "out of memory")
    retries = read_state(tmp_path / "never").retries
    assert [one.accumulate for ones in retries.values() for one in ones] == parts


def test_an_evaluate_has_batches_of_its_own(tmp_path) -> None:
    def evaluate(candidate: Any) -> float:
        raise torch.OutOfMemoryError("CUDA out of memory")

    space = tiny_space(trials=1)
    result = search(space, evaluate=evaluate, settings=space.spec.settings())
    assert (result.trials[0].fault, result.trials[0].cause) == ("memory", "out of memory")
