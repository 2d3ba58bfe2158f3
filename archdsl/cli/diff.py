"""Show what is another in the spec B than in the spec A: its structure, its decisions, its cost.

Structure is compared by address: a block with the one of the same number in the same stage. Equal
changes of blocks in a row are one, ×6. Of spaces the default members are compared, and every
decision with its answers. Names and `search:` are not compared. --set changes B, so that

  archdsl diff poolformer_s12 poolformer_s12 --set stages.2.depth=9

says what a deeper stage is and costs. --draw writes both side by side, on one scale.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from archdsl.cli.answer import Answer
from archdsl.cli.parser import loaded, patches, takes_a_drawing, takes_patches
from archdsl.views.fitted import fitted, width, wrapped
from archdsl.views.terminal import busy

if TYPE_CHECKING:
    from archdsl.changes import Changes
    from archdsl.changes.structure import Change

HELP = "what differs between two specs, in structure and in cost; as a drawing of both"


def arguments(parser: argparse.ArgumentParser) -> None:
    """A, B, patches of B, and where a drawing goes."""
    what = "a path, a run directory (its winner), or the name of a shipped spec"
    parser.add_argument("a", metavar="A", help=what)
    parser.add_argument("b", metavar="B", help=f"{what}; --set is of this one")
    takes_patches(parser)
    takes_a_drawing(parser)


def run(known: argparse.Namespace) -> Answer:
    """Compare both and lay out what differs."""
    import archdsl

    with busy(f"comparing {known.a} and {known.b}"):
        changed = patches(known)
        known.patches = []
        one = loaded(known.a, known)
        other = archdsl.load(known.b, changed, imports=known.imports, sandbox=known.sandbox)
        found = archdsl.diff(one, other)
        drawn = None if known.draw is None else found.draw().save(known.draw)
    data = {**found.record(), **({} if drawn is None else {"drawn": str(drawn)})}
    lines = [*_words(found), *([f"drawn to {drawn}"] if drawn else [])]
    return Answer(data, "\n".join(lines))


def _words(found: Changes) -> list[str]:
    names = f"{found.a.name} → {found.b.name}"
    if found.equal:
        return wrapped(f"{names}: equal in structure and in cost", width())
    lines = [*wrapped(names, width()), ""]
    lines += _table(found.structure)
    if found.decisions:
        lines += ["", "decisions:", *_table(found.decisions)]
    lines.append("")
    if not found.costs:
        return [*lines, *wrapped(f"their costs are not compared: {found.unknown}", width())]
    rows = [("", "MACs", "", "", "params", "", ""), *found.cost_rows()]
    return [*lines, *fitted(rows, width(), right=range(1, 7), heading=True)]


def _table(changes: Sequence[Change]) -> list[str]:
    rows = [(_address(one), one.sort, one.words) for one in changes]
    return fitted(rows, width(), wraps=[2])


def _address(one: Change) -> str:
    return f"{one.address} ×{one.times}" if one.times > 1 else one.address
