"""Judge trained weights on images: accuracy, by class, confusions, calibration, speed.

    archdsl evaluate runs/flowers
    archdsl evaluate poolformer_s12 --weights poolformer_s12.pth --data imagenet/val
    archdsl evaluate kept/ --data photographs/ --split all -o found.json

Data are a folder of class folders, an .npz file, or the name of a source with its options, as
--data "{type: npz, path: x.npz, layout: nhwc}". Their classes are matched by name to those that
the weights know. A run directory stands for its winner, its weights and its data.

The test split is judged unless --split says otherwise, and all images where data of one's own have
no splits. A search looks at its test split once: another look at a run's is recorded there.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from archdsl.cli.answer import Answer
from archdsl.cli.failure import UsageError
from archdsl.cli.parser import images_named, loaded, takes_a_spec
from archdsl.views.terminal import busy

HELP = "judge trained weights on images: accuracy with intervals, by class, calibration"


def arguments(parser: argparse.ArgumentParser) -> None:
    """SPEC and patches, weights, data, which images and how."""
    takes_a_spec(parser, "SPEC")
    parser.add_argument(
        "--weights", metavar="PATH", type=Path, help="a state dict, or a folder with one"
    )
    parser.add_argument("--data", metavar="DATA", help="a folder, an .npz file, or a source")
    parser.add_argument(
        "--split", metavar="NAME", help="train, val, test, or all; test unless said"
    )
    parser.add_argument("--size", metavar="N", help="of the images; the spec's own unless said")
    parser.add_argument("--batch", metavar="N", default="64", help="images at once; 64 unless said")
    parser.add_argument("--device", metavar="NAME", default="cpu", help="cpu, cuda, cuda:N or mps")
    parser.add_argument(
        "--ema", action=argparse.BooleanOptionalAction, default=None,
        help="of a file with averaged weights beside the others, whether to take those",
    )  # fmt: skip
    parser.add_argument(
        "--on-bad", metavar="RULE", default="stop", help="of an image that cannot be read: skip "
        "it, or stop; stop unless said",
    )  # fmt: skip
    parser.add_argument(
        "-o", "--out", metavar="FILE", type=Path,
        help="all that was found as a .json file, or the confusion matrix as a .csv",
    )  # fmt: skip


def run(known: argparse.Namespace) -> Answer:
    """Judge, and say what came of it."""
    import archdsl
    from archdsl.evaluation.result import refuse_ending

    if known.out is not None:
        refuse_ending(known.out)
    of_folder = Path(known.file).is_dir()
    if of_folder and (known.patches or known.sandbox or not known.imports):
        raise UsageError(
            "--set, --sandbox and --no-imports are about a spec, and a folder has one with its "
            "weights.  name the spec, and the folder with  --weights"
        )
    with busy(f"reading {known.file}") as now:
        x: Any = known.file if of_folder else loaded(known.file, known)
        found = archdsl.evaluate(
            x,
            known.weights,
            images_named(known.data),
            split=known.split,
            size=None if known.size is None else _whole("--size", known.size),
            batch=_whole("--batch", known.batch),
            device=known.device,
            ema=known.ema,
            on_bad=known.on_bad,
            told=now,
        )
    if known.out is not None:
        found.save(known.out)
    return Answer(found.record(), str(found))


def _whole(option: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise UsageError(f"{option} is {text!r}.  write a number, as in  {option} 64") from None
