"""The specs that come with archdsl, found by name.

In a checkout they are `specs/` beside the package; a wheel carries the same folder inside the
package as `_specs`. A name is a file's stem: `specs/baselines/poolformer_s12.yaml` is
`poolformer_s12`. What lies beside those folders is no spec: `specs/names/` holds the names under
which weights were published, `specs/recipes/` how networks are trained.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from archdsl.errors import SpecError
from archdsl.printable import shown
from archdsl.spelling import did_you_mean

_PACKAGE = Path(__file__).resolve().parent

BASELINES, SPACES = "baselines", "spaces"
"""The folders of the shipped specs: published models, and search spaces."""


def folder() -> Path:
    """The folder of the shipped specs."""
    inside = _PACKAGE / "_specs"
    return inside if inside.is_dir() else _PACKAGE.parent / "specs"


def names(part: str | None = None) -> list[str]:
    """The names of all shipped specs, or of one folder of them, in the order of the alphabet."""
    return sorted(name for name, path in _files().items() if part in (None, path.parent.name))


def names_folder() -> Path:
    """The folder of the tables of published names."""
    return folder() / "names"


def recipes_folder() -> Path:
    """The folder of the shipped recipes."""
    return folder() / "recipes"


def shipped(name: str) -> Path:
    """The file of a shipped spec. Raises SpecError for a name that is not shipped."""
    files = _files()
    if name in files:
        return files[name]
    guess = did_you_mean(name, files, most=2, after="  ")
    with contextlib.suppress(OSError, ValueError):  # what no system takes for a name
        if name and Path(name).exists():
            guess = f"write  ./{name}  for what lies here.  "
    raise SpecError(
        f"no shipped spec is called {shown(name)}",
        cure=f"{guess}a file of your own is a path: with a / or with .yaml  (archdsl list specs)",
    )


def _files() -> dict[str, Path]:
    parts = (BASELINES, SPACES)
    return {path.stem: path for part in parts for path in sorted((folder() / part).glob("*.yaml"))}
