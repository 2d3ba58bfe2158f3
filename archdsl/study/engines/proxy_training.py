"""Judging a candidate by a short training: what a search does unless it is given `evaluate`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archdsl import threads
from archdsl.amounts import bounded
from archdsl.progress import Progress, unwatched
from archdsl.study.candidate import WEIGHTS, Candidate
from archdsl.study.engines.job import Job
from archdsl.study.engines.moved import Travelled
from archdsl.study.trial import Metrics
from archdsl.training.data_source import DataSource
from archdsl.training.metrics import LOGGED, metric
from archdsl.training.prepare import Prepared, prepare
from archdsl.training.recipe import Recipe

if TYPE_CHECKING:
    from torch import nn

    from archdsl.compiler.network import Network
    from archdsl.language.settings import ProxySettings
    from archdsl.spaces import Space


class ProxyTraining:
    """Judges candidates by training each on the search's data, with one schedule.

    moved: where the user's code lies, if that travelled; the data stay where they are
    """

    def __init__(
        self,
        space: Space,
        settings: ProxySettings,
        progress: Progress = unwatched,
        moved: Travelled | None = None,
    ) -> None:
        self.recipe = Recipe.of(settings)
        self._settings = settings = _placed(settings, moved)
        self._moved = moved
        code = None if moved is None else moved.here(settings.folder)
        self.source = dataclasses.replace(DataSource.of(settings), code=code)
        self._space = space
        self._progress = progress
        self.prepared: Prepared | None = None

    def trains_by(self, settings: ProxySettings) -> bool:
        """Whether settings are those that it was made of."""
        return _placed(settings, self._moved) == self._settings

    def prepare(self) -> Prepared:
        """Read and check the data, once. Raises SearchError for what cannot be trained on."""
        if self.prepared is None:
            self._refuse_unknown_objectives()
            if self.recipe.precision == "16":  # the one that not every machine has
                from archdsl.training.trainer import precision

                precision(self.recipe.precision)
            network = self._space.default().network()
            prepared = prepare(
                self.recipe, self.source, network.input, network.classes, self._progress
            )
            if prepared.unproven:
                self._look(network, prepared)
            self.prepared = prepared
        return self.prepared

    def own_module(self) -> type[Any] | None:
        """The user's own LightningModule class, if the search has one. Raises SearchError."""
        if self.recipe.module is None:
            return None
        from archdsl.training.user import module_class

        return module_class(self.recipe.module, self.source.classes)

    def _look(self, network: Network, prepared: Prepared) -> None:
        """Put one batch through what nobody has tried yet."""
        from archdsl.compiler.builder import build
        from archdsl.training.look import look
        from archdsl.training.seeds import own_randomness, seed_everything, seed_of

        objectives = self._space.spec.settings().objectives
        with own_randomness():
            seed_everything(seed_of("look"))
            model = build(network)
        names = [one.name for one in objectives if one.name not in bounded()]
        look(model, self.recipe, prepared, names)

    def _refuse_unknown_objectives(self) -> None:
        """What archdsl's own training logs is known before it begins."""
        if self.recipe.module is None:
            logged = dict.fromkeys(LOGGED, 0.0)
            for objective in self._space.spec.settings().objectives:
                if objective.name not in bounded():
                    metric(logged, objective.name)

    def __call__(
        self, candidate: Candidate, job: Job, begin: Callable[[int | None], None]
    ) -> Metrics:
        """The metrics after the last epoch of a job.

        The weights stay in the candidate's folder, unless its checkpoint has them, to go on from.

        begin: called once, before the first report, with the step that is on record and behind it
        """
        from safetensors.torch import save_file

        from archdsl.training.train import train

        assert job.schedule is not None, "a job of training says how"
        recipe = Recipe.from_record(job.schedule)
        checkpoint, trunk = (None if p is None else Path(p) for p in (job.checkpoint, job.trunk))
        # those of the trunk of a branch are reported already
        before = recipe.falls_after if job.training.branch else 0
        if not any(one is not None and one.is_file() for one in (checkpoint, trunk)):
            begin(None)

        def on_epoch(epoch: int, metrics: Metrics) -> None:
            begin(None)  # where the checkpoint was torn, and so dropped
            if epoch >= before:
                candidate.report(epoch + 1, metrics)

        def on_resume(history: list[Metrics]) -> None:
            on_record = max(before, min(len(history), int(job.step or 0)))
            begin(on_record or None)
            # one that is ahead, of a record that was cut, is told of as far as it is asked for
            for epoch, metrics in enumerate(history[on_record : job.until], start=on_record):
                candidate.report(epoch + 1, metrics)

        with threads.for_work(candidate.cost.macs * recipe.batch):
            trained = train(
                candidate.spec.network(),
                recipe,
                self.prepare(),
                candidate.seed,
                on_epoch=on_epoch,
                should_stop=candidate.should_stop,
                checkpoint=checkpoint,
                on_resume=on_resume,
                accumulate=job.accumulate,
                until=job.until,
                trunk=trunk,
                begin=self._inherited(candidate, job),
            )
        if job.until is not None and trained.epochs >= job.until:
            return trained.history[job.until - 1]
        state = {name: tensor.contiguous() for name, tensor in trained.state_dict.items()}
        save_file(state, candidate.folder / WEIGHTS)
        return trained.metrics

    def _inherited(self, candidate: Candidate, job: Job) -> Callable[[nn.Module], None]:
        """Gives a model the weights that a job begins with."""
        from archdsl.training.inherit import inherit
        from archdsl.training.train import as_drawn

        if job.inherits is None:
            return as_drawn
        decisions, weights = job.inherits
        source = self._space.member(decisions).network()
        return lambda model: inherit(model, candidate.spec.network(), source, Path(weights))


def _placed(settings: ProxySettings, moved: Travelled | None) -> ProxySettings:
    """Settings wherever the working directory is, and the spec."""
    folder = Path(settings.folder).absolute()
    return dataclasses.replace(settings, folder=folder if moved is None else moved.there(folder))
