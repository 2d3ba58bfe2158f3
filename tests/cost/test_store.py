"""Costs kept between processes: given again only where nothing that they follow from changed."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import archdsl
from archdsl.components.component import component
from archdsl.cost import layer_cost, origin, table
from archdsl.cost import store as stores
from archdsl.cost.store import Stored, store, stored
from tests import started
from tests.cost.single import single

ROW = Stored(7, 5, 6, (3, 4, 4), (8, 4, 4))

MIXER = """
from torch import nn
from archdsl import token_mixer

@token_mixer("wide")
class Wide(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.mix = nn.Sequential(nn.Conv2d(dim, WIDTH * dim, 1), nn.Conv2d(WIDTH * dim, dim, 1))

    def forward(self, x):
        return self.mix(x)
"""

SPEC = """
archdsl: 1
name: uses_it
imports: [./mixers.py]
input: [3, 16, 16]
stem: {type: conv, kernel: 4, stride: 4}
stages:
  - {dim: 8, depth: 1, token_mixer: wide}
"""


@pytest.fixture(autouse=True)
def path(monkeypatch, tmp_path):
    monkeypatch.setenv("ARCHDSL_CACHE", str(tmp_path / "cache"))
    another_process(monkeypatch)
    yield tmp_path / "cache" / "layer_costs.jsonl"
    stores.forget()


def another_process(monkeypatch):
    monkeypatch.setattr(table, "_known", {})
    stores.forget()


def refuse(monkeypatch):
    def measured(layer):
        raise AssertionError(f"{layer.component.type} is measured")

    monkeypatch.setattr(table, "_measured", measured)


def mlp(ratio=2):
    return single(component("channel_mixer", "mlp", ratio=ratio), (8, 4, 4))


def test_another_process_is_served_from_the_store(monkeypatch):
    first = layer_cost(mlp())
    another_process(monkeypatch)
    refuse(monkeypatch)
    assert layer_cost(mlp()) == first


def test_a_real_process_leaves_its_costs_to_the_next(monkeypatch):
    program = "import archdsl; print(archdsl.count('poolformer_s12').macs)"
    done = subprocess.run(
        [*started.python(), "-c", program], check=True, capture_output=True, text=True
    )
    refuse(monkeypatch)
    assert archdsl.count("poolformer_s12").macs == int(done.stdout) == 1_812_267_008


def test_other_options_another_shape_and_another_context_are_measured(monkeypatch):
    layer_cost(mlp())
    refuse(monkeypatch)
    wider = single(component("channel_mixer", "mlp", ratio=2), (16, 4, 4))
    for layer in (mlp(ratio=3), wider, replace(mlp(), out_shape=(8, 4, 5))):
        with pytest.raises(AssertionError, match="is measured"):
            layer_cost(layer)


@pytest.mark.parametrize("what", ["archdsl", "torch", "fvcore"])
def test_another_version_is_measured_anew(monkeypatch, what):
    layer_cost(mlp())
    another_process(monkeypatch)
    origin.counter_version.cache_clear()
    with monkeypatch.context() as changed:
        match what:
            case "archdsl":
                changed.setattr(origin, "VERSION", "99")
            case "torch":
                changed.setattr(torch, "__version__", "99")
            case "fvcore":
                changed.setattr("importlib.metadata.version", lambda name: "99")
        refuse(changed)
        with pytest.raises(AssertionError, match="is measured"):
            layer_cost(mlp())
    origin.counter_version.cache_clear()
    refuse(monkeypatch)
    layer_cost(mlp())


def test_a_change_of_archdsl_itself_is_another_counter(monkeypatch, tmp_path):
    package = tmp_path / "archdsl"
    (package / "cost").mkdir(parents=True)
    file = package / "cost" / "origin.py"
    monkeypatch.setattr(origin, "__file__", str(file))

    def counter(text):
        file.write_text(text, "utf-8")
        origin.counter_version.cache_clear()
        return origin.counter_version()

    try:
        assert counter("a = 1") == counter("a = 1") != counter("a = 2")
        file.unlink()
        origin.counter_version.cache_clear()
        assert origin.counter_version() == ""
        assert origin.origin(mlp(), ()) is None
    finally:
        origin.counter_version.cache_clear()


def own(tmp_path: Path, text: str, spec: str = SPEC) -> archdsl.Spec:
    (tmp_path / "mixers.py").write_text(text, "utf-8")
    (tmp_path / "uses_it.yaml").write_text(spec, "utf-8")
    return archdsl.load(tmp_path / "uses_it.yaml")


def test_a_mixer_of_ones_own_is_kept_until_its_text_changes(monkeypatch, tmp_path):
    two = MIXER.replace("WIDTH", "2")
    first = archdsl.count(own(tmp_path, two))
    another_process(monkeypatch)
    with monkeypatch.context() as changed:
        refuse(changed)
        assert archdsl.count(own(tmp_path, two)) == first
        with pytest.raises(AssertionError, match="wide is measured"):
            archdsl.count(own(tmp_path, MIXER.replace("WIDTH", "3")))
    assert archdsl.count(own(tmp_path, MIXER.replace("WIDTH", "3"))).macs > first.macs


@pytest.mark.parametrize(
    "more",
    ["import os", "from random import random", "from . import x", "WIDTH = open", "import torchx"],
)
def test_a_mixer_whose_text_does_not_say_all_is_not_kept(path, more):
    assert origin._is_pure(MIXER)
    assert not origin._is_pure(f"{MIXER}\n{more}\n")


def test_a_mixer_that_leans_on_another_file_is_measured_in_each_process(
    monkeypatch, tmp_path, path
):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "width_of_it.py").write_text("WIDTH = 2\n", "utf-8")
    text = "from width_of_it import WIDTH\n" + MIXER
    archdsl.count(own(tmp_path, text))
    kept = path.read_text("utf-8").count("\n")
    assert kept == 2  # the stem and the head
    another_process(monkeypatch)
    refuse(monkeypatch)
    with pytest.raises(AssertionError, match="wide is measured"):
        archdsl.count(own(tmp_path, text))


def test_a_class_without_a_file_is_not_kept(path):
    from torch import nn

    @archdsl.token_mixer("here_alone")
    class HereAlone(nn.Module):
        def __init__(self, dim: int) -> None:
            super().__init__()

        def forward(self, x):
            return x

    layer_cost(single(component("token_mixer", "here_alone"), (8, 4, 4)))
    assert not path.exists()


def test_a_registered_rule_without_a_file_is_not_kept(monkeypatch, path):
    from archdsl.cost import operators

    monkeypatch.setattr(operators, "_own", {"mine::one": lambda inputs, outputs: 0})
    layer_cost(mlp())
    assert not path.exists()


@pytest.mark.parametrize("torn", ["", '["abc",1,2', '["abc",1,2,3,[1,2,3],[1,2,', "[", "\xff\x00"])
def test_a_torn_line_costs_that_line_alone(path, torn):
    store("one", ROW)
    with path.open("ab") as file:
        file.write(b"\n" + torn.encode("latin-1"))
    store("two", ROW)
    stores.forget()
    assert (stored("one"), stored("two"), stored("abc")) == (ROW, ROW, None)


@pytest.mark.parametrize(
    "line",
    [
        '["abc",-1,2,3,[1,2,3],[1,2,3]]',
        '["abc",1.0,2,3,[1,2,3],[1,2,3]]',
        '["abc",true,2,3,[1,2,3],[1,2,3]]',
        '["abc",1,2,3,[1,2],[1,2,3]]',
        '["abc",1,2,3,[1,2,3],[1,2,"3"]]',
        '["abc",1,2,3,[1,2,3],[1,2,3],4]',
        '[5,1,2,3,[1,2,3],[1,2,3]]',
        '{"abc": 1}',
        "[" * 100_000,
    ],
)  # fmt: skip
def test_a_line_that_is_no_cost_is_passed_over(path, line):
    store("one", ROW)
    with path.open("a", encoding="utf-8") as file:
        file.write("\n" + line)
    stores.forget()
    assert (stored("one"), stored("abc")) == (ROW, None)


def test_a_row_of_other_shapes_is_not_believed(path, monkeypatch):
    first = layer_cost(mlp())
    key = json.loads(path.read_text("utf-8"))[0]
    store(key, Stored(first.macs, first.params, first.train_params, (1, 1, 1), first.out_shape))
    another_process(monkeypatch)
    assert layer_cost(mlp()) == first


@pytest.mark.parametrize("place", range(7))
def test_a_row_that_was_altered_is_dropped_and_measured_anew(path, monkeypatch, place):
    first = layer_cost(mlp())
    found = json.loads(path.read_text("utf-8"))
    if place in (0, 6):
        found[place] = found[place][::-1]
    else:
        found[place] = 53 if place < 4 else [53, *found[place][1:]]
    path.write_text(json.dumps(found), "utf-8")
    another_process(monkeypatch)
    assert stored(found[0]) is None
    assert layer_cost(mlp()) == first
    another_process(monkeypatch)
    refuse(monkeypatch)
    assert layer_cost(mlp()) == first  # the new row stands below the wrong one


def test_a_row_under_the_key_of_another_is_dropped(path):
    store("one", ROW)
    store("two", ROW._replace(macs=53))
    one, two = (json.loads(line) for line in path.read_text("utf-8").split())
    path.write_text("\n".join(json.dumps([a[0], *b[1:]]) for a, b in ((one, two), (two, one))))
    stores.forget()
    assert (stored("one"), stored("two")) == (None, None)


@given(
    st.text("0123456789abcdef", min_size=1, max_size=32),
    st.lists(st.integers(0, 1 << 62), min_size=9, max_size=9),
    st.data(),
)
@settings(max_examples=50)
def test_no_altered_byte_of_a_line_gives_another_row(origin_of_it, numbers, data):
    row = Stored(*numbers[:3], tuple(numbers[3:6]), tuple(numbers[6:]))
    line = stores._line(origin_of_it, row)
    assert dict(stores._parsed(line)) == {origin_of_it: row}
    at = data.draw(st.integers(0, len(line) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda one: one != line[at]))
    found = dict(stores._parsed(line[:at] + bytes([byte]) + line[at + 1 :]))
    assert found in ({}, {origin_of_it: row})


def test_two_writers_lose_nothing(path):
    def write(who):
        for number in range(200):
            store(f"{who}-{number}", ROW)

    writers = [threading.Thread(target=write, args=(who,)) for who in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    stores.forget()
    assert all(stored(f"{who}-{number}") == ROW for who in range(4) for number in range(200))


def test_two_processes_write_at_once(path):
    program = (
        "import sys; from archdsl.cost.store import Stored, store\n"
        "for n in range(300): store(f'{sys.argv[1]}-{n}', Stored(7, 5, 6, (3, 4, 4), (8, 4, 4)))"
    )
    running = [subprocess.Popen([*started.python(), "-c", program, who]) for who in "ab"]
    assert [one.wait() for one in running] == [0, 0]
    assert all(stored(f"{who}-{number}") == ROW for who in "ab" for number in range(300))


def test_where_nothing_can_be_kept_the_layer_is_measured(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("", "utf-8")
    monkeypatch.setenv("ARCHDSL_CACHE", str(tmp_path / "file" / "cache"))
    first = layer_cost(mlp())
    another_process(monkeypatch)
    assert layer_cost(mlp()) == first


def test_a_user_without_a_home_has_no_store(monkeypatch):
    monkeypatch.delenv("ARCHDSL_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)

    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    store("one", ROW)
    assert stored("one") is None


@pytest.mark.parametrize("what", ["folder", "FIFO", "socket", "device", "dangling link"])
def test_what_is_no_file_in_the_place_of_the_file_is_passed_over(path, monkeypatch, what):
    path.parent.mkdir(parents=True)
    match what:
        case "folder":
            path.mkdir()
        case "FIFO":
            os.mkfifo(path)
        case "socket":
            monkeypatch.chdir(path.parent)  # the name of a socket is short
            with socket.socket(socket.AF_UNIX) as end:
                end.bind(path.name)
        case "device":
            path.symlink_to("/dev/zero")
        case "dangling link":
            path.symlink_to(path.with_name("elsewhere"))
    first = layer_cost(mlp())
    another_process(monkeypatch)
    assert stored("one") is None
    assert layer_cost(mlp()) == first
    assert not path.is_file()


def test_a_file_that_has_grown_too_large_is_started_afresh(path, monkeypatch):
    store("one", ROW)
    monkeypatch.setattr(stores, "LIMIT", 10)
    stores.forget()
    assert stored("one") is None
    assert not path.exists()
