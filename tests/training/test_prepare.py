from __future__ import annotations

import dataclasses
import subprocess
import sys

import numpy as np
import pytest

from archdsl.components.component import component
from archdsl.data import Npz
from archdsl.data.source import SourceInfo
from archdsl.errors import SearchError
from archdsl.training import DataSource, Recipe, check_fits, metric, prepare
from archdsl.training.train import train_model

DIGITS = SourceInfo("digits", 1, (16, 16), 10, tuple("0123456789"), {}, "ink")
FOLDER = SourceInfo("image_folder x", 3, None, 5, tuple("abcde"), {}, "pixel")
UNKNOWN = SourceInfo("mine:Data", None, None, None, (), {}, "mine")


def test_a_network_that_fits_its_data():
    check_fits((1, 16, 16), 10, DIGITS)
    check_fits((3, 96, 64), 5, FOLDER)
    check_fits((7, 3, 3), 99, UNKNOWN)


def test_a_size_for_training_alone_leaves_the_input_to_the_spec():
    check_fits((1, 32, 32), 10, DIGITS, size=24)
    with pytest.raises(SearchError, match=r"--set input=\[1,32,32\]$"):
        check_fits((3, 32, 32), 10, DIGITS, size=24)


def test_a_network_that_does_not_fit_is_told_what_to_set():
    with pytest.raises(SearchError) as caught:
        check_fits((3, 224, 224), 1000, DIGITS)
    assert str(caught.value) == (
        "the spec does not fit the data (digits): input is 3x224x224, and the images are 1x16x16; "
        "classes is 1000, and the data has 10.  write  --set input=[1,16,16] --set classes=10"
    )


LAST = "layout: nhwc  in search.proxy.data, as the channels come last"
FIRST = "layout: nchw  in search.proxy.data, as the channels come first"


@pytest.mark.parametrize(
    ("arrays", "layout", "input_shape", "cure"),
    [
        ((8, 8, 3), "nchw", (1, 8, 8), f"{LAST}, and  --set input=[3,8,8]"),
        ((8, 8, 3), "nchw", (3, 8, 8), LAST),
        ((8, 8, 1), "nchw", (3, 8, 8), f"{LAST}, and  --set input=[1,8,8]"),
        ((8, 8, 1), "nchw", (1, 8, 8), LAST),
        ((64, 64, 13), "nchw", (3, 64, 64), f"{LAST}, and  --set input=[13,64,64]"),
        ((4, 4, 3), "nchw", (1, 4, 4), f"{LAST}, and  --set input=[3,4,4]"),
        ((3, 8, 8), "nhwc", (3, 8, 8), FIRST),
        ((3, 8, 8), "nhwc", (1, 8, 8), f"{FIRST}, and  --set input=[3,8,8]"),
        ((3, 8, 8), "nchw", (1, 8, 8), "--set input=[3,8,8]"),
        ((13, 64, 64), "nchw", (3, 64, 64), "--set input=[13,64,64]"),
        ((8, 8), "nchw", (3, 8, 8), "--set input=[1,8,8]"),
        ((3, 3, 3), "nchw", (1, 3, 3), "--set input=[3,3,3]"),  # either layout is as likely
        ((3, 32, 3), "nchw", (1, 32, 3), "--set input=[3,32,3]"),
    ],
)
def test_arrays_in_the_other_layout_are_told_what_goes_with_it(
    tmp_path, arrays, layout, input_shape, cure
):
    np.savez(tmp_path / "a.npz", x=np.zeros((30, *arrays), dtype=np.uint8), y=np.arange(30) % 3)
    info = Npz(path="a.npz", layout=layout).describe(tmp_path)
    with pytest.raises(SearchError) as caught:
        check_fits(input_shape, 3, info)
    assert str(caught.value).endswith(f".  write  {cure}")
    with pytest.raises(SearchError) as caught:
        check_fits(input_shape, 4, info)
    joined = " " if "input=" in cure else ", and  " if "layout" in cure else " "
    assert str(caught.value).endswith(f".  write  {cure}{joined}--set classes=3")


