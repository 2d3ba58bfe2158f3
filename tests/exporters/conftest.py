from __future__ import annotations

import importlib.util
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from archdsl.exporters import registry
from archdsl.exporters.bundle import Bundle

LINTS = ["check", "--isolated", "--select", "E,F,W,I,UP,B", "--line-length", "100"]
FORMAT = ["format", "--isolated", "--check", "--diff", "--line-length", "100"]


@pytest.fixture
def no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forms that a test registers are gone after it."""
    monkeypatch.setattr(registry, "_registered", dict(registry._registered))


@pytest.fixture
def module(tmp_path: Path) -> Iterator[Callable[..., ModuleType]]:
    """Write a module into a folder and import it, as `imports: [./file.py]` does."""
    made: list[str] = []

    def load(text: str, name: str = "toy") -> ModuleType:
        file = tmp_path / f"{name}.py"
        file.write_text(textwrap.dedent(text), encoding="utf-8")
        specification = importlib.util.spec_from_file_location(name, file)
        assert specification is not None and specification.loader is not None
        found = importlib.util.module_from_spec(specification)
        sys.modules[name] = found
        made.append(name)
        specification.loader.exec_module(found)
        return found

    yield load
    for name in made:
        sys.modules.pop(name, None)


@pytest.fixture
def tidy(tmp_path: Path) -> Callable[..., None]:
    """Fail unless ruff would leave a file as it is, and finds nothing to say about it."""

    def check(text: str, lint: bool = True) -> None:
        file = tmp_path / "tidied" / "exported.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
        for arguments in (FORMAT, LINTS) if lint else (FORMAT,):
            done = subprocess.run(
                [sys.executable, "-m", "ruff", *arguments, "--no-cache", str(file)],
                capture_output=True,
                text=True,
            )
            assert done.returncode == 0, done.stdout + done.stderr + text

    return check


@pytest.fixture
def carry() -> Callable[..., str]:
    """The text of an exported file that holds some classes and no factory."""

    def text(*classes: type, reserved: tuple[str, ...] = ()) -> str:
        bundle = Bundle(classes, reserved)
        body = bundle.definitions()
        first_defines = body[0].startswith(("class ", "def ", "@", "#"))
        blanks = [""] * (2 if first_defines else 1)
        return "\n".join([*bundle.imports(), *blanks, *body]) + "\n"

    return text
