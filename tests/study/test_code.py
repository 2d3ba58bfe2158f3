"""Which files and packages a figure follows from, and when they are others."""

from __future__ import annotations

import importlib
import linecache
import re
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import archdsl
from archdsl.errors import SearchError
from archdsl.study import search
from archdsl.study.engines.proxy_training import ProxyTraining
from archdsl.study.identity.changes import file_changes, value_changes
from archdsl.study.identity.code import Code, code_of
from archdsl.study.identity.evidence import _declared, evidence, refuse_edited
from tests.study.conftest import judged, tiny_space

FILES = {
    "mine.py": "import json\nimport torch\nimport near\nfrom pack import inner\n",
    "near.py": "def late():\n    from pack.deep import far\n",
    "pack/__init__.py": "",
    "pack/inner.py": "from . import beside\nfrom .deep.far import *\n",
    "pack/beside.py": "",
    "pack/deep/__init__.py": "",
    "pack/deep/far.py": "import mine",
    "unrelated.py": "",
    "pack/unrelated.py": "",
}
FOLLOWED = {name for name in FILES if "unrelated" not in name}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """A folder with modules that import one another."""
    before = set(sys.modules)
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    yield tmp_path
    for name in set(sys.modules) - before:
        if (getattr(sys.modules[name], "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]


def of_files(folder: Path) -> Code:
    return code_of(folder, [folder / "mine.py"], [], [])


def test_what_a_file_imports_is_followed_wherever_it_says_so(project) -> None:
    assert set(of_files(project).files) == FOLLOWED


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_change_of_any_of_them_is_seen(project, name) -> None:
    before = of_files(project).files
    (project / name).write_text(FILES[name] + "# another word\n")
    changes = file_changes(before, of_files(project).files)
    assert changes == ([f"{name} has other content"] if name in FOLLOWED else [])


def test_a_project_that_moves_is_the_same(project) -> None:
    before = of_files(project).files
    moved = project.parent / f"{project.name}_moved"
    project.rename(moved)
    assert of_files(moved).files == before


def test_what_is_gone_or_new_is_named(project) -> None:
    before = of_files(project).files
    (project / "near.py").unlink()
    (project / "mine.py").write_text("from pack import inner\nfrom pack import other\n")
    (project / "pack" / "other.py").write_text("")
    assert file_changes(before, of_files(project).files) == [
        "near.py is gone",
        "pack/other.py is new",
        "mine.py has other content",
    ]


def test_a_module_is_found_where_python_found_it(project, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path, str(project)])
    importlib.import_module("pack.inner")
    found = code_of(tmp_path / "elsewhere", [], ["pack.inner"], [])
    assert set(found.files) == FOLLOWED  # pack/deep/far.py imports mine
    assert found.packages == {}


def test_an_imported_file_looks_beside_itself_first(project: Path) -> None:
    for folder in ("a", "b"):
        (project / folder).mkdir()
        (project / folder / "mixers.py").write_text("import near\nfrom .far import X\n")
        (project / folder / "near.py").write_text(f"WHERE = '{folder}'\n")
        (project / folder / "far.py").write_text("X = 1\n")
    entries = [project / "a" / "mixers.py", project / "b" / "mixers.py", project / "pack"]
    before = code_of(project, entries, [], []).files
    beside = {f"{folder}/{name}.py" for folder in "ab" for name in ("mixers", "near", "far")}
    assert beside < set(before)
    assert "pack/unrelated.py" in before  # of a package everything counts
    (project / "b" / "near.py").write_text("WHERE = 'elsewhere'\n")
    after = code_of(project, entries, [], []).files
    assert file_changes(before, after) == ["b/near.py has other content"]
    outside = code_of(project / "pack" / "deep", entries[:2], [], []).files
    assert len([name for name in outside if name.endswith("near.py")]) == 2


def test_what_is_installed_is_spoken_for_by_its_version(tmp_path) -> None:
    found = code_of(tmp_path, [], ["optuna.samplers"], [])
    assert found.files == {}
    assert list(found.packages) == ["optuna"]
    assert value_changes(found.packages, {"optuna": "0.0"})[0].endswith(", and now it is 0.0")


class Judge:
    def __call__(self, candidate: Any) -> float:
        return 0.5


@pytest.mark.parametrize("judge", [judged, partial(judged), Judge(), Judge().__call__, Judge])
def test_the_file_of_an_own_evaluate_is_found(tmp_path, judge: Callable[..., Any]) -> None:
    files = code_of(tmp_path, [], [], [judge]).files
    own = "conftest.py" if judge in (judged,) or isinstance(judge, partial) else "test_code.py"
    assert any(name.endswith(f"study/{own}") for name in files)


def test_an_evaluate_without_a_file_is_no_error(tmp_path) -> None:
    names: dict[str, Any] = {}
    exec("def judge(candidate): return 0.5", names)
    assert set(code_of(tmp_path, [], [], [names["judge"]]).files) == {"evaluate"}
    assert code_of(tmp_path, [], [], [len]).files == {}


PROGRAM = """\
import near
def judge(candidate):
    return 0.5
def main():
    archdsl.search("s.yaml", judge, out="run", trials=TRIALS, **{"search.trials": TRIALS})
"""


def test_a_program_may_ask_for_more_trials(project, monkeypatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path, str(project)])

    def files(text: str) -> dict[str, str]:
        (project / "program.py").write_text(text)
        sys.modules.pop("program", None)
        judge = importlib.import_module("program").judge
        return code_of(project, [], [], [judge]).files

    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    try:
        twenty = files(PROGRAM.replace("TRIALS", "20"))
        assert files(PROGRAM.replace("TRIALS", "1_000")) == twenty
        other = files(PROGRAM.replace("TRIALS", "20").replace("0.5", "0.6"))
    finally:
        sys.dont_write_bytecode = before
    assert "near.py" in twenty
    assert file_changes(twenty, other) == ["program.py has other content"]


