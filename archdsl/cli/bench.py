"""Time specs in turn with each other: images per second, latency, memory.

    archdsl bench poolformer_s12 convformer_s18 --batch 1,8 --threads 1

Each has a turn in every round, so that what slows the machine for a while is
in all figures alike. Whatever is not the first of a batch is held against the
first, round by round, and is called faster or slower only where the interval
of that ratio leaves 1 out.

p50, p90 and p99 are the times, in milliseconds, that so many of 100 passes end
within. Memory is the most that a pass takes, weights and images included. MACs
and params are of one image and of the deployed form, as `archdsl count` has
them.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from archdsl.cli.answer import Answer
from archdsl.cli.failure import UsageError
from archdsl.cli.parser import loaded, patches, takes_patches
from archdsl.views.terminal import busy

HELP = "time specs against each other: images per second, latency, memory"


def arguments(parser: argparse.ArgumentParser) -> None:
    """SPEC ..., in what form and with how many images, where, and for how long."""
    parser.add_argument(
        "files", metavar="SPEC", nargs="+",
        help="a path, a run directory (its winner), or the name of a shipped spec; the others "
        "are held against the first",
    )  # fmt: skip
    parser.add_argument("--batch", metavar="N", default="1", help="images at once, as 1 or 1,32")
    parser.add_argument(
        "--form", metavar="FORM", default="built",
        help="built (as archdsl.build makes it), fused (deployed), code (the exported file) or "
        "onnx (by onnxruntime); or several, as built,onnx",
    )  # fmt: skip
    parser.add_argument(
        "--compile", action="store_true", help="time every module as torch.compile has it, too"
    )
    parser.add_argument("--mode", metavar="MODE", default="eval", help="eval, or train: forward "
                        "and backward")  # fmt: skip
    parser.add_argument("--device", metavar="NAME", default="cpu", help="cpu, cuda, cuda:N or mps")
    parser.add_argument("--size", metavar="S", help="of the images, as 192 or 192x256 (height "
                        "first); each spec's own unless said")  # fmt: skip
    parser.add_argument("--threads", metavar="N", help="of torch; as many as it has unless said")
    parser.add_argument("--rounds", metavar="N", default="20", help="turns of each; 20 unless said")
    parser.add_argument(
        "--seconds", metavar="T", default="0.2", help="the least that a turn takes; 0.2 unless said"
    )
    parser.add_argument("-o", "--out", metavar="PATH", type=Path, help="the rows as a .csv file")
    takes_patches(parser)


def run(known: argparse.Namespace) -> Answer:
    """Measure, and lay out the rows."""
    import archdsl
    from archdsl.exporters.files import write

    asked = _asked(known)
    if known.size is not None and any(one.split(".")[0] == "input" for one in patches(known)):
        raise UsageError("--size and --set input both say how large images are.  leave one out")
    if known.out is not None:
        _refuse(known.out)
    with busy(f"reading {known.files[0]}", by_itself=False) as now:
        specs = [loaded(file, known) for file in known.files]
        found = archdsl.bench(*specs, names=known.files, told=now, **asked)
    if known.out is not None:
        write(known.out, found.csv())
    return Answer(found.record(), str(found))


def _refuse(out: Path) -> None:
    """A file that could not be written is told before anything is measured."""
    if out.suffix != ".csv" or out.is_dir():
        raise UsageError(f"--out is {str(out)!r}.  name a file, as in  --out times.csv")
    if not out.parent.is_dir():
        raise UsageError(f"--out is {str(out)!r}, and there is no folder {str(out.parent)!r}")


def _asked(known: argparse.Namespace) -> dict[str, Any]:
    return {
        "batch": [_whole("--batch", part) for part in known.batch.split(",")],
        "form": known.form.split(","),
        "compile": known.compile,
        "mode": known.mode,
        "device": known.device,
        "size": None if known.size is None else _size(known.size),
        "threads": None if known.threads is None else _whole("--threads", known.threads),
        "rounds": _whole("--rounds", known.rounds),
        "seconds": _number("--seconds", known.seconds),
    }


def _size(text: str) -> list[int] | int:
    sides = [_whole("--size", part) for part in text.split("x")]
    return sides[0] if len(sides) == 1 else sides


def _whole(option: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise UsageError(f"{option} is {text!r}.  write a number, as in  {option} 8") from None


def _number(option: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"{option} is {text!r}.  write a number, as in  {option} 0.5") from None
