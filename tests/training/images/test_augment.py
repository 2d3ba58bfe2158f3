"""What is done to a batch: what was asked for, and to each image something of its own."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from archdsl.training.augmentation import Augmentation
from archdsl.training.images.augment import Augment
from archdsl.training.images.libraries.drawing import drawing_from
from archdsl.training.images.libraries.kornia_rand_augment import RandAugment
from archdsl.training.images.mixing import Mixing
from archdsl.training.images.reading import Read

IMAGES = torch.randint(0, 256, (64, 3, 16, 16), generator=torch.Generator().manual_seed(0)).byte()
LABELS = torch.arange(64) % 4


def augmented(said: Augmentation, seed: int | None = 0) -> tuple[Tensor, Tensor]:
    return Augment(said, 3, 4)(Read(IMAGES, LABELS, seed))


def test_nothing_is_done_where_nothing_is_asked_for_or_drawn() -> None:
    plain = IMAGES.float().mul(4 / 255).sub(2)
    assert torch.equal(augmented(Augmentation())[0], plain)
    everything = Augmentation(color_jitter=0.4, rand_augment=2, random_erasing=1.0, mixup=1.0)
    images, targets = augmented(everything, seed=None)
    assert torch.equal(images, plain)
    assert torch.equal(targets, LABELS)


@pytest.mark.parametrize(
    "said",
    [
        {"color_jitter": 0.4},
        {"rand_augment": 1},
        {"random_erasing": 0.9},
        {"mixup": 0.8},
        {"cutmix": 1.0},
    ],
)
def test_each_change_is_made_by_its_field_and_follows_from_the_seed(said) -> None:
    plain, _ = augmented(Augmentation())
    images, targets = augmented(Augmentation(**said))
    assert (images != plain).flatten(1).any(1).float().mean() > 0.5
    assert images.min() >= -2 and images.max() <= 2
    again, targets_again = augmented(Augmentation(**said))
    assert torch.equal(again, images) and torch.equal(targets_again, targets)
    assert not torch.equal(augmented(Augmentation(**said), seed=1)[0], images)
    assert len(targets) == len(LABELS)


def test_what_is_erased_is_the_middle_of_the_range_in_as_many_images_and_as_much() -> None:
    plain, _ = augmented(Augmentation())
    images, _ = augmented(Augmentation(random_erasing=0.5, erasing_scale=(0.25, 0.25)))
    changed = (images - plain).abs() > 1e-3
    assert images[changed].abs().max() < 1e-6
    touched = changed.flatten(1).any(1)
    assert 16 < touched.sum() < 48
    area = changed.any(1).float().mean((1, 2))[touched]
    assert 0.2 < area.mean() < 0.3


def test_colours_are_changed_by_no_more_than_was_said() -> None:
    for channels in (1, 3):
        even = torch.full((64, channels, 8, 8), 100).byte()
        images, _ = Augment(Augmentation(color_jitter=0.2), channels, 4)(Read(even, LABELS, 0))
        values = (images[:, 0, 0, 0] + 2) / 4 * 255
        assert values.std() > 5
        assert values.min() >= 100 * 0.8 * 0.8 - 1 and values.max() <= 100 * 1.2 * 1.2 + 1


def test_each_image_has_operations_of_its_own() -> None:
    one = IMAGES[:1].expand(64, -1, -1, -1) / 255
    change = RandAugment(Augmentation(rand_augment=1, rand_std=0.0), 3)
    with drawing_from(0):
        changed = change(one)
    kinds = {image.numpy().tobytes() for image in changed}
    assert 10 < len(kinds) <= 2 * len(change.operations)  # with a sign of their own, some of them
    with drawing_from(0):
        more = RandAugment(Augmentation(rand_augment=2), 3)(one)
    assert len({image.numpy().tobytes() for image in more}) > len(kinds)


def test_a_stronger_operation_changes_more() -> None:
    ramp = torch.linspace(0.2, 0.8, 16).expand(64, 3, 16, 16).contiguous()
    turned = {}
    for magnitude in (1, 9):
        change = RandAugment(
            Augmentation(rand_augment=1, rand_magnitude=magnitude, rand_std=0.0), 3
        )
        change.operations = [one for one in change.operations if one._factor_name == "degrees"]
        with drawing_from(0):
            turned[magnitude] = (change(ramp) - ramp).abs().mean()
    assert 0 < turned[1] < turned[9]


def test_an_operation_of_the_saturation_is_left_out_for_grey() -> None:
    said = Augmentation(rand_augment=1)
    assert len(RandAugment(said, 1).operations) == len(RandAugment(said, 3).operations) - 1


@pytest.mark.parametrize("said", [Augmentation(mixup=0.8), Augmentation(cutmix=1.0)])
def test_a_mixed_image_has_its_targets_as_it_has_its_pixels(said: Augmentation) -> None:
    # an image of class c is c everywhere, so that its mean says what it is mixed of
    images = LABELS.float()[:, None, None, None].expand(64, 3, 20, 20).contiguous()
    with drawing_from(0):
        mixed, targets = Mixing(said, 4)(images, LABELS)
    assert torch.allclose(mixed.mean((1, 2, 3)), targets @ torch.arange(4.0), atol=1e-5)
    assert torch.allclose(targets.sum(1), torch.ones(64))
    assert ((targets > 0).sum(1) == 2).float().mean() > 0.4
    between = len(mixed.unique()) > 4
    assert between == (said.mixup > 0), "mixup blends, and cutmix puts one beside the other"


def test_shares_are_drawn_as_alpha_says() -> None:
    images = torch.zeros(2000, 1, 1, 1)
    labels = torch.arange(2000) % 4
    spread = {}
    for alpha in (0.1, 10.0):
        with drawing_from(0):
            _, targets = Mixing(Augmentation(mixup=alpha), 4)(images, labels)
        spread[alpha] = targets.amax(1).mean()
    assert spread[0.1] > 0.85 > spread[10.0]


@pytest.mark.parametrize(
    ("said", "least", "most"),
    [
        (Augmentation(mixup=1.0, mix_probability=0.25), 0.1, 0.4),
        (Augmentation(mixup=1.0, cutmix=1.0, mix_switch=0.0), 1.0, 1.0),
        (Augmentation(mixup=1.0, cutmix=1.0, mix_switch=1.0), 0.0, 0.0),
        (Augmentation(mixup=1.0, cutmix=1.0, mix_switch=0.5), 0.3, 0.7),
    ],
)
def test_batches_are_mixed_as_often_as_was_said(said, least, most) -> None:
    mixing = Mixing(said, 2)
    images = torch.tensor([0.0, 1.0])[:, None, None, None].expand(2, 1, 8, 8).contiguous()
    images, labels = images.repeat(8, 1, 1, 1), torch.arange(2).repeat(8)
    blended = 0
    for seed in range(100):
        with drawing_from(seed):
            blended += len(mixing(images, labels)[0].unique()) > 2
    assert least <= blended / 100 <= most
