"""Scaling in torch gives the bytes that Pillow gives, whatever the sizes."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from archdsl.data.resampling import covering, planes, window
from tests.data.one_file import decode

SIDE = st.integers(1, 90)
FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


@given(SIDE, SIDE, SIDE, SIDE, st.sampled_from(sorted(FILTERS)), st.integers(0, 99), st.booleans())
def test_scaling_is_pillows_bit_for_bit(height, width, high, wide, filter, seed, harsh) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), "uint8")
    if harsh:  # black and white overshoot, and are cut
        pixels = np.where(pixels < 128, 0, 255).astype("uint8")
    left, top, right, bottom = window((height, width), (high, wide))
    image = Image.fromarray(pixels)
    image = image.resize((wide, height), FILTERS[filter], box=(left, 0, right, height))
    wanted = np.asarray(image.resize((wide, high), FILTERS[filter], box=(0, top, wide, bottom)))
    made = covering(planes(torch.from_numpy(pixels), 3), (high, wide), filter)
    assert np.array_equal(made.permute(1, 2, 0).numpy(), wanted)


@given(SIDE, SIDE, SIDE, SIDE)
def test_the_window_lies_in_the_image_and_has_the_proportions(height, width, high, wide) -> None:
    left, top, right, bottom = window((height, width), (high, wide))
    assert 0 <= left < right <= width + 1e-9 and 0 <= top < bottom <= height + 1e-9
    assert abs((right - left) * high - (bottom - top) * wide) < 1e-6
    assert min(left, top) < 1e-9  # it is the largest


def test_files_are_decoded_to_the_same_bytes(tmp_path) -> None:
    rng = np.random.default_rng(0)
    for number, shape in enumerate([(50, 31, 3), (20, 20, 3), (9, 40, 3), (33, 70), (64, 64)]):
        pixels = rng.integers(0, 256, shape, "uint8")
        path = tmp_path / f"{number}.png"
        Image.fromarray(pixels).save(path)
        for channels in (1, 3):
            made = covering(planes(torch.from_numpy(pixels), channels), (27, 24), "bicubic")
            assert np.array_equal(made.numpy(), decode(path, channels, (27, 24)))
