"""Check a spec: every key, every option, and every combination of answers of a space.

Of a space it also says how many architectures it has and how many of them are inside the
budget, exactly or between certain bounds, what they cost, and what the budget does to each
decision.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from archdsl.amounts import bounded, kind, written
from archdsl.cli.answer import Answer
from archdsl.cli.parser import loaded, takes_a_spec
from archdsl.language.own_class import class_text
from archdsl.printable import printable_line
from archdsl.units import percent
from archdsl.views.fitted import width, wrapped
from archdsl.views.terminal import busy
from archdsl.views.text import bars, columns

if TYPE_CHECKING:
    from archdsl.language.settings import ProxySettings
    from archdsl.spaces import Space
    from archdsl.spaces.overview import Bin, Effect
    from archdsl.study.survey import Survey

_IN = 4
_GAP = "   "

HELP = "say whether a spec is right, and where it is not; of a space, how much fits its budget"

COST = "macs"
"""What the histogram is over."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """FILE and patches."""
    takes_a_spec(parser)


def run(known: argparse.Namespace) -> Answer:
    """Load the spec, which checks it, and survey a space."""
    import archdsl

    with busy(f"checking {known.file}"):
        spec = loaded(known.file, known)
        # whatever a plain spec needs no more for is not imported
        space = archdsl.space(spec) if spec.is_space else None
    settings = spec.settings()
    own, notes = _own(settings.proxy), [*spec.notes, *settings.notes]
    said_of_it = [*spec.discarded, *notes, *(f"{key} {text}" for key, text in own.items())]
    lines = [line for one in said_of_it for line in wrapped(one, width(), 2, _IN)]
    data: dict[str, Any] = {
        "file": known.file,
        "name": spec.name,
        "space": spec.is_space,
        "size": 1 if space is None else space.size,
        "discarded": list(spec.discarded),
        "notes": notes,
        **own,
    }
    if space is None:
        if budget := settings.budget:
            from archdsl.study.survey import survey

            # raises where it does not fit
            survey(archdsl.space(spec), budget, lambda done, total: None)
        return Answer(data, "\n".join([f"{known.file}: right, one architecture", *lines]))
    surveyed, more = _surveyed(space, known.file)
    data |= more
    words = f"a space of {surveyed.words()}"
    said = [*wrapped(f"{known.file}: right, {words}", width(), hanging=_IN), *lines, ""]
    if "uncounted" in more:
        said += _uncounted(more["uncounted"], surveyed.default)
    else:
        said += _costs(more["costs"])
    if "histogram" in more:
        said += ["", *_histogram(more["histogram"])]
    if more.get("effects"):
        all_inside = surveyed.fits == surveyed.size
        said += ["", f"  {EXCLUDES_NOTHING}"] if all_inside else ["", *_effects(more["effects"])]
    data["costs"] = {
        name: dict(zip(_ENDS, its, strict=True)) for name, its in more["costs"].items()
    }
    for key in ("histogram", "effects"):
        if key in data:
            data[key] = [_plain(item) for item in data[key]]
    return Answer(data, "\n".join(said))


def _own(proxy: ProxySettings) -> dict[str, str]:
    """The classes of the user's own that a search trains with, and their arguments, in words."""
    named = {
        "datamodule": (proxy.datamodule, proxy.datamodule_options),
        "module": (proxy.module, proxy.module_options),
    }
    return {key: class_text(name, given) for key, (name, given) in named.items() if name}


EXCLUDES_NOTHING = "the budget excludes nothing: every member is inside"

_ENDS = ("smallest", "largest", "default")


def _surveyed(space: Space, file: str) -> tuple[Survey, dict[str, Any]]:
    """The survey of a space, and its figures as objects."""
    from archdsl.spaces.circuit import TooManyCases
    from archdsl.spaces.overview import effects, histogram
    from archdsl.study.survey import survey

    budget = space.spec.settings().budget
    with busy(f"measuring the layers of {file}") as say:
        space.tabulate(lambda done, total: say(f"measuring layer {done} of {total}"))
        say(f"counting {file}")
        surveyed = survey(space, budget, lambda done, total: None)
        default = surveyed.default
        more: dict[str, Any] = {"fits": {"low": surveyed.fits, "high": surveyed.most}}
        try:
            more["histogram"] = histogram(space, COST)
        except TooManyCases as error:
            more["costs"], more["uncounted"] = {}, str(error)
            return surveyed, more
        more["costs"] = {name: (*space.bounds(name), default[name]) for name in bounded()}
        more["effects"] = effects(space, budget) if budget else []
    return surveyed, more


def _plain(item: Bin | Effect) -> dict[str, Any]:
    return {name: getattr(item, name) for name in item.__slots__}


def _costs(costs: dict[str, tuple[int, ...]]) -> list[str]:
    rows = [["", *_ENDS]]
    rows += [[name, *(written(name, cost) for cost in its)] for name, its in costs.items()]
    return [f"  {line}" for line in columns(rows, right=(1, 2, 3))]


def _uncounted(why: str, default: dict[str, int]) -> list[str]:
    costs = ", ".join(f"{name} {written(name, default[name])}" for name in bounded())
    both = (f"not counted: {why}", f"the default has {costs}")
    return [line for one in both for line in wrapped(one, width(), 2, _IN)]


def _histogram(bins: list[Bin]) -> list[str]:

    rows = [[f"{kind(COST).heading} from", "to", "architectures", ""]]
    for one, bar in zip(bins, bars([one.share for one in bins]), strict=True):
        ends = (written(COST, one.low), written(COST, one.high - 1))
        rows.append([*ends, percent(one.share), bar])
    return [f"  {line}" for line in columns(rows, right=(0, 1, 2))]


def _effects(found: list[Effect]) -> list[str]:
    from archdsl.components.options import written as answered

    by_address: dict[str, list[Effect]] = {}
    for one in found:
        by_address.setdefault(one.address, []).append(one)
    about = "" if all(one.exact for one in found) else " (about)"
    rows = [(f"what the budget does{about}", ["share of each answer, in the space → inside"])]
    for address, its in by_address.items():
        said = [
            f"{answered(one.answer)}: {percent(round(one.before, 2))} → "
            + (percent(round(one.after, 2)) if one.possible else "never")
            for one in its
        ]
        rows.append((address, said))
    room = width() - 2
    lines = columns([(address, _GAP.join(said)) for address, said in rows])
    if max(map(len, lines)) > room:
        lines = [line for address, said in rows for line in (address, *_packed(said, room))]
    return [f"  {line}" for line in lines]


def _packed(said: list[str], room: int) -> list[str]:
    """Answers with their shares, as many on an indented line as there is room for."""
    lines: list[str] = []
    for one in map(printable_line, said):
        if lines and len(lines[-1]) + len(_GAP) + len(one) <= room:
            lines[-1] += _GAP + one
        else:
            lines.append(" " * _IN + one)
    return lines
