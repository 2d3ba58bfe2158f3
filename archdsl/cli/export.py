"""Write the network of a spec in a form that needs no archdsl, such as one file of code.

    archdsl export poolformer_s12 -o poolformer_s12.py
    archdsl export runs/digits --to onnx -o digits.onnx
    archdsl export best.yaml --to program --weights best.safetensors --backbone 0,1 -o maps.pt2

What has weights is compared with the model before it is written, on validation images of the
search where they can be read. Where it differs nothing is written, the first layer that differs
is named, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from archdsl.cli.answer import DIFFERENT, Answer
from archdsl.cli.parser import loaded, takes_a_spec
from archdsl.cli.storage import copied, takes_storage
from archdsl.errors import ExportDiffers, ExportError
from archdsl.exporters.registry import find, forms
from archdsl.views.terminal import busy, say

HELP = "write it out of archdsl, as plain PyTorch code, ONNX and others"


def arguments(parser: argparse.ArgumentParser) -> None:
    """FILE and patches, the form, and where to."""
    takes_a_spec(parser)
    takes_storage(parser)
    known = "; ".join(f"{form.name}: {form.help}" for form in forms()).replace("%", "%%")
    parser.add_argument(
        "--to", metavar="FORM", default="code", help=f"the form, code unless said.  {known}"
    )
    parser.add_argument(
        "--weights", metavar="PATH", type=Path,
        help="a state dict, or a folder with one; a form that carries none is checked with it",
    )  # fmt: skip
    parser.add_argument(
        "--backbone", metavar="STAGES", type=_stages,
        help="the maps at the ends of these stages instead of logits, as 0,1,2,3",
    )  # fmt: skip
    parser.add_argument("--fused", action="store_true", help="the deployed form: branches folded")
    parser.add_argument("--opset", metavar="N", type=int, help="of onnx: the version of operators")
    parser.add_argument(
        "--check", action=argparse.BooleanOptionalAction, default=None,
        help="compare it with the model; done unless told otherwise where there are weights",
    )  # fmt: skip
    parser.add_argument(
        "-o",
        "--out",
        metavar="PATH",
        type=Path,
        help="where to, a folder for several files; printed without it",
    )


def _stages(text: str) -> list[int]:
    try:
        return [int(one) for one in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"'{text}' is no list of stages: write their numbers, as 0,1,2,3"
        ) from None


def run(known: argparse.Namespace) -> Answer:
    """Load, lower, make, compare, write."""
    import archdsl
    from archdsl.exporting import Order, exported

    brought = _weights(known)
    with busy(f"exporting {known.file}") as now:
        spec = loaded(known.file, known)
        folder = Path(known.file)
        order = Order(
            known.to, known.out, known.weights, known.backbone, known.fused, known.opset,
            known.check, folder if folder.is_dir() else None,
        )  # fmt: skip
        try:
            made = exported(spec, order, lambda file: archdsl.build(spec, file).state_dict(), now)
        except ExportDiffers as error:
            said = {"type": type(error).__name__, "message": str(error)}
            return Answer({"error": said}, str(error), DIFFERENT)
    found = made.checked
    data = {"name": spec.name, "to": known.to, "check": None if found is None else found.record()}
    notes = [] if brought is None else [f"its weights are {brought}"]
    if brought is not None:
        data["weights"] = str(brought)
    notes += [] if found is None else [found.words()]
    if made.fresh:
        notes.append("its weights are fresh ones: name trained ones by  --weights")
    if found is None and known.weights is not None and find(known.to).runner is None:
        notes.append(f"not checked: the form '{known.to}' has no runner")
    if known.out is not None:
        text = "\n".join([f"{spec.name} is written to {known.out}", *notes])
        return Answer({**data, "path": str(known.out)}, text)
    if not isinstance(made.content, str):
        content = made.content
        what = "bytes" if isinstance(content, bytes) else f"the files {' '.join(content)}"
        raise ExportError(f"{known.to} gives {what}, which are not printed.  write them with  -o")
    for note in notes:
        say(note, sys.stderr)
    return Answer({**data, "text": made.content}, made.content.rstrip("\n"), is_file=True)


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
