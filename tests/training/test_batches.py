from __future__ import annotations

import numpy as np
import pytest
import torch

from archdsl.data.source import Split
from archdsl.training.batches import Batches


class Plain:
    def train(self, images, generator):
        return images + torch.rand(len(images), generator=generator)[:, None, None, None]

    def plain(self, images):
        return images


def batches(count=10, batch=4, seed=None, size=(2, 2)) -> Batches:
    images = np.arange(count, dtype=np.float32).reshape(-1, 1, 1, 1).repeat(2, 2).repeat(2, 3)
    split = Split(images, np.arange(count))
    return Batches(
        split, Plain(), size, batch, lambda: torch.device("cpu"),
        None if seed is None else lambda: seed, interpolation="bilinear",
    )  # fmt: skip


def test_a_plain_pass_shows_every_image_once_in_order():
    seen = list(batches())
    assert len(seen) == len(batches()) == 3
    labels = torch.cat([labels for _, labels in seen])
    assert labels.tolist() == list(range(10))
    assert torch.equal(torch.cat([images for images, _ in seen])[:, 0, 0, 0], labels.float())


def test_a_shuffled_pass_leaves_out_what_fills_no_batch():
    loader = batches(seed=1)
    seen = list(loader)
    assert len(seen) == len(loader) == 2
    assert all(len(labels) == 4 for _, labels in seen)
    labels = torch.cat([labels for _, labels in seen])
    assert len(set(labels.tolist())) == 8
    assert torch.equal(
        torch.cat([images for images, _ in seen])[:, 0, 0, 0].floor(), labels.float()
    )


def test_fewer_images_than_a_batch_are_one_batch():
    assert [len(labels) for _, labels in batches(count=3, seed=1)] == [3]


def test_a_pass_follows_its_seed():
    def look(seed):
        return [(images.tolist(), labels.tolist()) for images, labels in batches(seed=seed)]

    assert look(1) == look(1)
    assert look(1) != look(2)


def test_images_are_scaled_to_another_size():
    for images, _ in batches(size=(4, 6)):
        assert images.shape[1:] == (1, 4, 6)


@pytest.mark.parametrize("count", [8, 9])
def test_changing_a_batch_does_not_change_the_data(count):
    loader = batches(count=count)
    for images, labels in loader:
        images.zero_()
        labels.zero_()
    assert loader.split.labels.tolist() == list(range(count))
    assert loader.split.images.max() == count - 1
