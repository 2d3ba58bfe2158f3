"""What a training is asked to be, in values that are settled before it begins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from torch import nn

    from archdsl.language.settings import ProxySettings
    from archdsl.specification import Spec
    from archdsl.training.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Beginning:
    """The weights that a training begins with, where they are not drawn.

    path: as it was named; digest: of the file; give: puts them into a model
    class_names: of the logits of the classifier that is kept; empty where nobody says them
    """

    path: str
    digest: str
    give: Callable[[nn.Module], None]
    class_names: tuple[str, ...] = ()

    def record(self) -> dict[str, str]:
        """What of them stands on record."""
        return {"path": self.path, "digest": self.digest}


@dataclass(frozen=True, slots=True)
class AskedTraining:
    """A training: what of it decides a figure.

    settings: where the images come from, as the `proxy` section of a spec says it
    recipe: its name is that of a file or of a shipped one, None for what has none
    run: the run directory whose winner it trains
    cache: the side at which images are kept decoded on disk, None to decode them in each pass
    """

    spec: Spec
    settings: ProxySettings
    recipe: Recipe
    seed: int
    recipe_name: str | None = None
    beginning: Beginning | None = None
    run: Path | None = None
    cache: int | None = None


@dataclass(frozen=True, slots=True)
class Manner:
    """How it is carried out, which decides none.

    save_every: seconds from one checkpoint within an epoch to the next
    workers: processes that decode images, where they are read one by one; None for one to a CPU
    on_bad: what becomes of an image that cannot be read
    loggers: classes of Lightning's kind, each with its arguments
    devices, strategy: of Lightning; test: whether the test split is looked at in the end
    """

    save_every: float = 600.0
    workers: int | None = None
    on_bad: Literal["skip", "stop"] = "stop"
    loggers: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    devices: int = 1
    strategy: str | None = None
    test: bool = False