def test_a_layout_that_fits_the_spec_and_is_unusual_is_gone_on_with_with_a_word(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.zeros((30, 8, 8, 3), dtype=np.uint8), y=np.arange(30) % 3)
    info = Npz(path="a.npz").describe(tmp_path)
    check_fits((8, 8, 3), 3, info)
    assert info.notes == (
        "a.npz: images are read as 8x8x3; with layout: nhwc they would be 3x8x8",
    )  # fmt: skip
    assert Npz(path="a.npz", layout="nhwc").describe(tmp_path).notes == ()


@pytest.mark.parametrize(
    ("shape", "classes", "info", "cure"),
    [
        ((1, 16, 16), 11, DIGITS, "write  --set classes=10"),
        ((1, 12, 16), 10, DIGITS, r"write  --set input=\[1,16,16\]"),
        ((1, 96, 64), 5, FOLDER, r"write  --set input=\[3,96,64\]"),
        ((3, 96, 64), 0, FOLDER, "write  --set classes=5"),
        ((3, 96, 64), 0, UNKNOWN, "write  --set classes=N"),
    ],
)
def test_only_what_differs_is_to_be_set(shape, classes, info, cure):
    with pytest.raises(SearchError, match=f"{cure}$"):
        check_fits(shape, classes, info)


def test_prepare_checks_before_it_reads(tmp_path):
    (tmp_path / "a.npz").write_bytes(b"")
    source = DataSource(component("data", "npz", path="a.npz"), tmp_path)
    with pytest.raises(SearchError, match=r"a\.npz: cannot be read"):
        prepare(Recipe(), source, (1, 4, 4), 2)
    with pytest.raises(SearchError, match=r"--set input=\[1,12,12\]"):
        prepare(Recipe(), DataSource(), (1, 4, 4), 10)


def test_the_digits_stand_in_where_no_data_is_named():
    assert prepare(Recipe(), DataSource(), (1, 12, 12), 10).info.name == "digits"


def test_a_size_for_training_alone(network, recipe, source):
    smaller = dataclasses.replace(recipe, size=6, epochs=1)
    data = prepare(smaller, source, (1, 8, 8), 10)
    shapes = []
    model = network()
    model[0].register_forward_pre_hook(lambda _, args: shapes.append(tuple(args[0].shape[1:])))
    train_model(model, smaller, data, seed=0)
    assert set(shapes) == {(1, 6, 6)}


def test_an_image_folder_trains_end_to_end(tmp_path, network):
    from PIL import Image

    for shade, name in enumerate(("dark", "light")):
        (tmp_path / "shades" / name).mkdir(parents=True)
        for number in range(20):
            pixels = np.full((12, 12, 3), 40 + 160 * shade + number, dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "shades" / name / f"{number}.png")
    recipe = Recipe(epochs=6, batch=8, lr=1e-2)
    source = DataSource(component("data", "image_folder", path="shades"), tmp_path)
    data = prepare(recipe, source, (3, 8, 8), 2)
    assert (
        train_model(network(channels=3, classes=2), recipe, data, seed=0).metrics["accuracy"] == 1.0
    )


def test_a_metric_is_found_by_name_or_the_names_are_told():
    logged = {"accuracy": 0.5, "val_f1": 0.2}
    assert metric(logged, "val_f1") == 0.2
    with pytest.raises(SearchError, match=r"no metric is called 'val_f2'.  did you mean 'val_f1'"):
        metric(logged, "val_f2")
    with pytest.raises(SearchError, match=r"the proxy logs: accuracy val_f1$"):
        metric(logged, "zzz")
    with pytest.raises(SearchError, match=r"the proxy logs: none$"):
        metric({}, "accuracy")


def test_the_package_imports_without_lightning_and_torch():
    code = (
        "import sys, archdsl.training; archdsl.training.prepare;"
        "print([m for m in ('torch', 'lightning', 'torchmetrics') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
