"""One job done, in whatever process: a candidate judged or scored, or a look at the test split."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from archdsl import threads
from archdsl.errors import SearchError
from archdsl.study import causes
from archdsl.study.candidate import WEIGHTS, Candidate, as_metrics
from archdsl.study.engines.job import Job, Outcome
from archdsl.study.engines.moved import Travelled
from archdsl.study.engines.proxy_training import ProxyTraining
from archdsl.study.record.files import write_text
from archdsl.study.trial import Fault, Metrics
from archdsl.training.failures import OUT_OF_MEMORY, NotDivisible
from archdsl.views.terminal import say

if TYPE_CHECKING:
    from archdsl.spaces import Space

Evaluate: TypeAlias = "Callable[[Candidate], float | Mapping[str, float]]"

ERROR = "error.txt"
"""In a trial's folder: the whole of an error whose words were cut."""


def _make_room() -> None:
    """A model that died for want of memory is to be gone before the next."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()


class _Begin:
    """Says once that a job begins, and with what step it has behind it."""

    def __init__(self, say: Callable[[int | None], None]) -> None:
        self._say = say
        self._said = False

    def __call__(self, step: int | None = None) -> None:
        if not self._said:
            self._said = True
            self._say(step)


class _StopAsked:
    """Whether a job was told to stop: it asks, and what it gives then is not its end."""

    def __init__(self, should_stop: Callable[[], bool]) -> None:
        self._should_stop = should_stop
        self.to_stop = False

    def __call__(self) -> bool:
        self.to_stop = self.to_stop or self._should_stop()
        return self.to_stop


class Work:
    """Does jobs, one after another; what it has read for one it keeps for the next.

    evaluate: judges a candidate; without it each is trained as the space says
    space: one that is at hand already, and need not be read from the text of a job
    training: trains its candidates, where one is at hand
    moved: where the user's code lies, if that travelled
    """

    def __init__(
        self,
        evaluate: Evaluate | None = None,
        *,
        space: Space | None = None,
        training: ProxyTraining | None = None,
        moved: Travelled | None = None,
    ) -> None:
        self.evaluate = evaluate
        self._spaces: dict[tuple[str, str], Space] = {}
        if space is not None:
            self._spaces[space.spec.dump(), str(Path(space.spec.folder).absolute())] = space
        self._training, self._moved = training, moved
        self._process = os.getpid()

    def __call__(
        self,
        job: Job,
        *,
        begun: Callable[[float, float | None], None],
        report: Callable[[float, Metrics], None],
        should_stop: Callable[[], bool],
    ) -> Outcome:
        """Do a job. What its code raises is its outcome.

        begun: called with the time when it begins, and with the step that it goes on from, if any
        report: called with each step and its metrics
        should_stop: whether it was cancelled
        """
        told = _StopAsked(should_stop)
        at, clock = time.time(), time.monotonic()
        begin = _Begin(lambda step: begun(at, step))
        metrics: Metrics = {}
        seen: dict[str, Any] | None = None
        cause: str | None = None
        trace: str | None = None
        fault: Fault | None = None
        try:
            space = self._space_of(job)
            if job.task == "look":
                metrics, seen = self._look(job, space)
            elif job.task == "score":
                metrics = self._score(job, space)
            else:
                metrics = self._judge(job, space, begin, report, told)
        except (Exception, SystemExit) as error:
            self._end_forks(error)
            cause, trace = self._described(error, job)
            fault = causes.fault(cause)
            if job.accumulate > 1 and isinstance(error, NotDivisible):
                cause, fault = f"{OUT_OF_MEMORY}, and {cause}", "memory"
        except BaseException as error:
            self._end_forks(error)
            raise
        self._end_forks()
        begin()
        if cause is not None:
            _make_room()
        return Outcome(
            "failed" if cause is not None else "cancelled" if told.to_stop else "complete",
            metrics,
            cause,
            trace,
            fault,
            seen,
            begun=at,
            ended=time.time(),
            seconds=round(time.monotonic() - clock, 3),
        )

    def _judge(
        self,
        job: Job,
        space: Space,
        begin: Callable[[int | None], None],
        report: Callable[[float, Metrics], None],
        should_stop: Callable[[], bool],
    ) -> Metrics:
        candidate = Candidate(
            space,
            job.decisions,
            job.candidate,
            job.training.seed,
            Path(job.folder),
            metric=job.metric,
            on_report=report,
            should_stop=should_stop,
        )
        try:
            if self.evaluate is not None:
                begin(None)
                return as_metrics(self.evaluate(candidate), job.metric)
            return as_metrics(self.training_of(space)(candidate, job, begin), job.metric)
        finally:
            candidate.end()

    def _look(self, job: Job, space: Space) -> tuple[Metrics, dict[str, Any] | None]:
        """The metrics of a training's weights on the test split, and its images one by one."""
        from archdsl.checkpoints import load_into
        from archdsl.compiler.builder import build
        from archdsl.training.evaluate import evaluate
        from archdsl.training.one_by_one import OneByOne
        from archdsl.training.recipe import Recipe

        assert job.schedule is not None, "there is a look only where there was training"
        spec, recipe = space.of(job.decisions), Recipe.from_record(job.schedule)
        data = self.training_of(space).prepare()
        model = build(spec.network())
        load_into(model, Path(job.folder) / WEIGHTS)
        one_by_one = OneByOne(spec.network().classes)
        with threads.for_work(space.cost(spec).macs * recipe.batch):
            return evaluate(model, recipe, data, "test", one_by_one), one_by_one.seen()

    def _score(self, job: Job, space: Space) -> Metrics:
        """What is said of a network before it is trained."""
        from archdsl.training.recipe import Recipe
        from archdsl.training.seeds import own_randomness
        from archdsl.training.train import initial
        from archdsl.training.zero_cost import scores_of

        assert job.schedule is not None, "there are scores only where there is training"
        spec, recipe = space.of(job.decisions), Recipe.from_record(job.schedule)
        data = self.training_of(space).prepare()
        with own_randomness():
            model = initial(spec.network(), job.training.seed)
        with threads.for_work(space.cost(spec).macs * recipe.batch):
            return scores_of(model, recipe, data, job.training.seed)

    def training_of(self, space: Space) -> ProxyTraining:
        """What trains the candidates of a space, and of others that are trained alike."""
        settings = space.spec.settings().proxy
        if self._training is None or not self._training.trains_by(settings):
            self._training = ProxyTraining(space, settings, moved=self._moved)
        return self._training

    def _space_of(self, job: Job) -> Space:
        made_of = job.space, job.base
        if made_of not in self._spaces:
            from archdsl.loading import space_from_text

            base = Path(job.base)
            base = base if self._moved is None else self._moved.here(base)
            self._spaces[made_of] = space_from_text(job.space, base)
        return self._spaces[made_of]

    def _described(self, error: BaseException, job: Job) -> tuple[str, str]:
        cause, trace = causes.described(error)
        if causes.is_cut(cause):
            with contextlib.suppress(SearchError):  # the folder may be gone by now
                folder = Path(job.folder)
                of_trial = folder.parent if job.training.branch else folder
                write_text(of_trial / ERROR, causes.whole(error))
        return cause, trace

    def _end_forks(self, error: BaseException | None = None) -> None:
        """End a process that a user's `evaluate` forked off and that came back here.

        It is a copy of everything, the record's writer included, and none of it is its own.
        error: what it came back with; one that exits is let go without a word
        """
        if os.getpid() == self._process:
            return
        if isinstance(error, SystemExit):
            os._exit(error.code if isinstance(error.code, int) else error.code is not None)
        say("evaluate forked, and the copy came back: it ends here", sys.stderr)
        os._exit(1)