def test_a_program_that_is_an_import_elsewhere_is_not_called_edited(project, monkeypatch) -> None:
    (project / "near.py").write_text("GIVEN = dict(trials=5)\n\n\ndef judge(one):\n    return 1\n")
    monkeypatch.syspath_prepend(project)
    near = importlib.import_module("near")
    as_program = code_of(project, [], [], [near.judge])
    as_import = of_files(project)
    assert as_program.files["near.py"] != as_import.files["near.py"]
    assert as_program.edited == as_import.edited == []


def test_a_module_that_is_edited_after_its_import_is_not_gone_on_with(project, monkeypatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path, str(project)])
    importlib.import_module("near")
    space = tiny_space()
    space.spec.document.folder = project
    space.spec.document.import_folders["near"] = project
    refuse_edited(evidence(space, space.spec.settings().proxy))
    (project / "near.py").write_text("x = 1\n")
    with pytest.raises(SearchError) as caught:
        refuse_edited(evidence(space, space.spec.settings().proxy))
    assert str(caught.value) == (
        "near.py was changed after Python had imported it, and Python goes on with what it was.  "
        "start the program anew"
    )
    del sys.modules["near"]
    importlib.import_module("near")
    refuse_edited(evidence(space, space.spec.settings().proxy))


def test_what_a_datamodule_says_of_its_data_is_compared(tmp_path) -> None:
    class Said:
        def __init__(self, fingerprint: Any) -> None:
            self.fingerprint = fingerprint

    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.bin").write_bytes(b"one")
    said = Said(lambda: {"release": 3, "images": Path("data"), "file": Path("data/a.bin")})
    before = _declared(said, tmp_path)
    assert before["release"] == "3" and before == _declared(said, tmp_path)
    (tmp_path / "data" / "a.bin").write_bytes(b"two")
    after = _declared(said, tmp_path)
    assert [name for name in after if after[name] != before[name]] == ["images", "file"]
    assert _declared(Said("v2"), tmp_path) == {"fingerprint": "v2"}
    assert _declared(object(), tmp_path) == {} == _declared(None, tmp_path)
    with pytest.raises(SearchError, match=r"b\.bin: cannot be read"):
        _declared(Said({"file": Path("data/b.bin")}), tmp_path)
    with pytest.raises(SearchError, match=r"its fingerprint\(\) failed \(ZeroDivisionError: "):
        _declared(Said(lambda: 1 / 0), tmp_path)


MODULE = """\
import lightning.pytorch as pl
import torch
from torch.utils.data import DataLoader, TensorDataset

import sizes_of_mine


class Mine(pl.LightningDataModule):
    fingerprint = "release 3"

    def setup(self, stage):
        labels = torch.arange(sizes_of_mine.COUNT) % 10
        self.data = TensorDataset(torch.rand(len(labels), 1, 8, 8), labels)

    def train_dataloader(self):
        return DataLoader(self.data, batch_size=8)

    val_dataloader = train_dataloader
"""


@pytest.mark.slow
def test_a_datamodule_and_what_it_imports_are_part_of_a_run(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(
        ProxyTraining, "__call__", lambda self, candidate, job, begin: {"accuracy": 0.5}
    )
    monkeypatch.setattr(sys, "path", [*sys.path])

    def start(trials: int) -> Any:
        for name in ("data_of_mine", "sizes_of_mine"):
            sys.modules.pop(name, None)
        space = tiny_space(proxy={"datamodule": "data_of_mine:Mine"}, trials=trials)
        space.spec.document.folder = tmp_path
        return search(space, out=tmp_path / "run", settings=space.spec.settings())

    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "data_of_mine.py").write_text(MODULE)
    (tmp_path / "sizes_of_mine.py").write_text("COUNT = 40\n")
    start(2)
    assert len(start(3).trials) == 3
    (tmp_path / "sizes_of_mine.py").write_text("COUNT = 80\n")
    with pytest.raises(SearchError) as caught:
        start(4)
    assert str(caught.value) == (
        f"{tmp_path / 'run'} holds a search that ran other code: sizes_of_mine.py has other "
        "content.  put it back to go on with that search, or choose another --out"
    )
    (tmp_path / "sizes_of_mine.py").write_text("COUNT = 40\n")
    (tmp_path / "data_of_mine.py").write_text(MODULE.replace("release 3", "release 4"))
    with pytest.raises(SearchError, match=r"other code: data_of_mine\.py has other content"):
        start(4)


