"""The wheel, installed in an environment of its own, outside the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from archdsl import shipped
from archdsl.recipes import names

ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.slow


def ran(*command: str | Path, folder: Path) -> str:
    """What a command prints; it must succeed, and cannot see the checkout."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        list(map(str, command)), cwd=folder, env=clean, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts of a fresh environment with the wheel, and the pinned packages beside it."""
    folder = tmp_path_factory.mktemp("wheel")
    build = ("-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir")
    ran(sys.executable, *build, folder, ROOT, folder=folder)
    (wheel,) = folder.glob("archdsl-*.whl")
    venv.create(folder / "env", with_pip=True, symlinks=True)
    scripts = folder / "env" / "bin"
    ran(scripts / "python", "-m", "pip", "install", "--quiet", "--no-deps", wheel, folder=folder)
    # Only now the dependencies: pip sees nothing of an archdsl that may be installed there, and
    # what this environment has of its own comes first.
    (site,) = (folder / "env").glob("lib/python*/site-packages")
    (site / "pinned.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return scripts


def test_the_wheel_is_what_is_imported(installed: Path, tmp_path: Path) -> None:
    program = "import archdsl; print(archdsl.__file__)"
    printed = ran(installed / "python", "-c", program, folder=tmp_path)
    assert Path(printed.strip()).is_relative_to(installed.parent)


def test_the_wheel_carries_the_specs(installed: Path, tmp_path: Path) -> None:
    printed = ran(installed / "archdsl", "list", "specs", folder=tmp_path)
    assert [line.split()[0] for line in printed.splitlines()] == shipped.names()


def test_the_wheel_carries_what_is_known_of_the_published_models(
    installed: Path, tmp_path: Path
) -> None:
    printed = ran(installed / "archdsl", "list", "baselines", folder=tmp_path)
    rows = [line.split()[0] for line in printed.splitlines() if not line.startswith(" ")]
    assert rows[0] == "name" and sorted(rows[1:]) == shipped.names(shipped.BASELINES)
    program = (
        "from archdsl.checkpoints.tables import namings; print(len(namings('poolformer_s12')))"
    )
    assert ran(installed / "python", "-c", program, folder=tmp_path) == "2\n"


def test_the_wheel_carries_the_recipes(installed: Path, tmp_path: Path) -> None:
    printed = ran(installed / "archdsl", "list", "recipes", folder=tmp_path)
    rows = [line.split()[0] for line in printed.splitlines() if not line.startswith(" ")]
    assert rows == ["name", *names()]


def test_the_wheel_carries_the_plotting_library_with_its_licences(
    installed: Path, tmp_path: Path
) -> None:
    program = (
        "from importlib import metadata; from archdsl.views.scripts import plotting_library; "
        "assert 'Mike Bostock' in plotting_library().text; "
        "print(*sorted(p.name for p in metadata.files('archdsl') if 'licenses' in p.parts))"
    )
    printed = ran(installed / "python", "-c", program, folder=tmp_path)
    assert printed.split() == ["LICENSE", "LICENSE", "LICENSES", "NOTICE"]


def test_a_search_runs_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    few = ("--set", "search.trials=2", "--set", "search.proxy.epochs=1")
    ran(installed / "archdsl", "search", "digits", *few, folder=tmp_path)
    run = tmp_path / "runs" / "digits"
    for name in ("best.yaml", "best.py", "best.safetensors", "report.html"):
        assert (run / name).stat().st_size > 0
    ran(installed / "archdsl", "check", run / "best.yaml", folder=tmp_path)
