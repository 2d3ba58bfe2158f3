"""The verb that judges trained weights on images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from archdsl import given
from archdsl.api import Specish
from archdsl.errors import BenchError, SearchError
from archdsl.evaluation.data import SplitName, chosen, found
from archdsl.evaluation.result import Evaluation
from archdsl.printable import shown

if TYPE_CHECKING:
    from archdsl.compiler.builder import Built
    from archdsl.evaluation.subject import TrainedModel
    from archdsl.study.trial import Metrics

MOST = 100_000


def evaluate(
    x: Specish | Built,
    weights: str | Path | None = None,
    data: str | Path | Mapping[str, Any] | None = None,
    *,
    split: SplitName | None = None,
    size: int | None = None,
    batch: int = 64,
    device: str = "cpu",
    ema: bool | None = None,
    on_bad: Literal["skip", "stop"] = "stop",
    told: Callable[[str], None] | None = None,
) -> Evaluation:
    """Judge trained weights on images: top-1 and top-5 with intervals, by class, calibration.

    x: a spec with `weights`, or a folder that has both: a run directory (its winner), or one that
        `save` wrote; or a model that `build` or `load_model` gave
    weights, ema: as `build` takes them
    data: a folder of class folders, an .npz file, the name of a data source, or a mapping with its
        options, as `search.proxy.data`; by default the data of the run, or of the spec's search
    split: "train", "val", "test", or "all" of them together; by default test, and all where the
        data are of one's own and have no splits. A look at the test split of a run
        or of a training is recorded there
    size: of the images, where it is another than the spec's
    batch: images at once; device: "cpu", "cuda", "cuda:1" or "mps"
    on_bad: what becomes of an image that cannot be read: with "skip" it is left out and named
    told: called with what is being done now, in words
    Classes are matched by name wherever both the weights and the data have names. Raises
    SearchError for what cannot be judged, and as `build` for spec and weights.
    """
    from archdsl.benchmarking.device import called, device_of
    from archdsl.evaluation.classes import imagenet, matched
    from archdsl.evaluation.figures import figures
    from archdsl.evaluation.passes import answered
    from archdsl.evaluation.subject import subject

    if split is not None and not (isinstance(split, str) and split in get_args(SplitName)):
        raise SearchError(
            f"split is {' '.join(get_args(SplitName))}, and not {shown(split)}.  choose one of them"
        )
    _whole("batch", batch)
    if size is not None:
        _whole("size", size)
    if not isinstance(on_bad, str) or on_bad not in ("skip", "stop"):
        raise SearchError(f"on_bad is {shown(on_bad)}.  write skip, or stop")
    given.function("told", told, SearchError)
    say = told or (lambda now: None)
    try:
        where = device_of(device)
    except BenchError as error:
        raise SearchError(str(error)) from None
    say("reading the weights")
    of = subject(x, weights, size, ema)
    images = chosen(data, split, of)
    notes = [*of.notes]
    with ExitStack() as stack:
        record = None
        if images.own and images.sees_test:
            words, record = stack.enter_context(_held(of))
            notes.append(words)
        say("reading the images")
        seen_at = (size, size) if size is not None else _seen_at(of)
        here = found(
            images, of, seen_at, on_bad, lambda done, total: say(f"{done:,} of {total:,} read")
        )
        matching = matched(
            here.classes, of.classes, of.model.network.classes, source=here.name, says=of.says
        )
        answers, speed = answered(
            of.model, here.images, matching.logits, where, batch,
            lambda done, total: say(f"{done:,} of {total:,} images judged"),
        )  # fmt: skip
        came_to = figures(answers, matching.names)
        if record is not None:
            record({"accuracy": came_to.top1.value, "loss": came_to.loss})
    notes += here.notes
    if images.split == "all" and not images.divided:
        notes.append(
            "the data have no splits: nothing says that the model was not trained on some of them"
        )
    elif images.split in ("train", "all"):
        notes.append("images of a training are among them: this says nothing of new ones")
    return Evaluation(
        of.name, of.weights, here.name, images.split, came_to, speed, matching.names,
        called(where), "" if here.seen is None else here.seen.words(), _says(of), matching.words,
        of.top1 if matching.names == imagenet() == here.classes else None, tuple(notes),
        tuple(here.passed_over),
    )  # fmt: skip


def _held(of: TrainedModel) -> AbstractContextManager[tuple[str, Callable[[Metrics], None]]]:
    """The record of the search or the training that the test images are those of."""
    from archdsl.evaluation.trained_folder import on_train_record
    from archdsl.study.later_looks import on_record

    if of.training is not None:
        return on_train_record(of.training, of.weights)
    assert of.run is not None, "they are its own images"
    return on_record(of.run, of.weights)


def _whole(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST:
        raise SearchError(f"{name} is a number from 1 to {MOST:,}, and not {shown(value)}")


def _seen_at(of: TrainedModel) -> tuple[int, int]:
    """The size at which the model saw images, or its own input's."""
    height, width = of.model.network.input[1:]
    return (height, width) if of.said is None else of.said.size


def _says(of: TrainedModel) -> str:
    if of.said is None or of.said.pixels is None:
        return (
            "nothing says how the images of the training were made: these are as a search has them"
        )
    return f"as {of.says} says"
