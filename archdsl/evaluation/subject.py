"""The model that is judged, and what is known of the images that it was trained on."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from archdsl.api import Specish, build, load
from archdsl.checkpoints.files import metadata
from archdsl.checkpoints.refusal import with_the_classifier
from archdsl.compiler.builder import Built
from archdsl.data.preprocessing import BYTES, Pixels, Preprocessing, in_metadata
from archdsl.errors import BuildError, SearchError
from archdsl.evaluation.trained_folder import WEIGHTS, is_training
from archdsl.exporters.stated import stated_in
from archdsl.given import path as given_path
from archdsl.published import Published, published
from archdsl.saving import weights_of
from archdsl.specification import Spec

if TYPE_CHECKING:
    from archdsl.data.source import Size

SAFETENSORS = ".safetensors"


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A model with its weights.

    spec: None for a model that was given as it is
    said: what was done to the images of its training, None where nobody says; says: who says it
    classes: the names of its logits, empty where nobody says them
    run: the run directory that it is the winner of, where it is one; training: the folder of the
        full training that it came of
    weights: what its weights are, for people; notes: what came up while they were loaded
    top1: the published accuracy of these weights, in percent, where there is one
    """

    name: str
    model: Built
    spec: Spec | None
    said: Preprocessing | None
    says: str
    classes: tuple[str, ...]
    run: Path | None
    weights: str
    notes: tuple[str, ...] = ()
    top1: float | None = None
    training: Path | None = None


def subject(
    x: Specish | Built, weights: str | Path | None, side: int | None, ema: bool | None
) -> TrainedModel:
    """The model of a spec, or of a folder, with its weights.

    side: of the images, in the place of the spec's own input
    Raises as `archdsl.build`, and SearchError where there are no weights, or nothing to judge.
    """
    if isinstance(x, Built):
        return _of_model(x, weights, side)
    spec = load(x)
    folder = Path(x) if isinstance(x, (str, Path)) and Path(x).is_dir() else None
    network = spec.network()
    if not network.classes:
        raise SearchError(f"{network.name} has no classes to tell apart: classes is 0")
    if side is not None:
        spec = load(x, set={"input": [network.input[0], side, side]})
    if weights is None and folder is None:
        raise SearchError(
            f"{network.name}: there are no weights to judge.  name them with  --weights FILE, or "
            "give a run directory or a folder that archdsl.save wrote"
        )
    training = folder if folder is not None and weights is None and is_training(folder) else None
    if training is not None:
        file = training / WEIGHTS
    else:
        file = weights_of(folder or Path() if weights is None else _path(weights))
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        with with_the_classifier():
            model = build(spec, weights=file, ema=ema)
    said, says, top1 = _said(spec, file, side)
    return TrainedModel(
        network.name,
        model,
        spec,
        said,
        says,
        _names(said, model),
        folder if folder is not None and weights is None and _is_run(folder) else None,
        str(file),
        tuple(str(one.message) for one in heard),
        top1,
        training,
    )


def _path(weights: str | Path) -> Path:
    return given_path("weights", weights, BuildError)


def _of_model(model: Built, weights: object, side: int | None) -> TrainedModel:
    if weights is not None or side is not None:
        about = "weights" if weights is not None else "size"
        raise SearchError(
            f"{about} is about a spec, and this is a model with what it has.  leave it out"
        )
    said, says = in_metadata(model.metadata), "the model's metadata"
    name = model.network.name
    return TrainedModel(name, model, None, said, says, _names(said, model), None, "as they are")


def _names(said: Preprocessing | None, model: Built) -> tuple[str, ...]:
    names = () if said is None else said.class_names
    return names if len(names) == model.network.classes else ()


def _said(
    spec: Spec, file: Path, side: int | None
) -> tuple[Preprocessing | None, str, float | None]:
    """What was done to the images, who says so, and the published accuracy."""
    beside = metadata(file) if file.suffix == SAFETENSORS else {}
    said, says, top1 = in_metadata(beside), file.name, None
    if said is None:
        said, says = stated_in(spec), "the spec"
    model = published().get(spec.name)
    height, width = spec.network().input[1:]
    if said is None and model is not None and spec.network().classes == 1000:
        said, says = _as_published(model, (height, width)), "specs/published.yaml"
        top1 = model.top1 if height == width == (model.top1_at or height) else None
        top1 = top1 if side is None or model.top1_at == side else None
    elif said is not None and side is not None:
        said = at_side(said, side)
    return said, says, top1


def at_side(said: Preprocessing, side: int) -> Preprocessing:
    """The same for square images of another size, scaled as much beyond it as they were."""
    pixels = said.pixels
    if pixels is not None and pixels.cover is not None:
        height, width = (
            round(side * cover / own) for cover, own in zip(pixels.cover, said.size, strict=True)
        )
        pixels = replace(pixels, cover=(height, width))
    return replace(said, size=(side, side), pixels=pixels)


def _as_published(model: Published, size: Size) -> Preprocessing | None:
    seen = model.seen
    if seen is None:
        return None
    height, width = (int(side / seen.crop) for side in size)
    pixels = Pixels(
        BYTES, seen.mean, seen.std, cover=(height, width), interpolation=seen.interpolation
    )
    return Preprocessing((), len(seen.mean), size, pixels)


def _is_run(folder: Path) -> bool:
    from archdsl.study.record.folder import read_state

    return not (folder / "spec.yaml").is_file() and read_state(folder) is not None
