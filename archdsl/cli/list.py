"""List what a spec may say: the kinds of components, or the components of one kind.

`archdsl list keys` lists the keys of a spec, of `block`, of a stage and of a run;
`archdsl list recipes` the shipped recipes, by which networks are trained;
`archdsl list specs` the shipped specs; `archdsl list baselines` the published models among
them, with what they cost, what they reached, and where their weights were published.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from archdsl.cli.answer import Answer
from archdsl.cli.failure import UsageError
from archdsl.spelling import did_you_mean
from archdsl.views.fitted import fitted, width, wrapped
from archdsl.views.terminal import busy

if TYPE_CHECKING:
    from archdsl.language.positions import Level

HELP = "components of a kind, keys of a spec, shipped specs and recipes, published models"


def arguments(parser: argparse.ArgumentParser) -> None:
    """An optional KIND."""
    parser.add_argument(
        "kind",
        metavar="KIND",
        nargs="?",
        help="token_mixer, norm, ...; or keys, specs, baselines, recipes",
    )


def run(known: argparse.Namespace) -> Answer:
    """List kinds, a kind, or specs."""
    from archdsl.components import registry

    if known.kind in _OTHERS:
        return _OTHERS[known.kind]()
    if known.kind is not None and known.kind not in registry.KINDS:
        guess = did_you_mean(known.kind, [*registry.KINDS, *_OTHERS], before="  ")
        raise UsageError(
            f"there is no kind '{known.kind}'.{guess}\n"
            f"  the kinds: {' '.join(registry.KINDS)}, and {', '.join(_OTHERS)}"
        )
    with busy("reading the components"):
        from archdsl.loading import fill_registry

        fill_registry()
    return _kinds() if known.kind is None else _kind(known.kind)


def _kinds() -> Answer:
    from archdsl.components import registry

    lines: list[str] = []
    data: dict[str, dict[str, object]] = {}
    for kind in registry.KINDS.values():
        names = sorted([*registry.named(kind.name), *registry.other_names(kind.name)])
        lines += [*_titled(kind.name, kind.doc), *wrapped(" ".join(names) or "-", width(), _IN)]
        data[kind.name] = {"doc": kind.doc, "names": names}
    return Answer(data, "\n".join(lines))


def _kind(name: str) -> Answer:
    from archdsl.components import registry
    from archdsl.components.defaults import REQUIRED

    lines: list[str] = []
    data: dict[str, dict[str, object]] = {}
    for component in registry.named(name).values():
        options = component.options.values()
        lines += _titled(component.name, component.doc)
        lines += _indented([(option.signature(), option.help) for option in options], wraps=[0, 1])
        data[component.name] = {
            "doc": component.doc,
            "where": component.where,
            "options": {
                option.name: {"takes": option.type.takes(), "words": option.signature(),
                              "required": option.default is REQUIRED, "help": option.help}
                for option in options
            },
        }  # fmt: skip
    for other in registry.other_names(name).values():
        lines += _titled(other.name, f"{other.stands_for()} by another name")
        data[other.name] = {"stands_for": {"type": other.type, **dict(other.options)}}
    return Answer({name: data}, "\n".join(lines))


def _specs() -> Answer:
    from archdsl import shipped

    files = {name: shipped.shipped(name) for name in shipped.names()}
    folder = shipped.folder()
    rows = [(name, str(path.relative_to(folder))) for name, path in files.items()]
    return Answer({"specs": {name: str(path) for name, path in files.items()}},
                  "\n".join(fitted(rows, width())))  # fmt: skip


def _recipes() -> Answer:
    from archdsl.recipes import names, recipe, source_of

    rows = [("name", "epochs", "batch", "optimizer", "rate", "source")]
    data = {}
    for name in names():
        known, source = recipe(name), source_of(name)
        rows.append(
            (name, f"{known.epochs}", f"{known.batch:,}", known.optimizer, f"{known.lr:g}", source)
        )
        data[name] = {**known.record(), "source": source}
    lines = fitted(rows, width(), right=(1, 2, 4), wraps=[5], heading=True)
    return Answer({"recipes": data}, "\n".join(lines))


def _baselines() -> Answer:
    from archdsl.published import published

    rows = [("name", "params", "MACs", "top-1", "weights")]
    data = {}
    for name, model in published().items():
        top1 = "-" if model.top1 is None else f"{model.top1:.1f}"
        if model.top1_at is not None:
            top1 += f" at {model.top1_at}"
        rows.append((name, f"{model.params:,}", f"{model.macs:,}", top1, model.weights or "-"))
        data[name] = {
            key: getattr(model, key) for key in ("params", "macs", "top1", "top1_at", "weights")
        }
    return Answer({"baselines": data}, "\n".join(fitted(rows, width(), right=(1, 2), heading=True)))


def _keys() -> Answer:
    from archdsl.language import positions

    lines: list[str] = []
    data: dict[str, dict[str, object]] = {}
    for level, words in _LEVELS.items():
        found = positions.at(level).values()
        rows = [("key", "takes", "if left out", "holds")]
        rows += [(p.name, p.takes() or "-", p.otherwise(level), p.help) for p in found]
        lines += [words, *_indented(rows, wraps=[1, 2, 3], heading=True)]
        data[level] = {
            p.name: {"takes": p.takes(), "otherwise": p.otherwise(level), "help": p.help}
            for p in found
        }
    return Answer({"keys": data}, "\n".join(lines))


def _titled(name: str, doc: str) -> list[str]:
    return wrapped(f"{name}  {doc}", width(), hanging=2 * _IN)


def _indented(
    rows: Sequence[Sequence[str]], *, wraps: Sequence[int], heading: bool = False
) -> list[str]:
    lines = fitted(rows, width() - _IN, wraps=wraps, heading=heading)
    return [f"{' ' * _IN}{line}" for line in lines]


_IN = 4

_LEVELS: dict[Level, str] = {
    "top": "a spec", "block": "block", "stage": "a stage", "run": "a run",
}  # fmt: skip
_OTHERS = {"keys": _keys, "specs": _specs, "baselines": _baselines, "recipes": _recipes}
