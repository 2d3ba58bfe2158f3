"""A training on record, done once more where data, code and version are those on record."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archdsl.amounts import bounded
from archdsl.errors import SearchError
from archdsl.loading import space_from_text
from archdsl.study.engines.proxy_training import ProxyTraining
from archdsl.study.engines.work import Work
from archdsl.study.identity.carried import places
from archdsl.study.identity.evidence import (
    Evidence,
    evidence,
    minor,
    refuse_edited,
    refuse_other_evidence,
    refuse_other_version,
)
from archdsl.study.identity.setup import Cures, refuse_changes, setup
from archdsl.study.record.folder import read_state
from archdsl.study.replay.baseline import baseline_space, unrecorded
from archdsl.study.replay.comparison import Replayed
from archdsl.study.replay.noise import noise_of
from archdsl.study.replay.once_more import OnceMore, Told
from archdsl.study.replay.place import differences
from archdsl.study.replay.trainings import recorded
from archdsl.study.signals import terminable
from archdsl.version import VERSION

if TYPE_CHECKING:
    from archdsl.spaces import Space
    from archdsl.study.record.state import State

CURES = Cures("replay it with archdsl {}", "put it back to replay it")

_WITHOUT_REPLAY = ("0.1",)
_NO_WAY = CURES._replace(
    version="archdsl {} cannot replay, and another comes to other figures: there is no way"
)


def replay(
    folder: Path,
    word: str,
    *,
    patches: Mapping[str, Any] | None = None,
    imports: bool = True,
    told: Told = lambda step, last, metrics: None,
) -> Replayed:
    """Train what is on record in a run directory once more, and compare.

    Nothing is written there: the training has a temporary folder.

    word: the number of a trial, or `final/0/trial-00012/seed-1`
    patches: address -> value, for what may have moved since: `search.proxy.folder`
    imports: whether the space's own Python may run
    Raises SearchError for a training that cannot be done again, or that fails this time.
    """
    state = read_state(folder)
    if state is None or state.created is None:
        raise SearchError(f"{folder} holds no search.  name a run directory, such as runs/digits")
    if state.created.setup["evaluate"] == "own":
        raise SearchError(
            f"{folder} holds a search that was judged by an evaluate function, which a record does "
            "not have.  call it yourself, with  archdsl.load  of the spec and the seed on record"
        )
    _hold_version(folder, state)
    found = recorded(state, folder, word)
    with terminable(), _no_bytecode(), tempfile.TemporaryDirectory(prefix="archdsl-") as where:
        space = _space(folder, state, patches or {}, imports)
        its, unknown = space, tuple[str, ...]()
        if found.entrant is not None and found.entrant.space is not None:
            its = baseline_space(found.entrant, space, imports)
            unknown = unrecorded(state, found.entrant, its)
            found = replace(found, entrant=replace(found.entrant, space=its.spec.dump()))
        training = ProxyTraining(space, space.spec.settings().proxy)
        assert training.trains_by(its.spec.settings().proxy), "data are checked for one proxy"
        _hold(folder, space, state, training)
        work = Work(space=its, training=training)
        again = OnceMore(state, found, space, work, training, Path(where), folder)
        epochs = again.train(folder, told)
        judged = tuple(one.name for one in state.objectives if one.name not in bounded())
        return Replayed(
            run=state.created.name,
            recorded=found,
            epochs=epochs,
            differences=(*differences(state, found, one_thread=again.one_thread), *unknown),
            judged=judged,
            noise={name: noise_of(state, name, found.last) for name in judged},
        )


@contextmanager
def _no_bytecode() -> Iterator[None]:
    """Let Python write nothing beside the modules that it imports: they lie in the run."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


def _hold_version(folder: Path, state: State) -> None:
    """See that this archdsl comes to the figures on record. Raises SearchError."""
    if state.evidence is not None:
        then = state.evidence["archdsl"]
        cures = _NO_WAY if minor(then) in _WITHOUT_REPLAY else CURES
        refuse_other_version(folder, then, VERSION, cures)
    elif state.trainings:
        raise SearchError(
            f"{folder}: what its figures follow from is not on record.  an older archdsl wrote it, "
            "and there is nothing to hold data and code against"
        )


def _space(folder: Path, state: State, patches: Mapping[str, Any], imports: bool) -> Space:
    """The space with the settings of the last start. Raises SearchError where it is another."""
    assert state.created is not None, "a state that was read has begun"
    old = state.created.setup
    proxy = old["settings"]["proxy"]
    moved = {"search.proxy.folder": proxy["folder"]}
    data = proxy.get("data")
    if data is not None and "path" in data:
        moved["search.proxy.data.path"] = data["path"]
    # the space as it lies in the run directory imports what lies beside it there
    space = space_from_text(
        state.created.space, folder.absolute(), {**moved, **patches}, imports=imports
    )
    new = setup(space, space.spec.settings(), own_evaluate=False)
    refuse_changes(folder, _carried(old), new, CURES)
    return space


def _carried(old: Mapping[str, Any]) -> dict[str, Any]:
    """What may not change, with imports named as they lie in the run directory."""
    there, tree = places(old["imports"]), dict(old["space"])
    if "imports" in tree:
        tree["imports"] = [there.get(entry, entry) for entry in tree["imports"]]
    imported = {there[entry]: digest for entry, digest in old["imports"].items()}
    return {**old, "space": tree, "imports": imported}


def _hold(folder: Path, space: Space, state: State, training: ProxyTraining) -> None:
    """See that the training follows from what it followed from. Raises SearchError."""
    prepared = training.prepare()
    new = evidence(space, space.spec.settings().proxy, None, prepared)
    assert state.evidence is not None, "a training on record has it, which was seen to before"
    words = state.data.words if state.data is not None else prepared.info.words()
    new = replace(new, files=_as_named(state.evidence["files"], new))
    refuse_other_evidence(folder, words, state.evidence, new, CURES)
    refuse_edited(new)


def _as_named(old: Mapping[str, str], new: Evidence) -> dict[str, str]:
    """Files under the names that they have on record.

    A file's name is its path from the spec's folder, or from where Python looks for it; in a run
    directory it lies elsewhere. What is called alike is the same file, the same content first.
    """
    lacking = {name: digest for name, digest in old.items() if name not in new.files}
    named = {name: name for name in new.files if name in old}
    for alike in (True, False):
        for name, digest in new.files.items():
            known = next(
                (one for one, was in lacking.items()
                 if Path(one).name == Path(name).name and (was == digest or not alike)), None
            )  # fmt: skip
            if name not in named and known is not None:
                named[name] = known
                del lacking[known]
    return {named.get(name, name): digest for name, digest in new.files.items()}
