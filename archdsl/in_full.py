"""`train`: a network trained in full, from Python."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from archdsl import given
from archdsl.api import Specish, load, weights_of
from archdsl.errors import BuildError, SearchError
from archdsl.printable import shown

if TYPE_CHECKING:
    from torch import nn

    from archdsl.full_training.asked import Beginning
    from archdsl.full_training.training import TrainingResult
    from archdsl.language.settings import ProxySettings
    from archdsl.specification import Spec
    from archdsl.training.recipe import Recipe

RecipeLike: TypeAlias = "Recipe | str | Path | Mapping[str, Any] | None"


def train(
    x: Specish,
    data: str | Path | Mapping[str, Any] | None = None,
    *,
    set: Mapping[str, Any] | None = None,
    imports: bool = True,
    sandbox: bool = False,
    recipe: RecipeLike = None,
    weights: str | Path | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    test: bool = False,
    seed: int = 0,
    drop_head: bool = False,
    ema: bool | None = None,
    workers: int | None = None,
    on_bad: Literal["skip", "stop"] = "stop",
    cache: int | None = None,
    loggers: Sequence[tuple[str, Mapping[str, Any]]] = (),
    devices: int = 1,
    strategy: str | None = None,
    checkpoint_every: float = 10.0,
    listener: Callable[[object], None] | Literal["progress"] | None = "progress",
    **overrides: Any,
) -> TrainingResult:
    """Train a network in full, in a folder of its own, and return what came of it.

    x: a spec; of a run directory its winner, on the images of its search
    data: a folder of class folders, an .npz file, the name of a source, or what a spec has under
        `search.proxy.data`; unless said, what the spec, or the search, has there
    set, imports, sandbox: as of `load`; what of the addresses begins with `train.` is of the recipe
    recipe: the name of a shipped one, a file, values by name, or a `Recipe`; unless said, the
        schedule of the spec's `search.proxy`
    weights: to begin with, as `build` takes them, with its `drop_head` and `ema`
    out: the folder; `runs/NAME-train` unless said
    resume: go on with the training that lies there, as if it had not been broken off
    test: look at the test split in the end, once, with the weights of the best epoch
    seed: of all that is random, so that on a CPU the same call gives the same weights
    workers: processes that decode images, where the recipe's `augmentation` has them read one by
        one; one to a CPU unless said
    on_bad: what becomes of an image that cannot be read then: with "skip" it is passed over
    cache: the side of a square at which images are kept decoded on disk then, once for all
    loggers: classes of Lightning's kind and their arguments, as
        `("lightning.pytorch.loggers.CSVLogger", {"save_dir": "logs"})`
    devices, strategy: of Lightning; each device takes a part of a batch
    checkpoint_every: minutes from one checkpoint within an epoch to the next
    listener: called with every event (`archdsl.full_training.events`); "progress" shows how far
        it is on standard error, and None says nothing
    overrides: fields of the recipe, as `epochs=300`
    Raises SearchError for what cannot be trained or gone on with, and SpecError and BuildError as
    `build`.
    """
    from archdsl.full_training.asked import AskedTraining, Manner
    from archdsl.full_training.subject import images, run_of
    from archdsl.full_training.training import train as trained
    from archdsl.recipes.load import of_recipe

    _refuse(x, resume, test, seed, checkpoint_every, devices, listener, workers, on_bad, cache)
    changes, patches = of_recipe(set or {})
    spec = load(x, set=patches, imports=imports, sandbox=sandbox)
    run = run_of(x)
    settings = images(spec, data, run, lambda said: load(spec, set={"search.proxy.data": said}))
    where = Path("runs") / f"{spec.name}-train" if out is None else _path("out", out)
    beginning = None if weights is None else _beginning(spec, weights, drop_head, ema)
    if beginning is None and (drop_head or ema is not None):
        about = "drop_head" if drop_head else "ema"
        raise SearchError(f"{about} is about weights to begin with, and there are none: drop it")
    changes |= {f"train.{name}": value for name, value in overrides.items()}
    chosen, name = _recipe(recipe, spec, settings, run, changes)
    if chosen.augmentation is None:
        _refuse_one_by_one(cache=cache is not None, on_bad=on_bad != "stop")
    if chosen.size is not None:
        _refuse_size(spec, chosen.size)
    with ExitStack() as stack:
        return trained(
            AskedTraining(spec, settings, chosen, seed, name, beginning, run, cache),
            Manner(
                save_every=checkpoint_every * 60,
                workers=workers,
                on_bad=on_bad,
                loggers=tuple(loggers),
                devices=devices,
                strategy=strategy,
                test=test,
            ),
            where,
            resume=resume,
            listener=_heard(listener, stack),
        )


def _refuse(
    x: object, resume: object, test: object, seed: object, minutes: object, devices: object,
    listener: object, workers: object, on_bad: object, cache: object,
) -> None:  # fmt: skip
    if not isinstance(on_bad, str) or on_bad not in ("skip", "stop"):
        raise SearchError(f"on_bad is {shown(on_bad)}.  write skip, or stop")
    given.truth("resume", resume, SearchError)
    given.truth("test", test, SearchError)
    for name, value in (
        ("seed", seed),
        ("devices", devices),
        ("workers", workers),
        ("cache", cache),
    ):
        if value is None and name in ("workers", "cache"):
            continue
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise SearchError(f"{name} is a whole number from 0, and not {shown(value)}")
    if isinstance(minutes, bool) or not isinstance(minutes, (int, float)) or not minutes >= 0:
        raise SearchError(f"checkpoint_every is minutes from 0, and not {shown(minutes)}")
    shows = isinstance(listener, str) and listener == "progress"
    if not (shows or listener is None or callable(listener)):
        raise SearchError(f'listener is a function, "progress" or None, and not {shown(listener)}')


def _path(name: str, value: object) -> Path:
    return given.path(name, value, SearchError)


def _recipe(
    asked: RecipeLike,
    spec: Spec,
    settings: ProxySettings,
    run: Path | None,
    changes: Mapping[str, Any],
) -> tuple[Recipe, str | None]:
    """The recipe, and its name where it has one. Raises SearchError and SpecError."""
    from archdsl.recipes import names, recipe
    from archdsl.training.recipe import Recipe

    if asked is None and run is None and "search" not in spec.document.top:
        raise SearchError(
            f"{spec.name}: nothing says how it is trained.  name a recipe, as  --recipe "
            f"metaformer_300; they are: {', '.join(names())}"
        )
    found = recipe(Recipe.of(settings) if asked is None else asked, changes)
    own = ("module", "module_options", "datamodule", "datamodule_options")
    usual = Recipe.of(settings)
    found = dataclasses.replace(found, **{name: getattr(usual, name) for name in own})
    return found, str(asked) if isinstance(asked, (str, Path)) else None


def _refuse_one_by_one(**given: bool) -> None:
    """Raise SearchError for an argument that would be without effect."""
    for name in [name for name, is_given in given.items() if is_given]:
        raise SearchError(
            f"{name} is about images that are read one by one, and these are read at once, as the "
            "recipe has no augmentation.  drop it, or give the recipe one"
        )


def _refuse_size(spec: Spec, side: int) -> None:
    """Raise BuildError for images of a size at which nothing of some map is left."""
    channels = spec.network().input[0]
    load(spec, set={"input": [channels, side, side]}).network()


def _beginning(spec: Spec, weights: str | Path, drop_head: bool, ema: bool | None) -> Beginning:
    """The weights of a file, read once it is their turn. Raises BuildError."""
    from archdsl.api import build
    from archdsl.data.fingerprint import digest_of
    from archdsl.full_training.asked import Beginning

    path = weights_of(given.path("weights", weights, BuildError))
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BuildError(f"{path} cannot be read: {error.strerror or error}") from None
    state = build(spec, weights=path, drop_head=drop_head, ema=ema).state_dict()

    def give(model: nn.Module) -> None:
        model.load_state_dict(state)

    names = () if drop_head else _class_names(path)
    return Beginning(str(weights), digest_of(content), give, names)


def _class_names(file: Path) -> tuple[str, ...]:
    """The names of the logits that a weights file says; empty where it says none."""
    from archdsl.checkpoints.files import metadata
    from archdsl.data.preprocessing import in_metadata

    said = in_metadata(metadata(file)) if file.suffix == ".safetensors" else None
    return () if said is None else said.class_names


def _heard(listener: Any, stack: ExitStack) -> Callable[[Any], None]:
    from archdsl.full_training.events import unheard
    from archdsl.full_training.progress import for_python

    if listener is None:
        return unheard
    return stack.enter_context(for_python()) if listener == "progress" else listener
