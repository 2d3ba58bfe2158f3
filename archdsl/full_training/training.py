"""One start of a training: what it needs before the first step, the epochs, and its end."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archdsl import threads
from archdsl.amounts import bounded
from archdsl.errors import ArchError, SearchError
from archdsl.full_training.asked import AskedTraining, Manner
from archdsl.full_training.begun import compared
from archdsl.full_training.events import (
    GettingReady,
    Remark,
    TrainingListener,
    unheard,
)
from archdsl.full_training.failing import said_of_a_recipe, words_of
from archdsl.full_training.folder import LAST, LOGGERS, held, text_of, write_spec
from archdsl.full_training.identity import refuse_another
from archdsl.full_training.keeping import Keeping
from archdsl.full_training.record import TrainRecord, write_record
from archdsl.full_training.stopping import Leaving, leaving
from archdsl.full_training.winner import link, run_on_record, told_of_looks
from archdsl.spaces import Space
from archdsl.study.identity.evidence import evidence, on_record, write_data
from archdsl.study.identity.setup import machine, versions
from archdsl.study.trial import Metrics, to_json
from archdsl.study.winner import WEIGHTS
from archdsl.training.data_source import DataSource
from archdsl.training.prepare import OneByOneReading, Prepared, prepare
from archdsl.units import counted

if TYPE_CHECKING:
    from torch import nn

    from archdsl.study.identity.evidence import Evidence


@dataclass(frozen=True, slots=True, repr=False)
class TrainingResult:
    """What a training came to.

    folder: as it was named; record: what `train.json` says
    """

    folder: Path
    record: TrainRecord

    def __repr__(self) -> str:
        far = f"{len(self.record.epochs)} of {counted(self.record.total, 'epoch')}"
        return f"<TrainingResult of {self.record.name}: {far}, {self.record.stand}, {self.folder}>"

    @property
    def done(self) -> bool:
        """Whether it came to its end."""
        return self.record.stand == "done"

    @property
    def weights(self) -> Path:
        """The file with the weights of the best epoch."""
        return self.folder / WEIGHTS


def train(
    asked: AskedTraining,
    manner: Manner,
    out: Path,
    *,
    resume: bool = False,
    listener: TrainingListener = unheard,
) -> TrainingResult:
    """Train a network in a folder of its own.

    resume: whether it goes on with the training that lies there; where none does, it begins one
    Raises SearchError for what cannot be trained, for a folder with something else in it, and for
    what breaks a training off and somebody can mend. A training that is asked to end by Ctrl-C or
    SIGTERM keeps its state, and its result is not done.
    """
    from archdsl.training.devices import is_first_process

    first = manner.devices == 1 or is_first_process()
    tell = listener if first else unheard
    with leaving(lambda text: tell(Remark(text))) as leave:
        if not first:
            return _beside(asked, manner, out, leave)
        _refuse_among_images(asked, out)
        with said_of_a_recipe(), held(out) as old:
            if old is not None and _worth_something(old, out) and not resume:
                raise SearchError(_there(out, old))
            return _Start(asked, manner, out, tell, leave).go(old, resume=resume)


def _refuse_among_images(asked: AskedTraining, out: Path) -> None:
    """Raise SearchError for a folder among the images, which would be one of them from then on."""
    source = DataSource.of(asked.settings)
    options = {} if source.component is None else dict(source.component.options)
    path = options.get("path")
    if not isinstance(path, str) or not path:
        return
    images, own = (source.folder / path).resolve(), out.resolve()
    if images.is_dir() and own.is_relative_to(images):
        raise SearchError(
            f"--out is {out}, which is among the images ({path}), and would be taken for some of "
            "them.  choose a folder elsewhere"
        )


def _worth_something(old: TrainRecord, out: Path) -> bool:
    return bool(old.epochs) or (out / LAST).exists()


def _there(out: Path, old: TrainRecord) -> str:
    far = f"{len(old.epochs)} of {counted(old.total, 'epoch')}"
    if old.stand == "done":
        return (
            f"{out} holds a training of {old.name} that is done ({far}).  --resume tells what it "
            "came to; choose another --out for another"
        )
    return (
        f"{out} holds a training of {old.name} ({far}).  add --resume to go on with it, or choose "
        "another --out"
    )


def _beside(asked: AskedTraining, manner: Manner, out: Path, leave: Leaving) -> TrainingResult:
    """The training in a process beside the first, which alone writes and tells."""
    start = _Start(asked, manner, out, unheard, leave)
    prepared = start.prepared(asked.cache)
    start.run(prepared, None, start._options())
    record = start.record(prepared, None)
    record.stand = "done"
    return TrainingResult(out, record)


class _Start:
    def __init__(
        self,
        asked: AskedTraining,
        manner: Manner,
        out: Path,
        tell: TrainingListener,
        leave: Leaving,
    ) -> None:
        self.asked, self.manner, self.out = asked, manner, out
        self.folder = out.absolute()
        self.tell, self.leave = tell, leave
        self.network = asked.spec.network()
        self.space = Space(asked.spec)

    def go(self, old: TrainRecord | None, *, resume: bool) -> TrainingResult:
        """From the record of what lies there to the end, in whatever way."""
        goes_on = old is not None and _worth_something(old, self.out)
        if resume and not goes_on:
            self.tell(Remark(f"{self.out} holds no training to go on with: it begins"))
        options = self._options()
        prepared = self.prepared(None)  # whatever is refused is so before images are kept
        begun, said = self.asked.beginning, prepared.preprocessing
        if begun is not None and said is not None and (words := compared(begun, said.class_names)):
            self.tell(Remark(words))
        known = evidence(self.space, self.asked.settings, None, prepared)
        record = self.record(prepared, known)
        if old is not None and goes_on:
            refuse_another(self.out, old, record, known)
            old.run, record = record.run, old
        if record.stand == "done":
            return self._finished(record, prepared)
        if self.manner.test:
            with self._told_of_looks(lambda words: None):
                pass  # a record that takes none says so before all is trained
        prepared = self._kept(prepared)
        if self.asked.spec.is_space:
            self.tell(Remark(f"{self.asked.spec.name} has holes: its default member is trained"))
        for note in (*self.asked.spec.notes, *prepared.info.notes):
            self.tell(Remark(note))
        record.stand, record.cause = "running", None
        record.sessions.append(self._session(record))
        write_spec(self.folder, self.asked.spec, record.said, {})
        write_data(self.folder, known)
        write_record(self.folder, record)
        return self._trained(record, prepared, options)

    def _options(self) -> dict[str, Any]:
        """What the trainer is told beside the recipe. Raises SearchError for what is not here."""
        from archdsl.training.devices import spread
        from archdsl.training.loggers import logger
        from archdsl.training.trainer import precision

        recipe, manner = self.asked.recipe, self.manner
        with said_of_a_recipe():
            precision(recipe.precision)
        options = spread(manner.devices, manner.strategy, recipe.batch, recipe.accumulate)
        if manner.loggers:
            options["logger"] = [logger(one, self.folder / LOGGERS) for one in manner.loggers]
        return options

    def prepared(self, cache: int | None) -> Prepared:
        """The data, read and checked, as all that would make the training fail is.

        cache: the side at which images are kept decoded on disk, which are then as well
        """
        recipe = self.asked.recipe
        with said_of_a_recipe():
            source = DataSource.of(self.asked.settings)
            prepared = prepare(
                recipe, source, self.network.input, self.network.classes,
                lambda done, total: self.tell(GettingReady("reading the images", done, total)),
                OneByOneReading(self.manner.workers, self.manner.on_bad, cache),
                lambda words: self.tell(Remark(words)),
            )  # fmt: skip
            if prepared.unproven:
                self._look(prepared)
        return prepared

    def _kept(self, prepared: Prepared) -> Prepared:
        """The same, with the images kept decoded where that is asked for."""
        cache, reading = self.asked.cache, prepared.reading
        if reading is None or reading.cache == cache:
            return prepared
        return self.prepared(cache)

    def _look(self, prepared: Prepared) -> None:
        from archdsl.training.look import look
        from archdsl.training.seeds import own_randomness
        from archdsl.training.train import initial

        with own_randomness():
            look(initial(self.network, self.asked.seed), self.asked.recipe, prepared, ())

    def record(self, prepared: Prepared, known: Evidence | None) -> TrainRecord:
        """The record of this training before its first epoch."""
        from archdsl.cost import count

        asked, info = self.asked, prepared.info
        cost = count(self.network)
        said = prepared.preprocessing
        return TrainRecord(
            name=asked.spec.name,
            spec=text_of(asked.spec),
            recipe=asked.recipe.record(),
            recipe_name=asked.recipe_name,
            seed=asked.seed,
            data={
                "source": DataSource.of(asked.settings).record(),
                "words": info.words(),
                "cache": asked.cache,
                "counts": dict(info.counts),
                "notes": list(info.notes),
                "evidence": None if known is None else on_record(known),
            },
            preprocessing=None if said is None else said.record(),
            costs={name: cost[name] for name in bounded()},
            beginning=None if asked.beginning is None else asked.beginning.record(),
            run=None if asked.run is None else run_on_record(asked.run, self.folder),
        )

    def _session(self, record: TrainRecord) -> dict[str, Any]:
        return {
            "begun": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            "first_epoch": len(record.epochs) + 1,
            "devices": self.manner.devices,
            "strategy": self.manner.strategy,
            "versions": versions(),
            "machine": machine(),
        }

    def _trained(
        self, record: TrainRecord, prepared: Prepared, options: dict[str, Any]
    ) -> TrainingResult:
        try:
            model = self.run(prepared, record, options)
        except KeyboardInterrupt:
            record.stand = "stopped"
            write_record(self.folder, record)
            self._write_page(record)
            return TrainingResult(self.out, record)
        except Exception as error:
            batch = self.asked.recipe.batch
            words = words_of(error, prepared, batch)
            record.stand, record.cause = "failed", words or f"{type(error).__name__}: {error}"
            with contextlib.suppress(ArchError):  # as on a disk that is full
                write_record(self.folder, record)
            if words is None:
                raise
            raise SearchError(words) from error
        record.stand = "done"
        return self._finished(record, prepared, model)

    def run(
        self, prepared: Prepared, record: TrainRecord | None, options: dict[str, Any]
    ) -> nn.Module:
        """Train, and return the model as it is after the last epoch.

        record: kept epoch by epoch; None in a process beside the first
        options: what the trainer is told beside the recipe
        """
        from archdsl.training.judged_weights import JudgedWeights
        from archdsl.training.loggers import LossLogged
        from archdsl.training.seeds import own_randomness
        from archdsl.training.steps import PassedOverTold, StepWatch
        from archdsl.training.train import afresh, ignore, initial, train_model

        asked, manner, recipe = self.asked, self.manner, self.asked.recipe
        with own_randomness():
            model = initial(self.network, asked.seed)
        if asked.beginning is not None:
            asked.beginning.give(model)
        callbacks: list[Any] = []
        on_epoch, on_resume = ignore, afresh
        if record is not None:
            judged = JudgedWeights(model)
            keeping = Keeping(self.out, record, judged.weights, prepared, self.tell)
            on_epoch, on_resume = keeping.on_epoch, keeping.begin
            callbacks += [
                StepWatch(keeping.on_step, self.leave.hear),
                PassedOverTold(lambda why: self.tell(Remark(f"passed over: {why}"))),
                judged,
            ]
        if manner.loggers:
            callbacks.append(LossLogged())
        with threads.for_work(self._macs() * recipe.batch):
            train_model(
                model, recipe, prepared, asked.seed, on_epoch=on_epoch, on_resume=on_resume,
                checkpoint=self.folder / LAST, save_every=manner.save_every, leave=self.leave,
                callbacks=callbacks, options=options,
            )  # fmt: skip
        return model

    def _macs(self) -> int:
        from archdsl.cost import count

        return count(self.network).macs

    def _finished(
        self, record: TrainRecord, prepared: Prepared, model: nn.Module | None = None
    ) -> TrainingResult:
        """Write what is left to write of a training that has all its epochs."""
        best = record.best
        metrics = {} if best is None else to_json(record.epochs[best].metrics)
        if self.manner.test and record.test is None:
            self.tell(GettingReady("looking at the test split"))
            with self._told_of_looks(lambda words: self.tell(Remark(words))) as told:
                record.test = self._looked(self._kept(prepared))
                told(record.test)
        write_spec(self.folder, self.asked.spec, record.said, metrics)
        write_record(self.folder, record)
        self._write_page(record)
        if self.asked.run is not None:
            for note in link(self.asked.run, self.folder):
                self.tell(Remark(note))
        return TrainingResult(self.out, record)

    def _told_of_looks(
        self, say: Callable[[str], None]
    ) -> AbstractContextManager[Callable[[Metrics], None]]:
        return told_of_looks(self.asked.run, self.asked.settings, str(self.out / WEIGHTS), say)

    def _looked(self, prepared: Prepared) -> dict[str, float]:
        """The test split, looked at once, with the weights of the best epoch."""
        from safetensors.torch import load_file

        from archdsl.compiler.builder import build
        from archdsl.training.evaluate import evaluate

        model = build(self.network)
        model.load_state_dict(load_file(self.folder / WEIGHTS))
        with threads.for_work(self._macs() * self.asked.recipe.batch):
            return evaluate(model, self.asked.recipe, prepared, "test")

    def _write_page(self, record: TrainRecord) -> None:
        from archdsl.full_training.page import write_page

        self.tell(GettingReady("writing the page"))
        try:
            write_page(self.folder, record)
        except ArchError as error:
            self.tell(Remark(f"the page was not written: {error}"))
