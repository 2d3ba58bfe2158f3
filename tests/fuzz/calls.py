"""Every public function and method, with one argument left open."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from optuna.trial import FixedTrial
from torch import nn

import archdsl
from archdsl import testing
from archdsl.data import Digits, ImageFolder, Npz
from archdsl.study import Candidate

SPACE = """
archdsl: 1
name: small
input: [1, 8, 8]
classes: 2
stem: {type: conv, kernel: 3}
block:
  token_mixer: {choice: [pooling, identity]}
  channel_mixer: {type: mlp, ratio: {range: [1, 3]}}
stages: [{dim: 8, depth: {choice: [1, 2]}}]
search: {budget: {macs: 1M}, maximize: score, trials: 1}
"""

Call = Callable[[Any], Any]


@functools.cache
def spec() -> archdsl.Spec:
    return archdsl.loads(SPACE)


@functools.cache
def space() -> archdsl.Space:
    return archdsl.space(spec())


@functools.cache
def member() -> archdsl.Spec:
    return space().default()


def answers() -> dict[str, Any]:
    return dict(member().decisions)


def keyed(key: Any) -> dict[Any, Any]:
    """A mapping with this key, if it can be one."""
    try:
        return {key: 1}
    except (TypeError, ValueError):
        return {}


def searched(**given: Any) -> Any:
    return archdsl.search(space(), lambda candidate: 0.5, **given)


def checked(**given: Any) -> Any:
    given = {"members": 2, "seeds": 1, **given}
    return archdsl.proxy_check(space(), lambda candidate: 0.5, **given)


def timed(*specs: Any, **given: Any) -> Any:
    return archdsl.bench(*(specs or (spec(),)), **{"rounds": 1, "seconds": 0, **given})


def refused_training(name: str, value: Any) -> Any:
    """A training on images that are not there, with this for an argument."""
    given = {"out": "a_training", "listener": None, name: value}
    return archdsl.train(spec(), "nowhere", recipe="proxy", **given)


def verbs() -> dict[str, Call]:
    small = "stages.0.depth"
    return {
        "load": archdsl.load,
        "load set": lambda v: archdsl.load(spec(), set=v),
        "load set to": lambda v: archdsl.load(spec(), set={small: v}),
        "load set address": lambda v: archdsl.load(spec(), set=keyed(v)),
        "load imports": lambda v: archdsl.load("poolformer_s12", imports=v),
        "load mapping": lambda v: archdsl.load({"archdsl": 1, "name": "a", "stages": v}),
        "load name": lambda v: archdsl.load({**spec().tree, "name": v}),
        "loads": archdsl.loads,
        "loads set": lambda v: archdsl.loads(SPACE, set=v),
        "dump": archdsl.dump,
        "build": archdsl.build,
        "build weights": lambda v: archdsl.build(spec(), weights=v),
        "build classes": lambda v: archdsl.build(spec(), classes=v),
        "build features": lambda v: archdsl.build(spec(), features=v),
        "build feature": lambda v: archdsl.build(spec(), features=[v]),
        "build drop_head": lambda v: archdsl.build(spec(), drop_head=v),
        "build ema": lambda v: archdsl.build(spec(), weights="no.pth", ema=v),
        "load_model": archdsl.load_model,
        "load_model imports": lambda v: archdsl.load_model(".", imports=v),
        "load_model sandbox": lambda v: archdsl.load_model(".", sandbox=v),
        "save": lambda v: archdsl.save(v, "a_model"),
        "count": archdsl.count,
        "diff": lambda v: archdsl.diff(v, spec()),
        "diff b": lambda v: archdsl.diff(spec(), v),
        "bench": timed,
        "bench names": lambda v: timed(names=v),
        "bench name": lambda v: timed(names=[v]),
        "bench batch": lambda v: timed(batch=v),
        "bench form": lambda v: timed(form=v),
        "bench compile": lambda v: timed(compile=v) if v is not True else None,
        "bench mode": lambda v: timed(mode=v),
        "bench device": lambda v: timed(device=v),
        "bench size": lambda v: timed(size=v),
        "bench side": lambda v: timed(size=[8, v]),
        "bench threads": lambda v: timed(threads=v),
        "bench rounds": lambda v: timed(rounds=v),
        "bench seconds": lambda v: timed(seconds=v),
        "bench told": lambda v: timed(told=v) if not callable(v) else None,
        "evaluate": lambda v: archdsl.evaluate(v, "no.pth", "digits"),
        "evaluate weights": lambda v: archdsl.evaluate(spec(), v, "digits"),
        "evaluate data": lambda v: archdsl.evaluate(archdsl.build(spec()), data=v),
        "evaluate split": lambda v: archdsl.evaluate(archdsl.build(spec()), split=v),
        "evaluate size": lambda v: archdsl.evaluate(archdsl.build(spec()), size=v),
        "evaluate batch": lambda v: archdsl.evaluate(archdsl.build(spec()), batch=v),
        "evaluate device": lambda v: archdsl.evaluate(archdsl.build(spec()), device=v),
        "train": lambda v: archdsl.train(v, "nowhere", listener=None),
        "train data": lambda v: (
            archdsl.train(spec(), v, recipe="proxy", listener=None) if v is not None else None
        ),
        "train recipe": lambda v: archdsl.train(spec(), "nowhere", recipe=v, listener=None),
        **{
            f"train {name}": functools.partial(refused_training, name)
            for name in (
                "weights",
                "out",
                "resume",
                "test",
                "seed",
                "drop_head",
                "ema",
                "workers",
                "on_bad",
                "cache",
                "loggers",
                "devices",
                "strategy",
                "checkpoint_every",
                "listener",
                "epochs",
            )
        },
        "fuse": archdsl.fuse,
        "space": archdsl.space,
        "export": archdsl.export,
        "export to": lambda v: archdsl.export(spec(), to=v),
        "search": lambda v: archdsl.search(v, lambda candidate: 0.5),
        "search trials": lambda v: searched(trials=v),
        "search budget": lambda v: searched(budget=v),
        "search unknown": lambda v: searched(unknown=v),
        "search listener": lambda v: searched(listener=v) if not callable(v) else None,
        "proxy_check": lambda v: archdsl.proxy_check(v, lambda candidate: 0.5, members=2, seeds=1),
        "proxy_check members": lambda v: checked(members=v),
        "proxy_check seeds": lambda v: checked(seeds=v),
        "proxy_check final_epochs": lambda v: checked(final_epochs=v),
        "proxy_check listener": lambda v: checked(listener=v) if not callable(v) else None,
        "macs": archdsl.macs,
        "macs rule": lambda v: archdsl.macs("mine::nothing")(v) if not callable(v) else None,
    }


def decorators() -> Iterator[tuple[str, Call]]:
    mixers = ["channel_mixer", "key", "out", "query", "token_mixer", "value"]
    kinds = ["act", "data_source", "head", "layer", "norm", "pos_embed", *mixers]
    for kind in kinds:
        decorator = getattr(archdsl, kind)
        yield kind, functools.partial(_decorated, decorator)
        yield f"{kind} class", lambda v, decorator=decorator: decorator("a_name")(v)


def _decorated(decorator: Any, name: Any) -> Any:
    return decorator(name)(type("Mine", (nn.Module,), {"__doc__": "Mine."}))


def of_a_space() -> dict[str, Call]:
    small = "stages.0.depth"
    return {
        "Space": archdsl.Space,
        "Space.member": lambda v: space().member(v),
        "Space.member answer": lambda v: space().member({**answers(), small: v}),
        "Space.member address": lambda v: space().member({**answers(), **keyed(v)}),
        "Space.resolve": lambda v: space().resolve(v) if not callable(v) else None,
        "Space.count": lambda v: space().count(v),
        "Space.count bound": lambda v: space().count({"macs": v}),
        "Space.count bounds": lambda v: space().count({"macs": [0, v]}),
        "Space.count pair": lambda v: space().count({"macs": (v, v)}),
        "Space.bounds": lambda v: space().bounds(v),
        "Space.sample": lambda v: space().sample(v) if v is not True else None,
        "Space.sample budget": lambda v: space().sample(1, budget=v),
        "Space.sample seed": lambda v: space().sample(1, seed=v),
        "Space.sample measure": lambda v: space().sample(1, measure=v),
        "Space.sample weights": lambda v: space().sample(1, weights=v),
        "Space.sample weights of": lambda v: space().sample(1, weights={small: v}),
        "Space.sample weight": lambda v: space().sample(1, weights={small: {1: v}}),
        "Space.draws": lambda v: list(space().draws(1, v)),
        "Space.drawing": lambda v: space().drawing(v),
        "Space.tabulate": lambda v: archdsl.space(spec()).tabulate(v) if not callable(v) else None,
        "Space.of": lambda v: space().of(v),
        "Space.neighbours": lambda v: list(space().neighbours(v)),
        "Space.completed": lambda v: space().completed(v),
        "Space.completed answer": lambda v: space().completed({small: v}),
        "Space.cost": lambda v: space().cost(v),
        "Space.default_answer": lambda v: space().default_answer(v),
        "Space.per_answer": lambda v: space().per_answer(v, 1),
    }


def others(folder: Path) -> dict[str, Call]:
    def candidate() -> Candidate:
        cost = space().cost(member())
        return Candidate(
            member(), cost, 0, 0, folder, metric="score", on_report=lambda step, metrics: None
        )

    return {
        "Spec.dump": lambda v: spec().dump(v),
        "Spec.dump found": lambda v: spec().dump({"a": v}),
        "Spec.mark": lambda v: spec().mark(v),
        "Spec.resolve": lambda v: spec().resolve(v) if not callable(v) else None,
        "Drawing.save": lambda v: spec().draw().save(v),
        "Spec ==": lambda v: spec() == v,
        "Cost []": lambda v: space().cost(member())[v],
        "Candidate.report": lambda v: candidate().report(v, 0.5),
        "Candidate.report value": lambda v: candidate().report(1, v),
        "check_mixer": testing.check_mixer,
        "check_mixer kind": lambda v: testing.check_mixer("pooling", v),
        "check_mixer dim": lambda v: testing.check_mixer("pooling", dim=v, sizes=[(4, 4)]),
        "check_mixer sizes": lambda v: testing.check_mixer("pooling", dim=8, sizes=v),
        "check_mixer option": lambda v: testing.check_mixer("pooling", dim=8, kernel=v),
        "BudgetSampler": lambda v: archdsl.BudgetSampler(v, None),
        "BudgetSampler budget": lambda v: archdsl.BudgetSampler(space(), v),
        "BudgetSampler name": lambda v: archdsl.BudgetSampler(space(), None, v),
        "BudgetSampler seed": lambda v: archdsl.BudgetSampler(space(), None, seed=v),
        "BudgetSampler measure": lambda v: archdsl.BudgetSampler(space(), None, measure=v),
        "suggest": lambda v: archdsl.suggest(v, space()),
        "suggest space": lambda v: archdsl.suggest(FixedTrial({}), v),
        "Npz": lambda v: Npz(path=v).describe(folder),
        "Npz folder": lambda v: Npz(path="a.npz").describe(v),
        "Npz val": lambda v: Npz(path="a.npz", val=v).describe(folder),
        "Npz layout": lambda v: Npz(path="a.npz", layout=v).describe(folder),
        "ImageFolder": lambda v: ImageFolder(path=v).describe(folder),
        "ImageFolder folder": lambda v: ImageFolder(path="images").describe(v),
        "ImageFolder fingerprint": lambda v: ImageFolder(path=v).fingerprint(folder),
        "ImageFolder held_out": lambda v: ImageFolder(path=v).held_out(folder, (8, 8)),
        "Digits": lambda v: Digits(canvas=v).describe(folder),
    }


def written() -> dict[str, Call]:
    """What writes where a path says; relative ones go into a folder of the test's own."""
    return {
        "export path": lambda v: archdsl.export(spec(), path=v),
        "save path": lambda v: archdsl.save(archdsl.build(spec()), v),
        "search out": lambda v: searched(out=v),
        "proxy_check out": lambda v: checked(out=v),
    }
