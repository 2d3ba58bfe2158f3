"""What `archdsl check` says of files, each in a process of its own, with torch or without.

python -m tests.catalogue.said WITH < FILES

WITH is `torch`, which is then imported first, or `catalogue`. FILES is a JSON list of paths; a
JSON list of [exit code, text, whether torch was imported] goes to standard output.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any


def said(which: str, files: Sequence[str]) -> list[Any]:
    """What is said of each file."""
    done = subprocess.run(
        [sys.executable, "-m", __name__, which], input=json.dumps(files), text=True,
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: list[Any] = json.loads(done.stdout)
    return found


def described(which: str) -> Any:
    """What is known of each component: kind -> name -> what it takes, gives and says."""
    return said(which, ["components"])[0]


def main() -> None:
    """Fork a process for each file, so that none sees what another imported."""
    if sys.argv[1] == "torch":
        importlib.import_module("torch")
    from archdsl.loading import fill_registry

    fill_registry()
    print(json.dumps([_apart(file) for file in json.load(sys.stdin)]))


def _apart(file: str) -> Any:
    read, write = os.pipe()
    if (child := os.fork()) == 0:
        os.close(read)
        with os.fdopen(write, "w") as answer:
            json.dump(_components() if file == "components" else _checked(file), answer)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return json.loads(text)


def _checked(file: str) -> list[Any]:
    from archdsl.cli import main as archdsl

    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        code = archdsl(["check", file])
    return [code, out.getvalue(), "torch" in sys.modules]


def _components() -> Any:
    from archdsl.components import registry
    from archdsl.components.statics import static

    return {
        kind: {
            name: [
                one.usage(), one.doc, one.where, list(one.context),
                [[option.help, option.type.takes(), type(option.type).__name__]
                 for option in one.options.values()],
                [None if (found := static(one, asked)) is None else found[1]
                 for asked in ("check", "out_size", "dim_out")],
                getattr(one.cls, "elementwise", True),
            ]
            for name, one in registry.named(kind).items()
        }
        for kind in registry.KINDS
    }  # fmt: skip


if __name__ == "__main__":
    main()
