"""What the charts of a training's page show."""

from __future__ import annotations

from archdsl.full_training.record import TrainRecord
from archdsl.views.chart import GOOD, QUIET, Chart, Marks

_TRAINED, _JUDGED = "#d9822b", "#3b7dd8"


def losses(record: TrainRecord) -> Chart | None:
    """The loss of training and of validation by epoch."""
    lines = [("train_loss", _TRAINED, "training"), ("loss", _JUDGED, "validation")]
    marks = [_line(record, name, colour, label) for name, colour, label in lines]
    shown = [one for one in marks if one is not None]
    if not shown:
        return None
    return Chart("loss by epoch", shown, "epoch", "loss", legend=True)


def judged(record: TrainRecord) -> Chart | None:
    """The metric that epochs are compared by, and the best of them."""
    name, best = record.judged_by, record.best
    line = _line(record, name, _JUDGED, "validation")
    if line is None or best is None or name in ("loss", "train_loss"):
        return None
    at, value = best + 1, record.epochs[best].metrics[name]
    marks = [line, Marks("ring", (at,), (value,), GOOD, "best")]
    macro = _line(record, "macro_accuracy", QUIET, "mean over classes")
    if macro is not None and name == "accuracy":
        marks.insert(0, macro)
    return Chart(f"{name} by epoch", marks, "epoch", name, legend=True)


def _line(record: TrainRecord, name: str, colour: str, label: str) -> Marks | None:
    at = [number for number, one in enumerate(record.epochs, start=1) if name in one.metrics]
    if not at:
        return None
    values = [record.epochs[number - 1].metrics[name] for number in at]
    return Marks("line" if len(at) > 1 else "dots", at, values, colour, label)
