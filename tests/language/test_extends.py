"""What an error may quote of a parent: lines of the user's own files, and of shipped ones."""

from __future__ import annotations

from pathlib import Path

import pytest

import archdsl
from archdsl.errors import SpecError

STRANGE = ["root:$6$abc:19000:0:::", "key: hunter2", "[hunter2", "a: &x hunter2", "hunter2: null"]


def refusal(path: Path) -> str:
    with pytest.raises(SpecError) as caught:
        archdsl.load(path)
    return str(caught.value)


@pytest.fixture
def child(tmp_path: Path) -> Path:
    """A spec in a folder of its own that extends what `../secret` holds."""
    (tmp_path / "mine").mkdir()
    path = tmp_path / "mine" / "child.yaml"
    path.write_text("archdsl: 1\nextends: ../secret.yaml\n")
    return path


@pytest.mark.parametrize("text", STRANGE)
def test_nothing_is_said_of_what_a_file_of_somebody_else_holds(child: Path, text: str) -> None:
    secret = child.parent.parent / "secret.yaml"
    secret.write_text(f"{text}\n")
    assert refusal(child) == (
        f"{child}:2:10: extends: {child.parent}/../secret.yaml is no spec\n"
        "    2 | extends: ../secret.yaml\n"
        "      |          ^^^^^^^^^^^^^^\n"
        "  a spec begins with  archdsl: 1"
    )


@pytest.mark.parametrize("text", STRANGE)
def test_a_link_does_not_make_a_file_ones_own(child: Path, text: str) -> None:
    (child.parent.parent / "secret.yaml").write_text(f"{text}\n")
    (child.parent / "link.yaml").symlink_to(child.parent.parent / "secret.yaml")
    child.write_text("archdsl: 1\nextends: ./link.yaml\n")
    said = refusal(child)
    assert said.startswith(f"{child}:2:10: extends: {child.parent}/link.yaml is no spec\n")
    assert text not in said


def test_a_spec_of_somebody_else_is_told_by_its_place_alone(child: Path) -> None:
    secret = child.parent.parent / "secret.yaml"
    secret.write_text("archdsl: 1\nstages: [{dim: 8, depth: 0}]  # hunter2\n")
    child.write_text("archdsl: 1\nextends: ../secret.yaml\nstem: {type: conv, kernel: 3}\n")
    assert refusal(child) == (
        f"{child.parent}/../secret.yaml:2:26: stages.0.depth: 0 is not an int from 1 to 1000"
    )
    secret.write_text("# mine\n\narchdsl: 1\nstages: [{dim: 8, depth: 1}]\n")
    assert archdsl.load(child).name == "child"


def test_a_parent_in_the_folder_or_below_it_is_quoted(child: Path) -> None:
    below = child.parent / "below"
    below.mkdir()
    (below / "parent.yaml").write_text("key: mine\n")
    child.write_text("archdsl: 1\nextends: ./below/parent.yaml\n")
    assert "    1 | key: mine" in refusal(child)


def test_the_parent_of_a_parent_is_measured_by_the_spec_that_was_named(child: Path) -> None:
    (child.parent.parent / "secret.yaml").write_text("archdsl: 1\nextends: ./other.yaml\n")
    (child.parent.parent / "other.yaml").write_text("hunter2\n")
    assert refusal(child) == (
        f"{child.parent}/../secret.yaml:2:10: extends: {child.parent}/../other.yaml is no spec\n"
        "  a spec begins with  archdsl: 1"
    )


def test_a_text_is_measured_by_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "secret.yaml").write_text("key: hunter2\n")
    monkeypatch.chdir(tmp_path / "mine")
    with pytest.raises(SpecError) as caught:
        archdsl.loads("archdsl: 1\nextends: ../secret.yaml\n")
    assert "hunter2" not in str(caught.value)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SpecError, match="key: hunter2"):
        archdsl.loads("archdsl: 1\nextends: ./secret.yaml\n")
