"""Train a network in full, in a folder of its own: checkpoints, a record, weights and a page.

    archdsl train poolformer_s12 --data photos/ --set classes=12 --recipe finetune_30
    archdsl train runs/digits --set train.epochs=100 --out runs/digits-long
    archdsl train runs/digits --set train.epochs=100 --out runs/digits-long --resume

RUN is the directory of a search: its winner is trained on the images of the search. What of the
addresses of --set begins with  train.  is of the recipe, and the rest of the spec. The state is
kept after each epoch, and within one every few minutes; however a training was broken off, the
same command with --resume goes on, and on a CPU comes to the same weights, bit for bit.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archdsl.cli.answer import DONE, INTERRUPTED, Answer
from archdsl.cli.failure import UsageError
from archdsl.cli.parser import images_named, patches, takes_a_spec
from archdsl.cli.storage import refuse_address
from archdsl.units import counted, figure
from archdsl.views.text import columns

if TYPE_CHECKING:
    from archdsl.full_training.training import TrainingResult

HELP = "train a network in full, and keep its best weights"


def arguments(parser: argparse.ArgumentParser) -> None:
    """SPEC or RUN and patches, the images, the recipe, the folder, and where it runs."""
    takes_a_spec(parser, "SPEC|RUN")
    parser.add_argument(
        "--data", metavar="DATA", help="the images: a folder of class folders, of shards or "
        "of a Hugging Face data set, an .npz file, or a source by its name or with its options; "
        "those of the search or of the spec unless said",
    )  # fmt: skip
    parser.add_argument(
        "--recipe", metavar="NAME|FILE", help="how it is trained, as metaformer_300; the "
        "schedule of the search unless said",
    )  # fmt: skip
    parser.add_argument(
        "--weights", metavar="PATH", help="to begin with: a state dict, or a folder with one"
    )
    parser.add_argument(
        "--drop-head", action="store_true", help="of those weights, begin the classifier afresh"
    )
    parser.add_argument(
        "--ema", action=argparse.BooleanOptionalAction, default=None,
        help="of a file with averaged weights beside the others, begin with those, or the others",
    )  # fmt: skip
    parser.add_argument(
        "--out", metavar="DIR", type=Path, help="the folder; default runs/NAME-train"
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on with the training that lies there"
    )
    parser.add_argument(
        "--test", action="store_true", help="look at the test split once, when it is over"
    )
    parser.add_argument(
        "--seed", metavar="N", default="0", help="of all that is random; 0 unless said"
    )
    parser.add_argument(
        "--workers", metavar="N", help="processes that decode images, where they are read one by "
        "one; one to a CPU unless said",
    )  # fmt: skip
    parser.add_argument(
        "--on-bad", metavar="RULE", default="stop", help="of an image that cannot be read then: "
        "skip it, or stop; stop unless said",
    )  # fmt: skip
    parser.add_argument(
        "--cache", metavar="SIDE", help="keep images decoded on disk then, at SIDE x SIDE; what "
        "that takes is said before",
    )  # fmt: skip
    parser.add_argument(
        "--checkpoint-every", metavar="MIN", default="10",
        help="minutes from one checkpoint within an epoch to the next; 10 unless said",
    )  # fmt: skip
    parser.add_argument(
        "--logger", metavar="CLASS", action=_Logger, dest="loggers", default=[],
        help="of Lightning's kind, as lightning.pytorch.loggers.CSVLogger; may be given many times",
    )  # fmt: skip
    parser.add_argument(
        "--logger-option", metavar="NAME=VALUE", action=_LoggerOption, dest="loggers",
        help="an argument of the logger before it, as save_dir=logs",
    )  # fmt: skip
    parser.add_argument(
        "--devices", metavar="N", default="1", help="of this machine; 1 unless said"
    )
    parser.add_argument(
        "--strategy", metavar="NAME", help="how several share a batch; ddp unless said"
    )


class _Logger(argparse.Action):
    """One more logger, with no arguments yet."""

    def __call__(
        self, parser: argparse.ArgumentParser, known: argparse.Namespace, value: Any,
        option_string: str | None = None,
    ) -> None:  # fmt: skip
        known.loggers = [*known.loggers, (value, {})]


class _LoggerOption(argparse.Action):
    """One more argument of the last logger."""

    def __call__(
        self, parser: argparse.ArgumentParser, known: argparse.Namespace, value: Any,
        option_string: str | None = None,
    ) -> None:  # fmt: skip
        from archdsl.language.load import read_assignment
        from archdsl.language.nodes import Mapping, plain

        if not known.loggers:
            raise UsageError("--logger-option is of the --logger before it, and there is none")
        _, node = read_assignment(value, "--logger-option", "save_dir=logs")
        assert isinstance(node, Mapping)
        said: Any = plain(node)
        cls, options = known.loggers[-1]
        known.loggers = [*known.loggers[:-1], (cls, {**options, **said})]


def run(known: argparse.Namespace) -> Answer:
    """Train with a live display, and say what came of it."""
    import archdsl
    from archdsl.full_training.progress import for_stream
    from archdsl.training.devices import is_first_process

    refuse_address("--out", known.out)
    options = {
        "recipe": known.recipe,
        "weights": known.weights,
        "drop_head": known.drop_head,
        "ema": known.ema,
        "out": known.out,
        "resume": known.resume,
        "test": known.test,
        "seed": _whole("--seed", known.seed),
        "workers": None if known.workers is None else _whole("--workers", known.workers),
        "on_bad": known.on_bad,
        "cache": None if known.cache is None else _whole("--cache", known.cache),
        "loggers": known.loggers,
        "devices": _whole("--devices", known.devices),
        "strategy": known.strategy,
        "checkpoint_every": _number("--checkpoint-every", known.checkpoint_every),
    }
    with for_stream(sys.stderr) as listener:
        result = archdsl.train(
            known.file,
            images_named(known.data),
            set=patches(known),
            imports=known.imports,
            sandbox=known.sandbox,
            listener=listener,
            **options,
        )
    if options["devices"] > 1 and not is_first_process():
        return Answer({}, "", DONE)  # the first of the processes tells
    data = {**result.record.record(), "folder": str(result.folder)}
    return Answer(data, _text(result), DONE if result.done else INTERRUPTED)


def _whole(option: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise UsageError(f"{option} is {text!r}.  write a number, as in  {option} 2") from None


def _number(option: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"{option} is {text!r}.  write a number, as in  {option} 5") from None


def _text(result: TrainingResult) -> str:
    record, folder = result.record, result.folder
    lines = [""]
    far = f"{len(record.epochs)} of {counted(record.total, 'epoch')}"
    if not result.done:
        lines.append(f"stopped with {far}; the same command with --resume goes on")
    best = record.best
    if best is not None:
        rows = [(name, figure(value)) for name, value in record.epochs[best].metrics.items()]
        lines.append(f"the best of {counted(len(record.epochs), 'epoch')} is epoch {best + 1}:")
        lines += [f"  {line}" for line in columns(rows)]
    if record.test is not None:
        lines.append("on the test split:")
        lines += [f"  {line}" for line in columns(_figures(record.test))]
    made = [name for name in _MADE if (folder / name).is_file()]
    return "\n".join([*lines, f"in {folder}: {' '.join(made)}"])


def _figures(metrics: dict[str, float]) -> Sequence[tuple[str, str]]:
    return [(name, f"{v:,.0f}" if name == "n" else figure(v)) for name, v in metrics.items()]


_MADE = ("best.safetensors", "spec.yaml", "last.ckpt", "train.json", "train.html")
