"""Write the network of a spec in a form that needs no archdsl, such as one file of code."""

from __future__ import annotations

import argparse
from pathlib import Path

from archdsl.cli.answer import Answer
from archdsl.cli.parser import loaded, takes_a_spec
from archdsl.cli.storage import copied, takes_storage
from archdsl.errors import ExportError
from archdsl.exporters.registry import forms
from archdsl.views.terminal import busy

HELP = "write it out of archdsl, as plain PyTorch code"


def arguments(parser: argparse.ArgumentParser) -> None:
    """FILE and patches, the form, and where to."""
    takes_a_spec(parser)
    takes_storage(parser)
    known = "; ".join(f"{form.name}: {form.help}" for form in forms()).replace("%", "%%")
    parser.add_argument(
        "--to", metavar="FORM", default="code", help=f"the form, code unless said.  {known}"
    )
    parser.add_argument(
        "--weights", metavar="PATH", type=Path, help="a state dict, for a form that carries one"
    )
    parser.add_argument(
        "-o",
        "--out",
        metavar="PATH",
        type=Path,
        help="where to, a folder for several files; printed without it",
    )


def run(known: argparse.Namespace) -> Answer:
    """Load, lower, write."""
    import archdsl

    weights = _weights(known)
    with busy(f"exporting {known.file}"):
        spec = loaded(known.file, known)
        made = archdsl.export(spec, known.to, known.out, weights=known.weights)
    data = {"name": spec.name, "to": known.to}
    if weights is not None:
        data["weights"] = str(weights)
    if known.out is not None:
        also = "" if weights is None else f"; its weights are {weights}"
        said = f"{spec.name} is written to {known.out}{also}"
        return Answer({**data, "path": str(known.out)}, said)
    if not isinstance(made, str):
        what = "bytes" if isinstance(made, bytes) else f"the files {' '.join(made)}"
        raise ExportError(f"{known.to} gives {what}, which are not printed.  write them with  -o")
    return Answer({**data, "text": made}, made.rstrip("\n"), is_file=True)


def _weights(known: argparse.Namespace) -> Path | None:
    """Where the weights of a winner lie whose search a database has, which is copied here."""
    if known.storage is None and known.study is None:
        return None
    folder = copied(known, Path(known.file))
    known.file = f"{folder}/"  # which is no shipped spec's name
    if known.sandbox:  # which reaches nothing but files
        return None
    from archdsl.study.winner_of import bring_weights

    return bring_weights(folder)
