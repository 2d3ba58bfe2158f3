"""A training of a baseline again: on the data as they lie now, and with what it imports."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from archdsl.errors import ArchError
from archdsl.study.replay.replaying import _space, replay
from tests.study.replay.conftest import FLIPPED, arrays, contents, project, searched

PLAIN = """\
archdsl: 1
name: plain
input: [1, 8, 8]
classes: 2
stem: {type: conv, kernel: 4, stride: 4, padding: 0, norm: batch_norm}
block: {norm: layer_norm, token_mixer: identity, channel_mixer: {type: mlp, ratio: 1}}
stages: [{dim: 8, depth: 1}]
head: {type: linear, norm: batch_norm}
"""

TURNED = FLIPPED.replace('"flipped"', '"turned"').replace("-2", "-1")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A search with three baselines: without Python, with its own, and with the space's."""
    here = project(tmp_path_factory.mktemp("baselines"))
    own = PLAIN.replace("identity", "turned").replace("name: plain", "name: own\nimports: [./t.py]")
    same = PLAIN.replace("identity", "scaled").replace(
        "name: plain", "name: same\nimports: [../lib/scaled.py]"
    )
    for name, text in (("plain", PLAIN), ("own", own), ("same", same)):
        (here / f"{name}.yaml").write_text(text)
    (here / "t.py").write_text(TURNED)
    spec = (here / "space.yaml").read_text().replace("trials: 3", "trials: 1").replace(
        "final: {keep: 1, seeds: 2}",
        "baselines: [./plain.yaml, ./own.yaml, ./same.yaml]\n"
        "  final: {keep: 1, seeds: 2, epochs: 1}",
    )  # fmt: skip
    (here / "space.yaml").write_text(spec)
    return searched(here)


def test_a_baseline_comes_again(kept) -> None:
    found = replay(kept, "final/0/baseline-plain/seed-1")
    assert (found.finding, found.differences) == ("equal", ())


def test_it_is_trained_on_the_data_as_they_lie_now(kept, tmp_path) -> None:
    away, word = tmp_path / "away", "final/0/baseline-plain/seed-1"
    shutil.copytree(kept, away / "run")
    arrays(away / "a.npz")
    moved = {"search.proxy.folder": str(away), "search.proxy.data.path": "a.npz"}
    there = kept.parent / "da ta" / "a.npz"
    before = contents(there.parent)
    arrays(there, seed=1)
    try:
        assert replay(away / "run", word, patches=moved).finding == "equal"
        with pytest.raises(ArchError, match=r"had other data .* the file has other content"):
            replay(away / "run", word)
    finally:
        there.write_bytes(before[str(there)])


def test_what_it_imports_is_held_against_the_record_where_it_is_there(kept) -> None:
    assert replay(kept, "final/0/baseline-same/seed-1").differences == ()
    found = replay(kept, "final/0/baseline-own/seed-1")
    assert found.finding == "equal"
    assert found.differences == ("t.py, which own imports, is not on record, and may be another",)


def test_python_of_a_baseline_may_be_refused(kept, monkeypatch) -> None:
    """Also where the space itself has none."""
    monkeypatch.setattr(
        "archdsl.study.replay.replaying._space", lambda *given: _space(*given[:-1], True)
    )
    assert replay(kept, "final/0/baseline-plain/seed-1", imports=False).finding == "equal"
    with pytest.raises(ArchError, match=r"imports of \./t\.py are refused here"):
        replay(kept, "final/0/baseline-own/seed-1", imports=False)
