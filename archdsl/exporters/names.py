"""One name for each thing in an exported file, and the imports at its top.

Sources from several modules share one file, so two things may ask for one name. The factory's
name is a promise, imports come next, then definitions in their order; who comes too late is
called `name_2`.
"""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Iterable

from archdsl.exporters.layout import arrange
from archdsl.exporters.targets import External, Internal


class Names:
    """Gives names, each once.

    reserved: names that are taken from the start
    avoid: names that are never made up, because some source uses them for its own
    """

    def __init__(self, reserved: Iterable[str], avoid: Iterable[str]) -> None:
        self._taken = set(reserved) | set(dir(builtins)) | set(keyword.kwlist)
        self._avoid = set(avoid)
        self._given: dict[tuple[External | Internal, str], str] = {}
        self._dotted: set[str] = set()

    def give(self, target: External | Internal, wanted: str) -> str:
        """The name for a target that its source calls `wanted`; builtins keep theirs."""
        if isinstance(target, External) and target.module == "builtins":
            return wanted
        key = (target, wanted)
        if key not in self._given:
            self._given[key] = name = self._free(wanted)
            self._taken.add(name)
        return self._given[key]

    def submodule(self, name: str) -> None:
        """Note that `import a.b` is needed for `a.b` to be found through `a`."""
        self._dotted.add(name)

    def _free(self, wanted: str) -> str:
        if wanted not in self._taken:
            return wanted
        count = 2
        while (name := f"{wanted}_{count}") in self._taken | self._avoid:
            count += 1
        return name

    def imports(self) -> list[str]:
        """The import statements, sorted as isort sorts them, a line each or more."""
        plain: set[tuple[str, str]] = {(name, name) for name in self._dotted}
        members: dict[str, set[tuple[str, str]]] = {}
        for (target, _), name in self._given.items():
            if not isinstance(target, External):
                continue
            module, attr = target.module, target.attr
            if attr is None and module.rpartition(".")[2] == name and "." in module:
                module, _, attr = module.rpartition(".")
            if attr is None:
                plain.add((module, name))
            else:
                members.setdefault(module, set()).add((attr, name))
        sections = [_section(plain, members, torch) for torch in (False, True)]
        lines = ["from __future__ import annotations"]
        for section in sections:
            lines += ["", *section] if section else []
        return lines


def preferred(target: External) -> str:
    """What an external thing is called where nobody has named it: its own last name."""
    return target.attr or target.module.rpartition(".")[2]


def _section(
    plain: set[tuple[str, str]], members: dict[str, set[tuple[str, str]]], torch: bool
) -> list[str]:
    lines: list[str] = []
    for module, name in sorted(plain):
        if _is_torch(module) == torch:
            alias = "" if name == module else f" as {name}"
            lines.append(f"import {module}{alias}")
    for module in sorted(members):
        if _is_torch(module) == torch:
            lines += _from(module, members[module])
    return lines


def _from(module: str, members: set[tuple[str, str]]) -> list[str]:
    own = sorted((attr for attr, name in members if attr == name), key=_order)
    lines: list[str] = []
    if own:
        flat = f"from {module} import {', '.join(own)}"
        if len(flat) > 100:
            flat = f"from {module} import ({', '.join(own)},)"
            lines += [arrange(flat)[0], *(f"    {attr}," for attr in own), ")"]
        else:
            lines.append(flat)
    renamed = sorted(((a, n) for a, n in members if a != n), key=lambda pair: _order(pair[0]))
    return lines + [f"from {module} import {attr} as {name}" for attr, name in renamed]


def _order(name: str) -> tuple[int, str]:
    """Constants, then classes, then the rest, as isort orders members by type."""
    if name.isupper() and len(name) > 1:
        return (0, name)
    return (1 if name[:1].isupper() else 2, name)


def _is_torch(module: str) -> bool:
    return module.partition(".")[0] == "torch"
