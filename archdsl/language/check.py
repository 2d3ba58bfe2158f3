"""A document against the registry, with the holes in place: every option of every choice.

What depends on several answers at once (a width and a head size) is checked where the shapes
are known, in archdsl.compiler.combinations.
"""

from __future__ import annotations

import re

from archdsl.components.options import KindOf, ListOf, Maybe, OptionType, with_unit
from archdsl.errors import SpecError
from archdsl.language import positions, typed
from archdsl.language.decisions import Holes, collect
from archdsl.language.defaults import settle
from archdsl.language.document import Document, Scope
from archdsl.language.equal_options import EqualOptions
from archdsl.language.holes import Choice, is_hole
from archdsl.language.nodes import Mapping, Mark, Node, Scalar, Sequence
from archdsl.language.positions import Position
from archdsl.language.search_section import check_search
from archdsl.language.write import inline
from archdsl.spelling import did_you_mean


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
        self._order = {name: index for index, name in enumerate(document.params)}
        self._inside: str = ""
        self._ranges: set[tuple[int, str]] = set()
        """The ranges whose numbers were found to be of a type."""
        self._choices: dict[int, tuple[Choice, OptionType, str]] = {}

    def document_(self) -> None:
        document, top = self.document, positions.at("top")
        if not document.stages:
            raise self._lacks(top["stages"])
        self._skeleton()
        for position in positions.at("top", "entry", "layer").values():
            if position.name in document.top:
                self._value(position, document.top[position.name], position.name)
            elif position.needs:
                raise self._lacks(position)
        for name, node in document.params.items():
            self._inside = name
            try:
                self._param_alone(name, node)
            except SpecError as error:
                raise error.at(f"params.{name}") from None
        self._inside = ""
        for key, node in document.block.plain.items():
            self._value(positions.at("block")[key], node, f"block.{key}")
        for stage in document.stages:
            self._stage(stage)
        self._unused_params()
        self._equal_options()

    def _lacks(self, position: Position, scope: Scope | None = None) -> SpecError:
        """What to say where a position is empty and must not be."""
        if scope is None:
            problem = f"{self.document.file}: a spec needs {position.needs}"
            return SpecError(problem, cure=position.cure)
        return SpecError(
            f"a {scope.level} needs {position.needs}",
            address=scope.address,
            mark=scope.mark,
            cure=position.cure,
        )

    def _value(self, position: Position, node: Node, address: str, old: Node | None = None) -> None:
        """Check what stands at a position that has a type."""
        assert position.type is not None, f"{position.name} has a reader of its own"
        try:
            if position.role == "skeleton":
                if is_hole(node):
                    raise SpecError("no hole can stand here", mark=node.mark, cure=position.fixed)
                typed.scalar(node, position.type)
            elif position.keys and isinstance(node, Mapping) and not is_hole(node):
                self._in_parts(position, node, address)
            else:
                self.node(node, position.type, address, old)
        except SpecError as error:
            raise error.at(address) from None

    def _in_parts(self, position: Position, node: Mapping, address: str) -> None:
        """Check a mapping that stands for a value and says more of it."""
        for key, value in node.items.items():
            if key not in position.keys:
                raise SpecError(
                    f"{address} has no key '{key}'",
                    mark=node.marks.get(key),
                    cure=f"{address} takes: {', '.join(position.keys)}",
                )
            self.node(value, position.keys[key], f"{address}.{key}")
        first = next(iter(position.keys))
        if first not in node:
            raise SpecError(f"{address} needs a {first}", mark=node.mark, cure=position.cure)

    def node(self, node: Node, type_: OptionType, address: str, old: Node | None = None) -> None:
        """Check one value. old: what a hole there would fall back to, for its default.

        Whatever is wrong with it is told without an address below here, and gets it here.
        """
        try:
            self._node(node, type_, address, old)
        except SpecError as error:
            raise error.at(address) from None

    def _node(self, node: Node, type_: OptionType, address: str, old: Node | None) -> None:
        found = typed.expression(node)
        if found is not None:
            for name in found.names:
                self._use(name, node)
            if found.alone is not None:
                self._param_as(found.alone, type_)
            elif not typed.numeric(type_):
                raise SpecError(
                    f"arithmetic gives a number, and {type_.takes()} belongs here",
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
                        f"a {type_.takes()} belongs here",
                        mark=node.mark,
                        cure="write  [...]",
                    )
                if not items:
                    raise SpecError(
                        "an empty list",
                        mark=node.mark,
                        cure="write one element, or none where none can stand",
                    )
                if type_.length not in (None, len(items)):
                    raise SpecError(
                        f"a {type_.takes()} belongs here, and there are {len(items)}",
                        mark=node.mark,
                    )
                for index, item in enumerate(items):
                    self.node(item, inner, f"{address}.{index}")
            case _:
                typed.scalar(node, type_)

    def _component(self, node: Node, kind: str, address: str, old: Node | None) -> None:
        read = typed.component(node, kind)
        below = old if isinstance(old, Mapping) else None
        if isinstance(node, Mapping) and "label" in node:
            raise SpecError(
                "a label names an option of a choice; there is no choice here",
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
                    f"a range gives a number, and {type_.takes()} belongs here",
                    mark=node.mark,
                    cure="write  {choice: [a, b]}",
                )
            if (id(hole), repr(bare)) not in self._ranges:
                self._ranges.add((id(hole), repr(bare)))
                for number in hole.answers:
                    typed.convert(number, bare, node.mark)
        settle(self.document, self.holes, node, type_, old)

    def _stage(self, stage: Scope) -> None:
        document = self.document
        for key, position in positions.at("stage", "width", "depth", "entry", "layer").items():
            if position.needs and not (stage.has(key) or stage.has(position.instead)):
                raise self._lacks(position, stage)
            if position.role == "entry" and stage is document.stages[0]:
                self._nothing_before(stage, key)
            value, outer = document.stage_value(stage, key), document.inherited_by_stages(key)
            if value is not None and value is not outer:
                self._value(position, value, f"{stage.address}.{key}", outer)
        for key, position in positions.at("stage", "block").items():
            value, outer = document.stage_value(stage, key), document.inherited_by_stages(key)
            if value is not None and value is not outer:
                self._value(position, value, f"{stage.address}.{key}", outer)
            for run in stage.runs or ():
                inner = document.block_value(stage, run, key)
                if inner is not None and inner is not value:
                    self._value(position, inner, f"{run.address}.{key}", value)
        for run in stage.runs or ():
            for key, position in positions.at("run", "depth").items():
                if not run.has(key):
                    raise self._lacks(position, run)
                self._value(position, run.plain[key], f"{run.address}.{key}")

    def _nothing_before(self, stage: Scope, key: str) -> None:
        """Refuse what would lead into the first stage, whole or by a patch."""
        written: dict[tuple[str, ...], Mark | None] = {}
        if key in stage.plain:
            written[(key,)] = stage.marks.get(key)
        written |= {path: patch.mark for path, patch in stage.patches.items() if path[0] == key}
        for path, mark in written.items():
            raise SpecError(
                f"the first stage has no {key}; the stem comes before it",
                address=f"{stage.address}.{'.'.join(path)}",
                mark=mark,
                cure="drop it, or write it into the stem",
            )

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
        for key, position in positions.at("top", "skeleton").items():
            if key in top and position.type is not None:
                self._value(position, top[key], key)

    def _param_alone(self, name: str, node: Node) -> None:
        """What can be said of a param before it is used: its expressions and its default."""
        if is_hole(node) and isinstance(hole := self.holes.hole(node), Choice):
            for option in hole.options:
                self._param_alone(name, option.node)
            return
        found = typed.expression(node)
        for used in found.names if found else ():
            self._use(used, node)
            if self._order[used] >= self._order[name]:
                cure = f"move {used} up" if used != name else "write its value"
                raise SpecError(
                    f"{name} uses ${used}, which is not written above it",
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

    def _use(self, name: str, node: Node) -> None:
        if name not in self.document.params:
            if name in self.document.lost_params:
                raise self._lost(name, node)
            known = " ".join(f"${p}" for p in self.document.params) or "none yet"
            hint = did_you_mean(name, self.document.params, after="  ", quoted="${}")
            raise SpecError(
                f"there is no param ${name}",
                mark=node.mark,
                cure=f"{hint}the params are: {known}",
            )
        self.uses.setdefault(name, set()).add(self._inside)

    def _lost(self, name: str, node: Node) -> SpecError:
        """What to say where a whole `params:` left out a param of the parent that is used."""
        old, mark = self.document.lost_params[name]
        quoted = old.mark is None or old.mark.source.shown
        value = f"{name}: {inline(old) if quoted else '...'}"
        return SpecError(
            f"it replaces all params of the parent, and ${name} is used"
            + ("" if node.mark is None else f" at {node.mark}"),
            address="params",
            mark=mark,
            cure=f"write  {value}  above {self._inside}"
            if self._inside
            else f"write  params.{value}  beside it",
        )

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
        used_by: dict[str, list[str]] = {}
        for name, users in self.uses.items():
            for user in users:
                used_by.setdefault(user, []).append(name)
        reached, waiting = {""}, [""]
        while waiting:
            new = [name for name in used_by.get(waiting.pop(), ()) if name not in reached]
            reached.update(new)
            waiting += new
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
