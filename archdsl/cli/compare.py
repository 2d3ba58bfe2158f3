"""Show searches of one space side by side: their settings, how fast they were, their winners."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archdsl.cli.answer import Answer
from archdsl.errors import SearchError
from archdsl.units import figure
from archdsl.views.text import columns

if TYPE_CHECKING:
    from archdsl.study.side_by_side import ComparedRun

HELP = "show searches of one space side by side"


def arguments(parser: argparse.ArgumentParser) -> None:
    """RUN RUN ..."""
    parser.add_argument("folders", metavar="RUN", type=Path, nargs="+", help="run directories")


def run(known: argparse.Namespace) -> Answer:
    """Read the records and put them beside each other."""
    if len(known.folders) < 2:
        raise SearchError("one run is compared with nothing.  name two or more")
    from archdsl.study.side_by_side import side_by_side

    found = side_by_side(known.folders)
    return Answer({"runs": [_data(one) for one in found]}, _text(found))


def _data(one: ComparedRun) -> dict[str, Any]:
    record = one.record
    best = record.best
    return {
        "run": str(one.folder),
        "settings": one.settings,
        "trials": len(record.trials),
        "failed": len(record.failed),
        "judged_by": record.judged_by,
        "best_so_far": list(one.best),
        "spent": None if record.spent is None else record.spent.record(),
        "winner": None if best is None else {
            "trial": best.number, **one.winner, "costs": dict(best.costs),
            "decisions": dict(best.decisions),
        },
        "verdict": one.verdict,
    }  # fmt: skip


def _text(found: list[ComparedRun]) -> str:
    from archdsl.study.side_by_side import AT

    record = found[0].record
    rows = [("", *(str(one.folder) for one in found))]
    rows += [(key, *(one.settings[key] for one in found)) for key in found[0].settings]
    rows.append(("trials", *(str(len(one.record.trials)) for one in found)))
    pruned = [one for one in found if one.record.spent is not None]
    if pruned:
        rows.append(("epochs trained", *(f"{_epochs(one):,}" for one in found)))
    least = min(len(one.record.complete) for one in found)
    for at, share in enumerate(AT if least and not pruned else ()):
        name = f"best {record.judged_by} of {max(1, round(share * least))}"
        rows.append((name, *(figure(one.best[at]) for one in found)))
    for split, words in (("val", "validation"), ("test", "test")):
        if any(split in one.winner for one in found):
            cells = (figure(one.winner[split]) if split in one.winner else "" for one in found)
            rows.append((f"the winner on {words}", *cells))
    winners = [one.record.best for one in found]
    for cost in ("macs", "params"):
        rows.append((f"its {cost}", *("" if w is None else f"{w.costs[cost]:,}" for w in winners)))
    addresses = dict.fromkeys(a for w in winners if w is not None for a in w.decisions)
    for address in addresses:
        answers = ["" if w is None else str(w.decisions.get(address, "")) for w in winners]
        if len(set(answers)) > 1:
            rows.append((address, *answers))
    said = [f"{one.folder}: {one.verdict}" for one in found if one.verdict is not None]
    said += [f"{one.folder}: {one.record.spent.words()}" for one in pruned if one.record.spent]
    if pruned:
        said.append("who was best after so many trials is left out: of a search that prunes only "
                    "the good ones came to their end")  # fmt: skip
    return "\n".join([*columns(rows), *said])


def _epochs(one: ComparedRun) -> int:
    """Epochs of the trials."""
    spent, trials = one.record.spent, one.record.trials
    return sum(len(trial.epochs) for trial in trials) if spent is None else spent.epochs
