"""Scripts of our own in a page, which its Content-Security-Policy knows by their hashes."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markupsafe import Markup

_BREAKS_OUT = re.compile(r"</script|<!--|[\r\0]", re.IGNORECASE)
"""What ends a script, or is not read as it is written, wherever it stands in one."""


@dataclass(frozen=True, slots=True)
class Script:
    """A script of ours.

    text: as it stands between the tags; source: what the policy calls it, `'sha256-...'`
    """

    text: Markup
    source: str


@functools.cache
def script(package: str, *names: str) -> Script:
    """Files of a package as one script, in their order, which share what they name.

    Nothing of it is a name of the page's other scripts, and no word of another's is in it.
    """
    folder = resources.files(package)
    files = [folder.joinpath(name).read_text(encoding="utf-8") for name in names]
    return _script("\n".join(['(() => {\n"use strict";', *files, "})();\n"]))


@functools.cache
def plotting_library() -> Script:
    """Apache ECharts, with its licences: it gives the page's later scripts `echarts`."""
    bundle = resources.files("archdsl.views").joinpath("plots", "echarts.min.js")
    return _script(bundle.read_text(encoding="utf-8"))


def policy(scripts: Sequence[Script]) -> str:
    """What a page may do: run these scripts, have styles of its own, and nothing else."""
    runs = f"script-src {' '.join(one.source for one in scripts)}; " if scripts else ""
    return (
        f"default-src 'none'; {runs}style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    )


def packed(data: Any) -> str:
    """Plain values as JSON, deflated, in base64: no text of theirs is markup wherever it stands.

    The browser's `DecompressionStream` reads it.
    """
    # What is no number for JSON is none for the page: it is for whoever packs to say it otherwise.
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return base64.b64encode(zlib.compress(text.encode("ascii"), 6)).decode("ascii")


def _script(text: str) -> Script:
    from markupsafe import Markup

    assert not _BREAKS_OUT.search(text), "it would end in its midst"
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Script(Markup(text), f"'sha256-{digest}'")
