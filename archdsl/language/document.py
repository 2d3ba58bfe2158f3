"""A spec after reading: scopes of plain keys and waiting patches.

`block` holds for every block, a stage restates what differs, a run what differs from its
stage. A dotted key whose target is inherited waits in its scope and is applied to what the
scope inherits. Setting an address discards earlier patches at it and below it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from archdsl.errors import SpecError
from archdsl.language import positions
from archdsl.language.nodes import Mark, Node
from archdsl.language.patch import patched
from archdsl.language.positions import Level, Position
from archdsl.language.sandbox import Reach

Path_ = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Patch:
    """A dotted key that waits for what it patches. `origin` counts the files it may come from."""

    value: Node
    mark: Mark | None
    origin: int


@dataclass(slots=True)
class Scope:
    """The keys written at one level, and the patches of keys that are inherited.

    address: `block`, `stages.2`, `stages.2.runs.1`; level: "block", "stage" or "run"
    """

    address: str
    level: Level
    mark: Mark | None = None
    plain: dict[str, Node] = field(default_factory=dict)
    marks: dict[str, Mark | None] = field(default_factory=dict)
    patches: dict[Path_, Patch] = field(default_factory=dict)
    runs: list[Scope] | None = None
    origins: dict[str, int] = field(default_factory=dict)

    def has(self, key: str) -> bool:
        """Whether a key is written at this level itself."""
        return key in self.plain or (key == "runs" and self.runs is not None)

    def unset(self, key: str) -> None:
        """Have a key as if it were not written at this level."""
        self.plain.pop(key, None)
        self.origins.pop(key, None)
        if key == "runs":
            self.runs = None

    def apply(self, key: str, inherited: Node | None) -> Node | None:
        """The value of `key` in this scope: its own, or the inherited one with the patches."""
        node = self.plain.get(key, inherited)
        for path, patch in sorted(self.patches.items(), key=lambda item: len(item[0])):
            if path[0] != key:
                continue
            address = f"{self.address}.{'.'.join(path)}"
            if node is None:
                raise SpecError(
                    f"there is no {key} to patch",
                    address=address,
                    mark=patch.mark,
                    cure=f"write the component whole:  {key}: {{type: ..., ...}}",
                )
            node = patched(node, path[1:], patch.value, address=address, mark=patch.mark)
        return node


@dataclass(slots=True)
class Document:
    """A whole spec with `extends` already followed.

    top: plain top-level keys but block, stages and params
    own_params: the params that the last file wrote itself, which must be used
    lost_params: those of a parent that a whole `params:` left out, and where that stands
    discarded: what inheriting threw away, one line each
    search_changed: address -> where a parent's search was changed in a way that may not be meant,
        and the section before that
    folder: what relative paths are relative to
    reach: which files it may read, and whether it may run Python
    """

    file: str
    folder: Path
    reach: Reach = field(default_factory=Reach)
    top: dict[str, Node] = field(default_factory=dict)
    marks: dict[str, Mark | None] = field(default_factory=dict)
    params: dict[str, Node] = field(default_factory=dict)
    param_marks: dict[str, Mark | None] = field(default_factory=dict)
    own_params: dict[str, Mark | None] = field(default_factory=dict)
    block: Scope = field(default_factory=lambda: Scope("block", "block"))
    stages: list[Scope] = field(default_factory=list)
    lost_params: dict[str, tuple[Node, Mark | None]] = field(default_factory=dict)
    discarded: list[str] = field(default_factory=list)
    search_changed: dict[str, tuple[Mark | None, Node | None]] = field(default_factory=dict)
    import_folders: dict[str, Path] = field(default_factory=dict)
    inherited: dict[int, tuple[Node, Node]] = field(default_factory=dict)
    """A hole's id -> (the hole, what stood there in the parent)."""

    def scopes(self) -> Iterator[Scope]:
        """Every scope, outermost first."""
        yield self.block
        for stage in self.stages:
            yield stage
            yield from stage.runs or ()

    def inherited_by_stages(self, key: str) -> Node | None:
        """What is written for a stage's `key` at the top level or in `block`."""
        where = positions.at("stage")[key].where
        if "top" in where:
            return self.top.get(key)
        return self.block.plain.get(key) if "block" in where else None

    def stage_value(self, stage: Scope, key: str) -> Node | None:
        """What a stage has for `key`: what it inherits, then its own, then patches.

        Into the first stage leads the stem, and so nothing else.
        """
        if positions.at("stage")[key].role == "entry" and stage is self.stages[0]:
            return None
        return stage.apply(key, self.inherited_by_stages(key))

    def block_value(self, stage: Scope, run: Scope | None, key: str) -> Node | None:
        """What the blocks of a stage, or of one of its runs, have for a block key."""
        value = self.stage_value(stage, key)
        return value if run is None else run.apply(key, value)

    def top_values(self) -> Iterator[tuple[Position, Node]]:
        """What stands once in the whole model, in the order in which it is asked."""
        once = positions.at("top", "entry", "layer").values()
        for position in sorted(once, key=lambda position: position.turn):
            if position.name in self.top and "stage" not in position.where:
                yield position, self.top[position.name]

    def stage_values(self, stage: Scope) -> Iterator[tuple[Position, Node]]:
        """What stands once in a stage, its depth apart."""
        for position in positions.at("stage", "width", "entry", "layer").values():
            node = self.stage_value(stage, position.name)
            if node is not None:
                yield position, node

    def block_values(self, stage: Scope, run: Scope | None) -> Iterator[tuple[Position, Node]]:
        """What each block of a stage, or of one of its runs, is made of."""
        for position in positions.at("stage", "block").values():
            node = self.block_value(stage, run, position.name)
            if node is not None:
                yield position, node
