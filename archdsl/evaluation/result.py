"""What came of judging a model."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archdsl import given
from archdsl.errors import ExportError, SearchError
from archdsl.evaluation.calibration import Calibration
from archdsl.evaluation.figures import Confusion, Judgement, Share
from archdsl.evaluation.passes import Speed
from archdsl.evaluation.table import SHOWN, text
from archdsl.exporters.files import write
from archdsl.units import counted, integer
from archdsl.version import VERSION
from archdsl.views.cells import cell
from archdsl.views.text import columns

ENDINGS = (".json", ".csv")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What trained weights are worth on the images of a split; `str` of it is for a terminal.

    name: of the model; weights: where they are from; data: the source; split: of it, or "all"
    names: of the logits, in their order
    seen: what became of each image, in words; seen_by: who says so; matched: how classes were
    published: the top-1 that was published for these weights, in percent, None for none
    notes: what else is to be known, a line each
    passed_over: why each image that was left out cannot be read
    """

    name: str
    weights: str
    data: str
    split: str
    figures: Judgement
    speed: Speed
    names: tuple[str, ...]
    device: str
    seen: str
    seen_by: str
    matched: str
    published: float | None
    notes: tuple[str, ...]
    passed_over: tuple[str, ...] = ()

    @property
    def top1(self) -> Share:
        """How many images were told right, with an interval."""
        return self.figures.top1

    @property
    def top5(self) -> Share | None:
        """How many have the right class among the five likeliest; None with five or fewer."""
        return self.figures.top5

    @property
    def classes(self) -> dict[str, Share]:
        """The same as `top1` for each class that has images."""
        return self.figures.classes

    @property
    def confusions(self) -> tuple[Confusion, ...]:
        """Which class was told for which, and how often: the confusion matrix without zeros."""
        return self.figures.confusions

    @property
    def calibration(self) -> Calibration:
        """The expected calibration error and the bins of the reliability diagram."""
        return self.figures.calibration

    def record(self) -> dict[str, Any]:
        """All of it as JSON holds it."""
        figures = self.figures
        confusion: dict[str, dict[str, int]] = {}
        for one in figures.confusions:
            confusion.setdefault(one.true, {})[one.told] = one.images
        return {
            "name": self.name,
            "weights": self.weights,
            "data": self.data,
            "split": self.split,
            "images": figures.top1.images,
            "top1": figures.top1.record(),
            "top5": None if figures.top5 is None else figures.top5.record(),
            "macro_accuracy": figures.macro,
            "loss": figures.loss,
            "interval": "Wilson's score interval, 95 %",
            "classes": {name: one.record() for name, one in figures.classes.items()},
            "confusion": confusion,
            "calibration": dataclasses.asdict(figures.calibration),
            "images_per_second": {"model": self.speed.model, "all": self.speed.all},
            "batch": self.speed.batch,
            "device": self.device,
            "preprocessing": {"words": self.seen, "says": self.seen_by},
            "labels": self.matched,
            "published_top1": self.published,
            "notes": list(self.notes),
            "passed_over": list(self.passed_over),
            "archdsl": VERSION,
        }

    def csv(self) -> str:
        """The confusion matrix: a row for each true class with images, a column for each logit.

        A name that a spreadsheet would take for a formula has a ' before it.
        """
        stream = io.StringIO()
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(["true \\ told", *map(cell, self.names)])
        rows: dict[str, dict[str, int]] = {}
        for one in self.figures.confusions:
            rows.setdefault(one.true, {})[one.told] = one.images
        for name, row in rows.items():
            table.writerow([cell(name), *(row.get(told, 0) for told in self.names)])
        return stream.getvalue()

    def save(self, path: str | Path) -> Path:
        """Write all of it to a .json file, or the confusion matrix to a .csv; returns where.

        Raises SearchError for another ending, and for a place that cannot be written to.
        """
        where = given.path("path", path, SearchError)
        refuse_ending(where)
        content = self.csv() if where.suffix == ".csv" else json.dumps(self.record(), indent=2)
        try:
            write(where, content)
        except ExportError as error:
            raise SearchError(str(error)) from None
        return where

    def __str__(self) -> str:
        figures, speed = self.figures, self.speed
        where = "all images" if self.split == "all" else f"the {self.split} split"
        images = counted(figures.top1.images, "image")
        classes = counted(len(figures.classes), "class", "classes")
        pace = (
            f"{integer(round(speed.model))} images/s in the model, {integer(round(speed.all))} "
            f"with reading them; {speed.batch} at once, {self.device}"
        )
        about = [
            ("speed", pace),
            ("images", f"{self.seen or 'as their source gives them'} ({self.seen_by})"),
            ("labels", self.matched),
            ("intervals", "Wilson's, 95 %: over the choice of images, not the training's seed"),
            *(("note", one) for one in self.notes),
            *(("passed over", one) for one in self.passed_over[:SHOWN]),
        ]
        if len(self.passed_over) > SHOWN:
            about.append(("", f"and {len(self.passed_over) - SHOWN:,} more; -o x.json names all"))
        return "\n".join(
            [
                f"{self.name} on {where} of {self.data}: {images} of {classes}",
                "",
                *text(figures, self.published),
                *columns(about),
            ]
        )

    def __repr__(self) -> str:
        top1 = self.figures.top1
        low, high = top1.interval
        return (
            f"Evaluation({self.name!r}, top1={top1.value:.4f} ({low:.4f} to {high:.4f}), "
            f"images={top1.images})"
        )


def refuse_ending(path: Path) -> None:
    """Raise SearchError for a file that is neither JSON nor CSV, and where no file can lie."""
    if path.suffix not in ENDINGS or path.is_dir():
        raise SearchError(
            f"{path}: what is found is written to a .json file, the confusion matrix alone to a "
            ".csv.  name one of them"
        )
    if not path.absolute().parent.is_dir():
        raise SearchError(f"{path}: there is no folder {path.parent}.  make it first")
