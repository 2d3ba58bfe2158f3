"""Forms of others: registered, listed, given files, and refused where they are wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch

import archdsl
from archdsl.cli import main
from archdsl.compiler.network import Network
from archdsl.errors import ExportError
from archdsl.exporters import Files, form, forms
from tests.exporters.test_export import SPEC

pytestmark = pytest.mark.usefixtures("no_others")


@pytest.fixture
def pair() -> None:
    """A form of two files."""

    @form("pair")
    def pair(network: Network, weights: Mapping[str, torch.Tensor] | None) -> Files:
        """a line of text, and 100 % of how many tensors there are"""
        count = "no" if weights is None else len(weights)
        return {"line.txt": f"{network.name}\n", "count.bin": f"{count}".encode()}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "tiny.yaml"
    file.write_text(archdsl.dump(SPEC))
    return file


SHIPPED = ["code", "program", "onnx", "executorch", "litert", "coreml"]


def test_these_forms_are_shipped() -> None:
    known = [one for one in forms() if one.make.__module__.startswith("archdsl.")]
    assert [one.name for one in known] == SHIPPED
    assert known[0].help == "one Python file that imports torch alone"
    assert all(one.runner is not None for one in known)


@pytest.mark.usefixtures("pair")
def test_a_form_of_two_files_gives_and_writes_them(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    made = archdsl.export(SPEC, to="pair", path=folder)
    assert made == {"line.txt": "tiny\n", "count.bin": b"no"}
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "line.txt": b"tiny\n",
        "count.bin": b"no",
    }
    assert archdsl.export(SPEC, to="pair", path=folder) == made  # over what is there


@pytest.mark.usefixtures("pair")
def test_a_form_of_two_files_cannot_become_one(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(ExportError, match=r"out: is no folder, and it is to hold 2 files$"):
        archdsl.export(SPEC, to="pair", path=tmp_path / "out")
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.usefixtures("pair")
def test_a_form_that_carries_weights_is_given_them(tmp_path: Path) -> None:
    model = archdsl.build(SPEC)
    torch.save(model.state_dict(), tmp_path / "tiny.pt")
    made = archdsl.export(SPEC, to="pair", weights=tmp_path / "tiny.pt")
    assert isinstance(made, Mapping)
    assert made["count.bin"] == f"{len(model.state_dict())}".encode()


def test_weights_that_a_form_does_not_carry_are_for_its_check_or_refused(tmp_path: Path) -> None:
    torch.save(archdsl.build(SPEC).state_dict(), tmp_path / "tiny.pt")
    with pytest.raises(ExportError, match=r"^code carries no weights: drop them$"):
        archdsl.export(SPEC, to="code", weights=tmp_path / "tiny.pt", check=False)
    assert archdsl.export(SPEC, to="code", weights=tmp_path / "tiny.pt") == archdsl.export(SPEC)


@pytest.mark.usefixtures("pair")
@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"features": [0]}, "pair gives no maps of stages.  drop  features  (--backbone), or "),
        ({"fused": True}, "pair has no deployed form.  drop  fused  (--fused), or choose another "),
        ({"opset": 20}, "pair has no opset.  drop it, or choose  onnx"),
        ({"check": True}, "pair has no runner, and cannot be checked.  register it with  form("),
        ({"opset": "20"}, "opset is a number, and not '20'"),
        ({"fused": 1}, "fused is True or False, and not 1"),
        ({"check": 1}, "check is True or False, and not 1"),
    ],
)
def test_what_a_form_does_not_carry_is_refused(wanted: dict[str, Any], said: str) -> None:
    with pytest.raises(ExportError) as caught:
        archdsl.export(SPEC, to="pair", **wanted)
    assert str(caught.value).startswith(said)
    assert archdsl.export(SPEC, to="pair", fused=False, check=False)


def test_a_runner_or_a_tolerance_that_is_none_is_refused() -> None:
    for wrong, said in (
        ({"run": 3}, "the runner of the form 'odd' is 3, and no function"),
        ({"run": lambda: None}, "the runner of the form 'odd' takes ().  a runner takes the files"),
        (
            {"run": lambda files, seed: None},
            "the runner of the form 'odd' takes (files, seed).  a ",
        ),
        ({"tolerance": 2}, "the tolerance of the form 'odd' is 2.  it is a share of the largest "),
        ({"tolerance": True}, "the tolerance of the form 'odd' is True.  it is a share"),
    ):
        with pytest.raises(ExportError) as caught:
            form("odd", **wrong)  # type: ignore[arg-type]
        assert str(caught.value).startswith(said)
    form("odd", run=lambda files, state: None, tolerance=0)


@pytest.mark.usefixtures("pair")
def test_the_command_line_lists_and_writes_it(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "--help"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "code: one Python file that imports torch alone; program: a program of" in said
    assert "pair: a line of text, and 100 % of how many tensors there are" in said
    assert main(["export", str(file), "--to", "pair", "-o", str(tmp_path / "out"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["path"] == str(tmp_path / "out")
    assert (tmp_path / "out" / "line.txt").read_text() == "tiny\n"
    assert main(["export", str(file), "--to", "pair"]) == 2
    assert capsys.readouterr().err.strip() == (
        "pair gives the files line.txt count.bin, which are not printed.  write them with  -o"
    )


@pytest.mark.usefixtures("pair")
def test_a_misspelt_form_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ExportError) as caught:
        archdsl.export(SPEC, to="piar")
    assert str(caught.value) == (
        "there is no export to 'piar'.  did you mean 'pair'?  choose from: "
        f"{', '.join(one.name for one in forms())}"
    )


def test_a_form_registered_again_replaces_the_earlier_one() -> None:
    for text in ("old", "new"):

        @form("again")
        def again(network: Network, text: str = text) -> Files:
            """a word"""
            return {"word.txt": text}

    assert archdsl.export(SPEC, to="again") == "new"


def test_a_name_that_is_taken_is_refused() -> None:
    def code(network: Network) -> Files:
        """another"""
        return {}

    with pytest.raises(ExportError) as caught:
        form("code")(code)
    assert str(caught.value) == (
        "the form 'code' is taken by archdsl.exporters.shipped_forms._code.  choose another name"
    )


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        ("text", "gives 'text'"),
        ({}, "gives {}"),
        ({"a/b": "text"}, "names a file 'a/b'"),
        ({"..": "text"}, "names a file '..'"),
        ({"": "text"}, "names a file ''"),
        ({1: "text"}, "names a file 1"),
        ({"a": 1}, "has int in a"),
    ],
)
def test_what_is_no_file_is_refused(made: Any, problem: str) -> None:
    @form("wrong")
    def wrong(network: Network) -> Files:
        """whatever"""
        return made  # type: ignore[no-any-return]

    with pytest.raises(ExportError) as caught:
        archdsl.export(SPEC, to="wrong")
    assert str(caught.value) == (
        f"the form 'wrong' {problem}.  it gives a mapping from plain names of files to text or "
        "bytes"
    )


def test_a_form_that_fails_is_named() -> None:
    @form("failing")
    def failing(network: Network) -> Files:
        """nothing"""
        raise KeyError("dim")

    with pytest.raises(ExportError) as caught:
        archdsl.export(SPEC, to="failing")
    assert str(caught.value) == (
        "the form 'failing' fails (KeyError: 'dim').  mend tests.exporters.test_forms."
        "test_a_form_that_fails_is_named.<locals>.failing"
    )


@pytest.mark.parametrize("name", [3, ["none"], None])
def test_what_is_no_name_of_a_form_is_refused(name: Any) -> None:
    with pytest.raises(ExportError, match=r"^to is a text, and not "):
        archdsl.export(SPEC, to=name)


def test_a_function_that_is_no_form_is_refused() -> None:
    with pytest.raises(ExportError, match=r"^the form 'mute' has no help\.  begin mute with a"):

        @form("mute")
        def mute(network: Network) -> Files:
            return {}

    with pytest.raises(ExportError, match=r"^the form 'wide' takes \(network, seed\)\.  a form"):

        @form("wide")
        def wide(network: Network, seed: int) -> Files:
            """too much"""
            return {}

    with pytest.raises(ExportError, match=r'^@form stands without .*  write  @form\("summary"\)$'):

        @form  # type: ignore[arg-type]
        def bare(network: Network) -> Files:
            """bare"""
            return {}
