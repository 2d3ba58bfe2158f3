"""The schema takes what is right, and refuses what is wrong as far as a schema can."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from archdsl import shipped
from archdsl.cli import main
from archdsl.editors import as_text, json_schema
from archdsl.language.nodes import plain
from archdsl.language.yaml import read_file
from archdsl.loading import fill_registry
from tests.broken.test_broken import BROKEN

REFUSED = Path(__file__).with_name("refused.txt")
"""The broken specs that a schema can refuse; the others are right in form."""

MODELINE = "# yaml-language-server: $schema=../archdsl.schema.json\n"


def as_an_editor_reads_it(value: Any) -> Any:
    """Values by YAML 1.2, in which `none` is a word."""
    if isinstance(value, dict):
        return {key: as_an_editor_reads_it(one) for key, one in value.items()}
    if isinstance(value, list):
        return list(map(as_an_editor_reads_it, value))
    return "none" if value is None else value


def instance(path: Path) -> Any:
    items = read_file(path).items
    return as_an_editor_reads_it({key: plain(node) for key, node in items.items()})


@pytest.fixture(scope="module")
def validator() -> Draft7Validator:
    fill_registry()
    schema = json.loads(as_text(json_schema()))
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


def shipped_files() -> list[Path]:
    folder = shipped.folder()
    return sorted(path for kind in ("baselines", "spaces", "recipes")
                  for path in (folder / kind).glob("*.yaml"))  # fmt: skip


@pytest.mark.parametrize("path", shipped_files(), ids=lambda path: path.stem)
def test_it_takes_every_shipped_file(validator, path: Path) -> None:
    assert [one.message for one in validator.iter_errors(instance(path))] == []


def test_each_says_where_the_schema_is_and_it_is_there(capsys) -> None:
    assert len(shipped_files()) > 60
    for path in shipped_files():
        assert path.read_text("utf-8").startswith(MODELINE), path
        assert (path.parent / "../archdsl.schema.json").is_file()
    assert main(["schema"]) == 0
    shown = capsys.readouterr().out
    lies = (shipped.folder() / "archdsl.schema.json").read_text("utf-8")
    assert shown == lies, "make catalogue  writes it anew"


def test_it_takes_what_is_right_beside_what_is_wrong(validator) -> None:
    for path in BROKEN:
        good = path.with_suffix(".good.yaml")
        read = instance(good)
        if "imports" not in read:  # those have components of their own
            assert [one.message for one in validator.iter_errors(read)] == [], good


def test_it_refuses_what_a_schema_can_refuse(validator) -> None:
    refused = []
    for path in BROKEN:
        try:
            read = instance(path)
        except Exception:  # what is no YAML an editor underlines by itself
            continue
        if not validator.is_valid(read):
            refused.append(path.stem)
    assert refused == REFUSED.read_text("utf-8").split()


OWN = '''\
import archdsl
from torch import nn


@archdsl.token_mixer("twice")
class Twice(nn.Module):
    """Twice what comes in.

    often: how often
    """

    def __init__(self, dim: int, *, often: archdsl.Positive = 2) -> None:
        super().__init__()
        self.often = often

    def forward(self, x):
        return self.often * x
'''
SPEC = """\
archdsl: 1
name: own
imports: [./own.py]
input: [3, 16, 16]
classes: 4
stem: {type: conv, kernel: 4, stride: 4}
block: {norm: layer_norm, token_mixer: {type: twice, often: 3}, channel_mixer: mlp}
stages: [{dim: 8, depth: 1}]
head: linear
"""


def test_a_users_own_components_are_in_it(tmp_path, capsys) -> None:
    (tmp_path / "own.py").write_text(OWN)
    (tmp_path / "own.yaml").write_text(SPEC)
    assert main(["schema", str(tmp_path / "own.yaml")]) == 0
    own = Draft7Validator(json.loads(capsys.readouterr().out))
    read = instance(tmp_path / "own.yaml")
    assert own.is_valid(read)
    read["block"]["token_mixer"]["often"] = 0
    assert not own.is_valid(read)
    read["block"]["token_mixer"] = {"type": "twice", "oftn": 3}
    assert not own.is_valid(read)


def test_a_spec_that_is_not_right_has_no_schema(tmp_path, capsys) -> None:
    (tmp_path / "own.yaml").write_text(SPEC)
    assert main(["schema", str(tmp_path / "own.yaml")]) == 2
    assert "there is no file" in capsys.readouterr().err
