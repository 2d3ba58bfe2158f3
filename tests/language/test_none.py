"""`none` says that there is none, whatever a parent set; two objectives in the place of one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import archdsl
from archdsl.cli import main
from archdsl.errors import SpecError
from archdsl.language import positions
from archdsl.language.settings import Objective, ProxySettings, SearchSettings
from archdsl.study import events

PARENT = """archdsl: 1
name: parent
input: [1, 12, 12]
classes: 10
drop_path: 0.1
class_token: true
stem: {type: conv, kernel: 3, stride: 2}
block: {norm: layer_norm, token_mixer: attention, channel_mixer: mlp}
stages:
  - {dim: 32, runs: [{depth: 1}, {depth: 2}]}
search:
  minimize: loss
  budget: {macs: 2G, params: 2M}
  measure: uniform
  proxy:
    datamodule: "mine:Data"
    module: "mine:Module"
    warmup: 2
    weight_decay: 0.5
    label_smoothing: 0.25
    steps_per_epoch: 3
    validation_steps: 3
    size: 24
"""


@pytest.fixture
def child(tmp_path: Path) -> Any:
    """`child(lines...)`: a spec that extends the parent above with lines of its own."""
    (tmp_path / "parent.yaml").write_text(
        f"{PARENT}imports: [./mine.py]\nparams: {{width: 8}}\nfound: {{trial: 3}}\n"
    )
    (tmp_path / "mine.py").write_text("")

    def load(*lines: str, **keywords: Any) -> Any:
        path = tmp_path / "child.yaml"
        path.write_text("\n".join(["archdsl: 1", "extends: ./parent.yaml", *lines, ""]))
        return archdsl.load(path, **keywords)

    return load


def proxy(spec: Any) -> ProxySettings:
    found: ProxySettings = spec.settings().proxy
    return found


@pytest.mark.parametrize(
    "key", ["datamodule", "module", "steps_per_epoch", "validation_steps", "size"]
)
def test_what_a_proxy_may_lack_is_taken_back(child: Any, key: str) -> None:
    assert getattr(proxy(child()), key) is not None
    assert getattr(proxy(child(f"search.proxy.{key}: none")), key) is None


@pytest.mark.parametrize("key", ["warmup", "weight_decay", "label_smoothing"])
def test_none_of_an_amount_is_zero(child: Any, key: str) -> None:
    assert getattr(proxy(child()), key) > 0
    assert getattr(proxy(child(f"search.proxy.{key}: none")), key) == 0


def test_data_in_the_place_of_a_datamodule_and_the_other_way_round(child: Any) -> None:
    data = proxy(child("search.proxy.datamodule: none", "search.proxy.data: digits")).data
    assert data is not None
    assert data.type == "digits"
    assert proxy(child("search.proxy.data: none")).datamodule == "mine:Data"
    assert proxy(child("search.proxy.datamodule: none")).data == data
    with pytest.raises(SpecError, match="data and datamodule both say where the images come from"):
        child("search.proxy.data: digits")


def test_a_section_that_is_none_is_as_if_it_were_not_written(child: Any) -> None:
    for line in ("search: none", "search.proxy: none"):
        spec = child(line)
        assert proxy(spec) == ProxySettings(
            data=proxy(child("search.proxy.datamodule: none")).data, folder=spec.folder
        )
    spec = child("search: none")
    assert spec.settings() == SearchSettings(proxy=proxy(spec))


def test_a_budget_without_a_bound_and_none_at_all(child: Any) -> None:
    assert set(child().settings().budget) == {"macs", "params"}
    assert set(child("search.budget.macs: none").settings().budget) == {"params"}
    assert not child("search.budget: none").settings().budget
    assert dict(child("search.budget: none", "search.budget.macs: 1k").settings().budget) == {
        "macs": (0, 1000)
    }


def test_bounds_that_python_gives_may_be_none(child: Any) -> None:
    space = archdsl.space("digits")
    assert space.count({"macs": None}) == space.count(None)


def test_what_a_parent_set_of_the_measure_is_taken_back(child: Any) -> None:
    other = 'search.sampler: "optuna:TPESampler"'
    with pytest.raises(SpecError, match="Optuna's samplers have no measure"):
        child(other)
    assert child(other, "search.measure: none").settings().measure == "stagewise"


@pytest.mark.parametrize(
    ("lines", "objectives"),
    [
        ([], ["minimize loss"]),
        (["search.minimize: none"], ["maximize accuracy"]),
        (["search.minimize: none", "search.maximize: f1"], ["maximize f1"]),
        (["search.minimize: macs"], ["maximize accuracy", "minimize macs"]),
        (["search.minimize: macs", "search.maximize: none"], ["minimize macs"]),
    ],
)
def test_an_objective_is_taken_back(child: Any, lines: list[str], objectives: list[str]) -> None:
    expected = [Objective(name, way) for way, name in map(str.split, objectives)]  # type: ignore
    spec = child("imports: none", *lines)
    assert list(spec.settings().objectives) == expected
    assert spec.notes == ()
    assert list(archdsl.loads(spec.dump()).settings().objectives) == expected


def test_none_at_the_top_is_as_if_it_were_not_written(child: Any) -> None:
    spec = child("drop_path: none", "class_token: none", "params: none", "imports: none")
    assert not {"drop_path", "class_token", "params", "imports", "found"} & set(spec.tree)
    assert spec.document.import_folders == {}
    assert spec.network().class_token is False


def test_a_stage_has_depth_or_runs_and_the_other_can_be_taken_back(child: Any) -> None:
    spec = child("stages.0.runs: none", "stages.0.depth: 5")
    assert len(list(spec.network().blocks())) == 5
    with pytest.raises(SpecError, match="a stage needs a depth or runs"):
        child("stages.0.runs: none")


def test_a_block_that_is_none_shares_nothing(child: Any) -> None:
    assert not child("block: none", "stages.0.token_mixer: attention").document.block.plain


def test_no_parent_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(PARENT.replace("input:", "extends: none\ninput:"))
    assert archdsl.load(tmp_path / "a.yaml").name == "parent"


@pytest.mark.parametrize(
    "key", [p.name for p in positions.DECLARED if p.unset and p.name not in ("depth", "runs")]
)
def test_it_can_be_written_where_there_is_nothing_to_take_back(key: str) -> None:
    lines = ["input: [1, 12, 12]", "stem: {type: conv, kernel: 3}", "stages: [{dim: 8, depth: 1}]"]
    spec = archdsl.loads("\n".join(["archdsl: 1", *lines, f"{key}: none", ""]))
    assert key not in spec.tree
    assert spec == archdsl.loads("\n".join(["archdsl: 1", *lines, ""]))


@pytest.mark.parametrize("stage", ["depth: 2, runs: none", "depth: none, runs: [{depth: 2}]"])
def test_so_can_the_depth_or_the_runs_of_a_stage(stage: str) -> None:
    text = "archdsl: 1\ninput: [1, 12, 12]\nstem: {type: conv, kernel: 3}\n"
    spec = archdsl.loads(f"{text}block: {{token_mixer: pooling}}\nstages: [{{dim: 8, {stage}}}]\n")
    assert len(list(spec.network().blocks())) == 2


@pytest.mark.parametrize(
    ("line", "cure"),
    [
        ("drop_path: {rate: none}", "write 0"),
        ("drop_path: {choice: [0.1, none]}", "write 0"),
        ("class_token: {choice: [true, none]}", "write false"),
        ("classes: none", "write 0"),
    ],
)
def test_where_none_is_no_value_it_is_said_what_is(child: Any, line: str, cure: str) -> None:
    with pytest.raises(SpecError) as caught:
        child(line)
    assert caught.value.cure == cure
    child(line.replace("none", cure.removeprefix("write ")))


BOTH = (
    "{}: search.{}: there are two objectives now: maximize {} and minimize {}.  "
    "write  search.{}: none  for this one alone"
)


def test_a_second_objective_beside_that_of_a_parent_is_said(child: Any, tmp_path: Path) -> None:
    spec = child("search.maximize: f1")
    place = tmp_path / "child.yaml:3:18"
    assert spec.notes == (BOTH.format(place, "maximize", "f1", "loss", "minimize"),)
    for line in (
        "search: {maximize: f1, budget: none}",
        "search: {maximize: f1, minimize: loss, budget: none}",
        "search.maximize: f1\nsearch.minimize: none",
        "search.maximize: f1\nsearch.minimize: loss",
        "search.maximize: none",
    ):
        assert child(line).notes == ()


def test_so_it_is_of_what_is_set_on_top(child: Any) -> None:
    spec = archdsl.load(child(), set={"search.maximize": "f1"})
    assert spec.notes == (BOTH.format("<set>:1:18", "maximize", "f1", "loss", "minimize"),)
    again = archdsl.load(spec, set={"search.maximize": "f2"})
    assert again.notes == (BOTH.format("<set>:1:18", "maximize", "f2", "loss", "minimize"),)
    assert archdsl.load(spec, set={"search.minimize": None}).notes == ()
    assert archdsl.load(child("search.minimize: none"), set={"search.maximize": "f1"}).notes == ()


NO_BUDGET = (
    "{}: search: it replaces the parent's, and there is no budget now.  write  "
    "budget: {{macs: 2G, params: 2M}}  in it for the parent's, or  budget: none"
)


def test_a_section_that_leaves_out_the_budget_of_a_parent_is_said(
    child: Any, tmp_path: Path
) -> None:
    def notes(line: str, **set_: Any) -> tuple[str, ...]:
        on_top = {f"search.{key}": value for key, value in set_.items()}
        found: tuple[str, ...] = child(line, set=on_top).notes
        return found

    lost = (NO_BUDGET.format(f"{tmp_path / 'child.yaml'}:3:9"),)
    assert notes("search: {trials: 5}") == lost
    assert notes("search: {trials: 5}", trials=4) == lost
    assert notes("search: {trials: 5}", budget={"macs": "1G"}) == ()
    for line in (
        "search.trials: 5",
        "search: none",
        "search: {trials: 5, budget: none}",
        "search: {trials: 5, budget: {params: 1M}}",
    ):
        assert notes(line) == ()


def test_the_command_line_and_the_listener_say_it(
    child: Any,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "1000")  # room for the note and the folder of the test
    lines = [
        "class_token: none", "search.proxy: none", "search.maximize: f1", "search.trials: 2",
        "block.token_mixer: {choice: [pooling, identity]}", "search.budget: none", "params: none",
    ]  # fmt: skip
    note = child(*lines).notes[0]
    path = str(tmp_path / "child.yaml")
    assert main(["check", path]) == 0
    assert f"  {note}\n" in capsys.readouterr().out
    assert main(["check", path, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["notes"] == [note]
    heard: list[object] = []
    archdsl.search(path, lambda candidate: {"f1": 1.0, "loss": 1.0}, listener=heard.append)
    assert events.Notice(note) in heard