def test_an_evaluate_that_was_edited_is_refused(tmp_path, monkeypatch) -> None:
    file = tmp_path / "judging_of_mine.py"
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def start(trials: int, value: float) -> Any:
        file.write_text(f"def judge(candidate):\n    return {value}\n")
        sys.modules.pop("judging_of_mine", None)
        judge = importlib.import_module("judging_of_mine").judge
        return archdsl.search(tiny_space(trials=trials), judge, tmp_path / "run")

    start(2, 0.5)
    assert len(start(3, 0.5).trials) == 3
    with pytest.raises(SearchError, match=r"ran other code: judging_of_mine\.py has other content"):
        start(4, 0.625)
    assert len(start(3, 0.625).trials) == 3  # nothing is judged anew


class Cells:
    """Code that stands in no file, as in the cells of a notebook."""

    def __init__(self, tmp_path: Path) -> None:
        self.names: dict[str, Any] = {"__name__": "__main__", "archdsl": archdsl}
        self.names |= {"space": tiny_space(), "out": tmp_path / "run"}

    def run(self, cell: str) -> None:
        file = f"<cell {len(linecache.cache)}>"
        linecache.cache[file] = (len(cell), None, cell.splitlines(keepends=True), file)
        exec(compile(cell, file, "exec"), self.names)

    def refused(self, cell: str) -> str:
        with pytest.raises(SearchError) as caught:
            self.run(cell)
        found = re.search(r"ran other code: (.*)\.  put", str(caught.value))
        assert found is not None, str(caught.value)
        return found.group(1)


@pytest.fixture
def cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cells:
    monkeypatch.setattr(linecache, "cache", dict(linecache.cache))
    return Cells(tmp_path)


SEARCH = "archdsl.search(space, judge, out, trials={})"


def test_a_lambda_within_a_cell_is_told_from_the_words_around_it(cells) -> None:
    text = "archdsl.search(space, {}lambda c, by=2: by * c.cost.params, out, trials={})"
    cells.run(text.format("", 1))
    cells.run(text.format("", 2) + "  # two")
    cells.run(text.format("\n  ", 3))
    assert cells.refused(text.replace("by=2", "by=3").format("", 4)) == "evaluate has other content"
    assert cells.refused(text.replace("params", "macs").format("", 4)).startswith("evaluate has")


def test_what_an_evaluate_in_a_cell_names_is_followed(cells, tmp_path, monkeypatch) -> None:
    (tmp_path / "steps_of_mine.py").write_text("SIZE = 2\n")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    parts = {
        "helper": "def helper(c):\n    return Scale().by(c)\n",
        "Scale": "class Scale:\n    def by(self, c):\n        return steps_of_mine.SIZE / 4\n",
        "judge": "import steps_of_mine\ndef judge(c):\n    return [helper(c) for _ in 'x'][0]\n",
    }
    try:
        for part in parts.values():
            cells.run(part)
        cells.run(SEARCH.format(1))
        cells.run(parts["helper"] + "def unrelated():\n    pass\n" + SEARCH.format(2))
        cells.run(parts["helper"].replace("Scale()", "1 * Scale()"))
        assert cells.refused(SEARCH.format(3)) == "helper has other content"
        cells.run(parts["helper"] + parts["Scale"].replace("/ 4", "/ 8"))
        assert cells.refused(SEARCH.format(3)) == "Scale has other content"
        cells.run(parts["Scale"] + SEARCH.format(3))
        (tmp_path / "steps_of_mine.py").write_text("SIZE = 8\n")
        assert cells.refused(SEARCH.format(4)) == "steps_of_mine.py has other content"
    finally:
        sys.modules.pop("steps_of_mine", None)


@pytest.mark.parametrize(
    ("text", "judge"),
    [
        ("def judge(c):\n    return {} + c.cost.params\n", "judge"),
        ("class Judge:\n    def __call__(self, c):\n        return {}\n", "Judge()"),
        ("class Judge:\n    def by(self, c):\n        return {}\n", "Judge().by"),
        ("class Judge:\n    @staticmethod\n    def by(c):\n        return {}\n", "Judge.by"),
        (
            "import functools\ndef wide(c, d):\n    return d in {{'a', 'b'}} or {}\n",
            "functools.partial(wide, d='c')",
        ),
    ],
)
def test_code_without_a_source_is_told_by_what_it_compiles_to(cells, text, judge) -> None:
    search_ = SEARCH.replace("judge", judge)
    for trials in (1, 2):
        exec(text.format(1), cells.names)
        exec(search_.format(trials), cells.names)
    exec(text.format(2), cells.names)
    assert cells.refused(search_.format(3)) == "evaluate has other content"
