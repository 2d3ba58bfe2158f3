"""Shares, confusions and calibration against torchmetrics and scikit-learn, on drawn answers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, confusion_matrix
from torch.nn import functional as F
from torchmetrics.functional.classification import multiclass_accuracy, multiclass_calibration_error

from archdsl.evaluation.calibration import BINS, calibration
from archdsl.evaluation.figures import Answers, Judgement, Share, figures
from archdsl.evaluation.passes import _of_batch
from archdsl.study.intervals import wilson


def drawn(seed: int, images: int, classes: int) -> tuple[torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(seed)
    labels = torch.randint(classes, (images,), generator=draw)
    logits = torch.randn(images, classes, generator=draw) * 2 + 2 * F.one_hot(labels, classes)
    return logits, labels


def judged(logits: torch.Tensor, labels: torch.Tensor) -> Judgement:
    told, among, confidence, loss = (one.numpy() for one in _of_batch(logits, labels))
    some = among if logits.shape[1] > 5 else None
    answers = Answers(labels.numpy(), told, some, confidence, loss)
    return figures(answers, tuple(f"c{index}" for index in range(logits.shape[1])))


@given(st.integers(0, 10_000), st.integers(1, 200), st.integers(2, 12))
def test_every_figure_is_that_of_torchmetrics_or_scikit_learn(
    seed: int, images: int, classes: int
) -> None:
    logits, labels = drawn(seed, images, classes)
    found = judged(logits, labels)

    def accuracy(top: int) -> float:
        return float(multiclass_accuracy(logits, labels, classes, average="micro", top_k=top))

    assert found.top1.value == pytest.approx(accuracy(1))
    if classes > 5:
        assert found.top5 is not None
        assert found.top5.value == pytest.approx(accuracy(5))
    assert found.loss == pytest.approx(float(F.cross_entropy(logits, labels)), rel=1e-5)
    error = multiclass_calibration_error(logits.softmax(1), labels, classes, n_bins=BINS)
    assert found.calibration.error == pytest.approx(float(error), abs=1e-5)
    told = logits.argmax(1).numpy()
    assert found.macro == pytest.approx(_balanced(labels.numpy(), told))
    matrix = np.zeros((classes, classes), dtype=int)
    for one in found.confusions:
        matrix[int(one.true[1:]), int(one.told[1:])] = one.images
    assert (matrix == confusion_matrix(labels.numpy(), told, labels=range(classes))).all()


def _balanced(labels: np.ndarray, told: np.ndarray) -> float:
    """Of the classes that there are; a class that is only told is none of them."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(balanced_accuracy_score(labels, told))


@given(st.integers(0, 10_000), st.integers(1, 100))
def test_the_bins_hold_every_image_and_give_the_error(seed: int, images: int) -> None:
    draw = np.random.default_rng(seed)
    sure, right = draw.random(images).astype(np.float32), draw.random(images) < 0.5
    found = calibration(sure, right)
    assert sum(one.images for one in found.bins) == images
    gaps = [
        one.images * abs(one.accuracy - one.confidence)
        for one in found.bins
        if one.accuracy is not None and one.confidence is not None
    ]
    assert found.error == pytest.approx(sum(gaps) / images)
    for one in found.bins:
        assert one.confidence is None or one.low <= one.confidence <= one.high


def test_a_saturated_confidence_is_in_the_last_bin() -> None:
    sure = np.array([1.0, 1.0, 0.95], dtype=np.float32)
    found = calibration(sure, np.array([True, False, True]))
    assert found.bins[-1].images == 3
    assert found.error == pytest.approx(abs(2 / 3 - (1 + 1 + 0.95) / 3))


def test_a_share_has_the_score_interval_of_wilson() -> None:
    share = Share(9, 10)
    assert share.value == 0.9
    assert share.interval == wilson(0.9, 10) == pytest.approx((0.5958, 0.9821), abs=1e-4)


def test_the_worst_confusions_leave_out_right_answers() -> None:
    labels = torch.tensor([0, 0, 0, 1, 1, 2])
    told = torch.tensor([0, 0, 1, 0, 0, 2])
    found = judged(F.one_hot(told, 3).float(), labels)
    assert [(one.true, one.told, one.images) for one in found.worst(5)] == [
        ("c1", "c0", 2),
        ("c0", "c1", 1),
    ]
    assert found.top5 is None
