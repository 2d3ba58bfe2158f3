"""What judges the candidates of a run: an engine, the data, and on what evidence."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Set
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from archdsl.data.fingerprint import digest_of
from archdsl.language.settings import SearchSettings
from archdsl.loading import space_from_text
from archdsl.progress import Progress
from archdsl.study import events
from archdsl.study.engines.engine import Engine
from archdsl.study.engines.inline import Inline
from archdsl.study.engines.mirror import Mirror
from archdsl.study.engines.mirrored import Mirrored
from archdsl.study.engines.proxy_training import ProxyTraining
from archdsl.study.engines.seat import Limits
from archdsl.study.engines.shared_folder import SharedFolder
from archdsl.study.engines.work import Evaluate, Work
from archdsl.study.engines.workers import Staff, Workers
from archdsl.study.events import Listener
from archdsl.study.identity.changes import value_changes
from archdsl.study.identity.evidence import (
    Evidence,
    evidence,
    on_record,
    refuse_edited,
    refuse_other_evidence,
    write_data,
)  # fmt: skip
from archdsl.study.identity.setup import GOING_ON, Cures, machine, versions
from archdsl.study.record import events as recorded
from archdsl.study.record.events import Training
from archdsl.study.record.folder import SHARED, WORKERS, RunFolder
from archdsl.study.record.state import State
from archdsl.study.record.turn import Next

if TYPE_CHECKING:
    from archdsl.spaces import Space
    from archdsl.study.engines.ray.code_pack import CodePack
    from archdsl.training.prepare import Prepared


def settled(settings: SearchSettings) -> SearchSettings:
    """The settings with every path absolute, whatever becomes of the working directory."""
    folder = Path(settings.proxy.folder).absolute()
    return dataclasses.replace(settings, proxy=dataclasses.replace(settings.proxy, folder=folder))


class Judge:
    """Judges candidates by proxy training, or by the user's own `evaluate`.

    folder: the run directory, made or not
    training: the proxy's; None with an `evaluate`
    engine: what runs the jobs, by default as the settings ask
    cures: what is said where the evidence is another
    below: the folder of its files in the shared one, for what is no search
    """

    def __init__(
        self,
        space: Space,
        settings: SearchSettings,
        evaluate: Evaluate | None,
        listener: Listener,
        folder: Path,
        engine: Engine | None = None,
        cures: Cures = GOING_ON,
        below: str = "",
    ) -> None:
        self.space, self.settings, self.emit = space, settings, listener
        self.own = evaluate
        self.training = (
            ProxyTraining(space, settings.proxy, self.progress("reading the images"))
            if evaluate is None
            else None
        )
        self._mirror = None if settings.shared is None else Mirror(
            SharedFolder(settings.shared, self._notice), folder, below
        )  # fmt: skip
        self._holds: Callable[[Training], bool] = lambda training: True
        self.engine = engine or self._engine(folder)
        self._cures = cures
        self._noted = False
        self._held: Evidence | None = None

    def progress(self, what: str) -> Progress:
        """Tells the listener how far something is."""
        return lambda done, total: self.emit(events.Preparing(what, done, total))

    def _notice(self, what: str) -> None:
        self.emit(events.Notice(what))

    def share(self, run: RunFolder) -> None:
        """Take the shared folder, if there is one, for a run. Raises SearchError.

        What is dropped from the run directory from now on goes from there, too.
        """
        if self._mirror is None:
            return
        assert run.state.created is not None, "a run that is open has begun"
        created = run.state.created
        fresh = not run.state.trials and not run.state.rounds.all and not run.others
        others = self.settings.storage is not None and (run.state.trials or run.others)
        theirs = created.setup["settings"].get("shared") if others else None
        self._mirror.claim(
            digest_of(created.space.encode()), created.name, fresh=fresh,
            elsewhere=None if theirs == self.settings.shared else theirs,
        )  # fmt: skip
        run.copies, self._holds = self._mirror, run.holds

    def _engine(self, folder: Path) -> Engine:
        """What runs the jobs, and carries their files where there is a shared folder."""
        if self.settings.engine.type == "ray":
            return self._on_ray(folder)
        engine = self._local(folder)
        if self._mirror is None:
            return engine
        return Mirrored(engine, self._mirror, lambda training: self._holds(training))

    def _on_ray(self, folder: Path) -> Engine:
        from archdsl.study.engines.ray.engine import RayEngine

        settings, mirror = self.settings, self._mirror
        assert mirror is not None, "the section `search:` asks for a shared folder"
        return RayEngine(
            settings.engine,
            settings.workers,
            settings.per_gpu,
            settings.memory,
            Limits(settings.trial_timeout),
            self.own,
            lambda: None if self.training is None else self.training.prepared,
            self._packed,
            mirror,
            folder / SHARED,
            lambda number, line: self.emit(events.Said(number, line)),
            self._notice,
        )

    def _packed(self, text: str, base: str) -> CodePack:
        """The code that the members of a space are judged with. Raises SpecError."""
        from archdsl.study.engines.ray.code_pack import pack

        space = self.space
        if (text, base) != (space.spec.dump(), str(Path(space.spec.folder).absolute())):
            space = space_from_text(text, Path(base))
        return pack(space, None if self.own is not None else self.settings.proxy, self.own)

    def _local(self, folder: Path) -> Engine:
        """This process, or others where one alone cannot do as it is asked."""
        settings = self.settings
        limited = settings.memory is not None or settings.trial_timeout is not None
        if settings.workers == 1 and not limited:
            return Inline(Work(self.own, space=self.space, training=self.training))
        return Workers(
            Staff(
                settings.workers,
                settings.per_gpu,
                settings.memory,
                Limits(settings.trial_timeout),
                folder / WORKERS,
                folder / SHARED,
            ),
            self.own,
            lambda: None if self.training is None else self.training.prepared,
            lambda number, line: self.emit(events.Said(number, line)),
            self._notice,
        )

    def read_data(self) -> None:
        """Read and check the data, once. Raises SearchError."""
        training = self.training
        if training is None or training.prepared is not None:
            return
        self.emit(events.Preparing("reading the images"))
        for note in training.prepare().info.notes:
            self.emit(events.Notice(note))

    def hold(self, run: RunFolder) -> None:
        """See that the next figure follows from what the others did. Raises SearchError.

        As long as every trial has failed there is no figure, and what made them fail may be
        mended.
        """
        prepared, words = None, ""
        if self.training is not None:
            self.read_data()
            prepared = self.training.prepare()
            words = prepared.info.words()
        new = evidence(self.space, self.settings.proxy, self.own, prepared)
        if self._held is not None:  # an edit since then does not reach what Python imported
            new = dataclasses.replace(
                new, files=self._held.files, packages=self._held.packages, edited=()
            )

        def differs(state: State, busy: Set[Training]) -> Next | None:
            """Evidence that is another, as long as nothing follows from what it was."""
            stands = state.has_figures or bool(run.others)
            if stands and state.evidence is not None:
                said = state.data.words if state.data is not None else words
                refuse_other_evidence(run.shown, said, state.evidence, new, self._cures)
            refuse_edited(new)
            known = on_record(new)
            if state.has_figures or state.evidence == known:
                return None
            return Next(recorded.Evidence(known))

        if run.turn(differs) is not None:
            run.begin_anew()  # what was trained on so far may have been mended
        write_data(run.folder, new)
        self._held = new
        if prepared is not None:
            self._record_data(run, prepared)

    def _record_data(self, run: RunFolder, prepared: Prepared) -> None:
        """Put on record what the data are, which is not replaced once a figure follows from it."""
        info, said = prepared.info, prepared.preprocessing
        made = None if said is None else said.record()

        def differ(state: State, busy: Set[Training]) -> Next | None:
            data, known = (
                recorded.Data(info.words(), dict(info.counts), [*info.notes], made),
                state.data,
            )
            if known is not None and state.has_figures:  # may lack the preprocessing
                data = dataclasses.replace(known, preprocessing=known.preprocessing or made)
            return None if known == data else Next(data)

        run.turn(differ)

    def begin(self, run: RunFolder) -> None:
        """What comes before the first training of this start. Raises SearchError."""
        if self._noted:
            return
        self.hold(run)
        self._noted = True
        begun = datetime.now(UTC).isoformat(timespec="seconds")
        workers, here = run.workers(self.engine.capacity), machine(self.engine.threads)
        self._tell_of_other_versions(run.state)
        run.turn(
            lambda state, busy: Next(
                recorded.Session(begun, len(state.trials), versions(), here, workers)
            )
        )

    def _tell_of_other_versions(self, state: State) -> None:
        """Say what of the versions here is another than those that trials ran on so far."""
        if not state.sessions:
            return
        changed = value_changes(state.sessions[-1].versions, versions())
        if changed:
            self.emit(
                events.Notice(
                    f"other versions than the trials so far ran on: {'; '.join(changed)}.  each "
                    "trial's are on record; two of one architecture may differ by them"
                )
            )
