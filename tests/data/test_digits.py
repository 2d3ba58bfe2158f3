from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from archdsl.components import registry
from archdsl.components.component import component
from archdsl.components.options import Mismatch
from archdsl.data.digits import Canvas, Digits, _read

HERE = Path()


def test_the_splits_are_fixed_and_together_all_the_digits():
    info = Digits().describe(HERE)
    assert info.counts == {"train": 1007, "val": 395, "test": 395}
    assert sum(info.counts.values()) == 1797
    assert (info.channels, info.size, info.classes) == (1, (12, 12), 10)
    assert info.words() == "digits: 10 classes, 1x12x12, 1007 train, 395 val, 395 test"


def test_a_canvas_of_its_own_size():
    source = Digits(canvas=20)
    assert source.describe(HERE).size == (20, 20)
    assert source.searchable(HERE, (20, 20)).val.images.shape == (395, 1, 20, 20)


def test_val_and_test_images_are_the_same_each_time():
    for ask in (
        lambda s: s.searchable(HERE, (12, 12)).val,
        lambda s: s.held_out(HERE, (12, 12))[0],
    ):
        one, other = ask(Digits()), ask(Digits())
        assert np.array_equal(one.images, other.images)
        assert np.array_equal(one.labels, other.labels)


def test_each_val_digit_lies_at_several_places_and_each_test_digit_at_one():
    once, thrice = Digits(noise=0.0), Digits(noise=0.0, placements=3)
    val = thrice.searchable(HERE, (12, 12)).val
    assert thrice.describe(HERE).counts == {"train": 1007, "val": 3 * 395, "test": 395}
    assert val.images.shape == (3 * 395, 1, 12, 12)
    images, labels = val.images.reshape(3, 395, -1), val.labels.reshape(3, 395)
    assert (labels == labels[0]).all()
    assert np.array_equal(np.sort(images[0]), np.sort(images[1])), "the same ink"
    assert not np.array_equal(images[0], images[1]), "elsewhere"
    test, of_thrice = (one.held_out(HERE, (12, 12))[0] for one in (once, thrice))
    assert np.array_equal(test.images, of_thrice.images)


def test_every_split_has_every_digit():
    data = Digits().searchable(HERE, (12, 12))
    test, _ = Digits().held_out(HERE, (12, 12))
    for split in (data.train, data.val, test):
        assert set(split.labels.tolist()) == set(range(10))
        assert len(split.images) == len(split)


def test_without_noise_and_clutter_only_the_digit_lies_on_the_canvas():
    images = torch.from_numpy(_read()[0][:64])
    placed = Canvas(16, noise=0.0, clutter=0).train(images, torch.Generator().manual_seed(0))
    assert torch.equal(placed.sum((1, 2, 3)), images.sum((1, 2, 3)))
    assert not torch.equal(placed[0], placed[1])


def test_noise_and_clutter_stay_within_ink():
    images = torch.from_numpy(_read()[0][:64])
    placed = Canvas(16, noise=0.3, clutter=4).train(images, torch.Generator().manual_seed(0))
    assert placed.shape == (64, 1, 16, 16)
    assert placed.dtype == torch.float32
    assert placed.min() >= 0 and placed.max() <= 1
    assert placed.mean() > images.mean() * 64 / 256


def test_a_digit_fills_the_smallest_canvas():
    images = torch.from_numpy(_read()[0][:8])
    assert torch.equal(Canvas(8, 0.0, 0).train(images, torch.Generator()), images)


def test_places_follow_the_generator():
    images = torch.from_numpy(_read()[0][:8])

    def place(seed: int) -> torch.Tensor:
        return Canvas(16, 0.3, 4).train(images, torch.Generator().manual_seed(seed))

    assert torch.equal(place(1), place(1))
    assert not torch.equal(place(1), place(2))


@pytest.mark.parametrize(
    ("option", "good", "bad"),
    [
        ("canvas", 8, 7),
        ("canvas", 64, 65),
        ("noise", 1, 1.1),
        ("clutter", 0, -1),
        ("placements", 1, 0),
        ("placements", 64, 65),
    ],
)
def test_options_have_bounds(option, good, bad):
    option_type = registry.find("data", "digits").options[option].type
    assert option_type.convert(good) == good
    with pytest.raises(Mismatch):
        option_type.convert(bad)


def test_the_registry_knows_it_with_its_defaults():
    assert dict(component("data", "digits").options) == {
        "canvas": 12, "noise": 0.3, "clutter": 0, "placements": 1
    }  # fmt: skip


def test_sources_are_registered_without_torch_numpy_or_pillow():
    code = (
        "import sys, archdsl.data; from archdsl.components import registry;"
        "assert set(registry.named('data')) == "
        "{'datasets', 'digits', 'image_folder', 'npz', 'webdataset'};"
        "print([m for m in ('torch', 'numpy', 'PIL', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
