"""The README is true: its commands run, its specs load, its file tree is the one that is there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import archdsl
from tests import started

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "README.md").read_text()
NOT_COPIED = shutil.ignore_patterns(
    ".venv", ".compat", ".git", "runs", "dist", "__pycache__", ".*_cache"
)


def blocks(language: str) -> list[str]:
    """The fenced blocks of a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout whose environment is this one, installed already."""
    folder = tmp_path_factory.mktemp("readme") / "archdsl"
    shutil.copytree(ROOT, folder, ignore=NOT_COPIED)
    (folder / ".venv").mkdir()
    for part in ("bin", "lib", "lib64", "pyvenv.cfg"):
        (folder / ".venv" / part).symlink_to(Path(sys.prefix) / part)
    (folder / ".venv" / ".installed").touch()
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("block", blocks("sh"))
def test_every_shell_block_runs(block: str, checkout: Path) -> None:
    environment = {
        **os.environ,
        "PATH": f"{checkout / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "SEARCH": "--set search.trials=2 --set search.proxy.epochs=1",  # the commands as they
        "TESTS": "tests/test_house.py -k upwards",  # stand, with less to do
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block],
        cwd=checkout, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("block", blocks("python"))
def test_every_python_block_runs(block: str, tmp_path: Path) -> None:
    subprocess.run([*started.python(), "-c", block], cwd=tmp_path, check=True, capture_output=True)


PAGES = (
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "benchmarks" / "README.md",
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if link.startswith("https:"):
            continue
        path, _, heading = link.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), link
        if heading:
            assert heading in anchors(there), link


def anchors(page: Path) -> set[str]:
    """The headings of a page, as links name them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("block", blocks("yaml"))
def test_every_spec_loads(block: str) -> None:
    archdsl.loads(block)


def test_the_specs_are_the_shipped_ones() -> None:
    baseline, space, winner = map(archdsl.loads, blocks("yaml"))
    assert baseline.network() == archdsl.load("poolformer_s12").network()
    assert space.tree == archdsl.load(space.name).tree
    assert space.is_space
    assert not winner.is_space
    assert winner.name == space.name
    low, high = space.settings().budget["macs"]
    assert low <= archdsl.count(winner).macs <= high


def test_the_winner_is_the_space_with_its_holes_filled() -> None:
    _, space, winner = (archdsl.loads(block).tree for block in blocks("yaml"))
    fixed = {key for key, value in space.items() if not re.search("choice|range", str(value))}
    assert "stem" in fixed
    assert {key: winner.get(key) for key in fixed - {"search"}} == {
        key: space[key] for key in fixed - {"search"}
    }


def test_the_file_tree_names_what_is_there_and_nothing_else() -> None:
    (tree,) = (block for block in blocks("text") if block.startswith("archdsl/"))
    named: set[str] = set()
    folder = ""
    for line in tree.splitlines():
        path = line.split()[0]
        if line.startswith(" "):
            path = folder + path
        elif path.endswith("/"):
            folder = path
        named.add(path)
    assert not {path for path in named if not (ROOT / path).exists()}
    package = {
        f"archdsl/{path.name}" + ("/" if path.is_dir() else "")
        for path in (ROOT / "archdsl").iterdir()
        if (path.suffix == ".py" or path.is_dir()) and not path.name.startswith("_")
    }
    assert package <= named
