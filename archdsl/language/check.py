"""A document against the registry, with the holes in place: every option of every choice.

What depends on several answers at once (a width and a head size) is checked where the shapes
are known, in archdsl.compiler.combinations.
"""

from __future__ import annotations

import difflib
import re

from archdsl.components.options import KindOf, ListOf, Maybe, OptionType, with_unit
from archdsl.errors import SpecError
from archdsl.language import positions, typed
from archdsl.language.decisions import Holes, collect
from archdsl.language.defaults import settle
from archdsl.language.document import BLOCK_KEYS, Document, Scope
from archdsl.language.equal_options import EqualOptions
from archdsl.language.holes import Choice, is_hole
from archdsl.language.nodes import Mapping, Node, Scalar, Sequence
from archdsl.language.search_section import check_search


def check(document: Document) -> Holes:
    """Check a whole document and return its holes, defaults settled. Raises SpecError."""
    holes = collect(document)
    _Checker(document, holes).document_()
    check_search(document)
    return holes


class _Checker:
    def __init__(self, document: Document, holes: Holes) -> None:
        self.document = document
        self.holes = holes
        self.uses: dict[str, set[str]] = {}
        """Who uses a param: the param that does, or "" for a use outside params."""
        self._as: set[tuple[str, str]] = set()
        self._order = list(document.params)
        self._inside: str = ""
        self._choices: dict[int, tuple[Choice, OptionType, str]] = {}

    def document_(self) -> None:
        document = self.document
        if not document.stages:
            raise SpecError(
                f"{document.file}: a spec needs stages",
                cure="write  stages:  with  - {dim: 64, depth: 2}",
            )
        self._skeleton()
        for key in ("stem", "downsample", "out_norm", "class_token", "head"):
            if key in document.top:
                self.node(document.top[key], positions.TOP[key], key)
        if "drop_path" in document.top:
            self._drop_path(document.top["drop_path"])
        if "stem" not in document.top:
            raise SpecError(
                f"{document.file}: a spec needs a stem", cure="write  stem: {type: conv, ...}"
            )
        for name, node in document.params.items():
            self._inside = name
            self._param_alone(name, node)
        self._inside = ""
        for key, node in document.block.plain.items():
            self.node(node, positions.BLOCK[key], f"block.{key}", old=None)
        for stage in document.stages:
            self._stage(stage)
        self._unused_params()
        self._equal_options()

    def node(self, node: Node, type_: OptionType, address: str, old: Node | None = None) -> None:
        """Check one value. old: what a hole there would fall back to, for its default."""
        found = typed.expression(node, address)
        if found is not None:
            for name in found.names:
                self._use(name, address, node)
            if found.alone is not None:
                self._param_as(found.alone, type_)
            elif not typed.numeric(type_):
                raise SpecError(
                    f"arithmetic gives a number, and {type_.words()} belongs here",
                    address=address,
                    mark=node.mark,
                    cure="use a param by itself, as in  $name",
                )
            return
        if is_hole(node):
            assert isinstance(node, Mapping)
            self._hole(node, type_, address, old)
            return
        match type_:
            case Maybe(inner):
                if not typed.is_none(node):
                    self.node(node, inner, address, old)
            case KindOf(kind):
                self._component(node, kind, address, old)
            case ListOf(inner):
                if type_.bare and not isinstance(node, Sequence):
                    self.node(node, inner, address, old)
                    return
                items = node.items if isinstance(node, Sequence) else ()
                if not isinstance(node, Sequence):
                    raise SpecError(
                        f"a {type_.words()} belongs here",
                        address=address,
                        mark=node.mark,
                        cure="write  [...]",
                    )
                if not items:
                    raise SpecError(
                        "an empty list",
                        address=address,
                        mark=node.mark,
                        cure="write one element, or none where none can stand",
                    )
                if type_.length not in (None, len(items)):
                    raise SpecError(
                        f"a {type_.words()} belongs here, and there are {len(items)}",
                        address=address,
                        mark=node.mark,
                    )
                for index, item in enumerate(items):
                    self.node(item, inner, f"{address}.{index}")
            case _:
                typed.scalar(node, type_, address)

    def _component(self, node: Node, kind: str, address: str, old: Node | None) -> None:
        read = typed.component(node, kind, address)
        below = old if isinstance(old, Mapping) else None
        if isinstance(node, Mapping) and "label" in node:
            raise SpecError(
                "a label names an option of a choice; there is no choice here",
                address=address,
                mark=node.marks.get("label", node.mark),
                cure="drop it",
            )
        for name, option in read.options.items():
            self.node(
                option,
                read.definition.options[name].type,
                f"{address}.{name}",
                below.get(name) if below else None,
            )
        if read.dim is not None:
            self.node(read.dim, positions.DIM, f"{address}.dim")

    def _hole(self, node: Mapping, type_: OptionType, address: str, old: Node | None) -> None:
        hole = self.holes.hole(node)
        if isinstance(hole, Choice):
            self._choices.setdefault(id(hole), (hole, type_, address))
            for option in hole.options:
                below = f"{address}.{option.label}"
                inner = address if isinstance(option.node, Scalar) else below
                self.node(option.node, type_, inner)
        else:
            bare = type_.inner if isinstance(type_, Maybe) else type_
            if not typed.numeric(bare):
                raise SpecError(
                    f"a range gives a number, and {type_.words()} belongs here",
                    address=address,
                    mark=node.mark,
                    cure="write  {choice: [a, b]}",
                )
            for number in hole.answers:
                typed.convert(number, bare, address, node.mark)
        settle(self.document, self.holes, node, type_, address, old)

    def _stage(self, stage: Scope) -> None:
        document, address = self.document, stage.address
        if "dim" not in stage.plain:
            raise SpecError(
                "a stage needs a dim", address=address, mark=stage.mark, cure="write  dim: 64"
            )
        if "depth" not in stage.plain and stage.runs is None:
            raise SpecError(
                "a stage needs a depth or runs",
                address=address,
                mark=stage.mark,
                cure="write  depth: 2",
            )
        if stage is document.stages[0] and "downsample" in stage.plain:
            raise SpecError(
                "the first stage has no downsample; the stem comes before it",
                address=f"{address}.downsample",
                mark=stage.marks.get("downsample"),
                cure="drop it, or write it into the stem",
            )
        for key in ("dim", "depth", "pos_embed", "downsample", "out_norm"):
            value = document.stage_value(stage, key)
            if value is not None and value is not document.top.get(key):
                self.node(value, positions.STAGE[key], f"{address}.{key}", document.top.get(key))
        for key in BLOCK_KEYS:
            outer = document.block.plain.get(key)
            value = document.stage_value(stage, key)
            if value is not None and value is not outer:
                self.node(value, positions.BLOCK[key], f"{address}.{key}", outer)
            for run in stage.runs or ():
                inner = document.block_value(stage, run, key)
                if inner is not None and inner is not value:
                    self.node(inner, positions.BLOCK[key], f"{run.address}.{key}", value)
        for run in stage.runs or ():
            if "depth" not in run.plain:
                raise SpecError(
                    "a run needs a depth",
                    address=run.address,
                    mark=run.mark,
                    cure="write  depth: 2",
                )
            self.node(run.plain["depth"], positions.RUN_DEPTH, f"{run.address}.depth")

    def _skeleton(self) -> None:
        top = self.document.top
        name = top["name"]
        word = name.value if isinstance(name, Scalar) else None
        if not isinstance(word, str) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", word):
            raise SpecError(
                "a name has letters, digits and _, and begins with no digit",
                address="name",
                mark=name.mark,
                cure="it becomes the name of files and of a Python function",
            )
        if "input" in top:
            read_input(top["input"])
        if "classes" in top:
            if is_hole(top["classes"]):
                raise SpecError(
                    "no hole can stand here",
                    address="classes",
                    mark=top["classes"].mark,
                    cure="the data fix the number of classes; write it",
                )
            typed.scalar(top["classes"], positions.COUNT, "classes")

    def _drop_path(self, node: Node) -> None:
        if isinstance(node, Mapping) and not is_hole(node):
            for key, value in node.items.items():
                if key == "rate":
                    self.node(value, positions.RATE, "drop_path.rate")
                elif key == "schedule":
                    self.node(value, positions.SCHEDULE, "drop_path.schedule")
                else:
                    raise SpecError(
                        f"drop_path has no key '{key}'",
                        address="drop_path",
                        mark=node.marks.get(key),
                        cure="drop_path takes: rate, schedule",
                    )
            if "rate" not in node:
                raise SpecError(
                    "drop_path needs a rate",
                    address="drop_path",
                    mark=node.mark,
                    cure="write  {rate: 0.1, schedule: linear}",
                )
        else:
            self.node(node, positions.RATE, "drop_path")

    def _param_alone(self, name: str, node: Node) -> None:
        """What can be said of a param before it is used: its expressions and its default."""
        address = f"params.{name}"
        if is_hole(node) and isinstance(hole := self.holes.hole(node), Choice):
            for option in hole.options:
                self._param_alone(name, option.node)
            return
        found = typed.expression(node, address)
        for used in found.names if found else ():
            self._use(used, address, node)
            if self._order.index(used) >= self._order.index(name):
                cure = f"move {used} up" if used != name else "write its value"
                raise SpecError(
                    f"{name} uses ${used}, which is not written above it",
                    address=address,
                    mark=node.mark,
                    cure=f"an expression uses the params above it; {cure}",
                )

    def _param_as(self, name: str, type_: OptionType) -> None:
        """Check a param's value against the type of a position that uses it, once a type."""
        if (name, repr(type_)) in self._as:
            return
        self._as.add((name, repr(type_)))
        outer, self._inside = self._inside, name
        self.node(self.document.params[name], type_, f"params.{name}")
        self._inside = outer

    def _use(self, name: str, address: str, node: Node) -> None:
        if name not in self.document.params:
            close = difflib.get_close_matches(name, self.document.params, n=1)
            known = " ".join(f"${p}" for p in self.document.params) or "none yet"
            hint = f"did you mean ${close[0]}?  " if close else ""
            raise SpecError(
                f"there is no param ${name}",
                address=address,
                mark=node.mark,
                cure=f"{hint}the params are: {known}",
            )
        self.uses.setdefault(name, set()).add(self._inside)

    def _equal_options(self) -> None:
        """Last, because only what is right can be compared."""
        equal = EqualOptions(self.document, self.holes)
        for choice in self._choices.values():
            equal.refuse(*choice)
        for name, node in self.document.params.items():
            hole = self.holes.by_node.get(id(node))
            if isinstance(hole, Choice) and id(hole) not in self._choices:
                equal.refuse_number(hole, f"params.{name}")

    def _unused_params(self) -> None:
        """A param counts as used if a use of it is reached from outside `params`.

        One that was inherited, and that nothing uses any more, is no part of this spec.
        """
        reached: set[str] = set()
        growing = True
        while growing:
            new = {
                name
                for name, users in self.uses.items()
                if name not in reached and users & (reached | {""})
            }
            growing = bool(new)
            reached |= new
        for name, mark in self.document.own_params.items():
            if name not in reached:
                raise SpecError(f"params.{name} is never used", mark=mark)
        for name in self.document.params.keys() - reached:
            del self.document.params[name]


def read_input(node: Node) -> tuple[int, int, int]:
    """`input: [C, H, W]` as ints. Raises SpecError."""
    if isinstance(node, Sequence) and len(node.items) == 3:
        values = [with_unit(i.value) if isinstance(i, Scalar) else None for i in node.items]
        if all(isinstance(v, int) and not isinstance(v, bool) and v > 0 for v in values):
            return tuple(values)  # type: ignore[return-value]
    raise SpecError(
        "[channels, height, width] in positive ints belongs here",
        address="input",
        mark=node.mark,
        cure="write  input: [3, 224, 224]",
    )
