"""Write the network of a spec in a form that needs no archdsl.

`--to code` is one Python file that imports torch alone.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from archdsl.cli.answer import Answer
from archdsl.cli.parser import patches, takes_a_spec
from archdsl.views.terminal import busy

HELP = "write it out of archdsl, as plain PyTorch code"


def arguments(parser: argparse.ArgumentParser) -> None:
    """FILE and patches, the form, and where to."""
    takes_a_spec(parser)
    parser.add_argument("--to", metavar="FORM", default="code", help="code (the default)")
    parser.add_argument(
        "-o", "--out", metavar="PATH", type=Path, help="where to; printed without it"
    )


def run(known: argparse.Namespace) -> Answer:
    """Load, lower, write."""
    import archdsl

    with busy(f"exporting {known.file}"):
        spec = archdsl.load(known.file, patches(known), imports=known.imports)
        text = archdsl.export(spec, to=known.to, path=known.out)
    data = {"name": spec.name, "to": known.to}
    if known.out is None:
        return Answer({**data, "text": text}, text.rstrip("\n"), is_file=True)
    return Answer({**data, "path": str(known.out)}, f"{spec.name} is written to {known.out}")
