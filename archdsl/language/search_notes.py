"""What is said where a spec changes the search of its parent, and may not mean to."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as MappingOf

from archdsl.language import typed
from archdsl.language.document import Document
from archdsl.language.nodes import Mapping, Node
from archdsl.language.search_section import DIRECTIONS
from archdsl.language.write import inline


def take_note(document: Document, before: Node | None, set_: MappingOf[str, Node]) -> None:
    """Remember what one file, or what is set on top, did to the search section.

    before: the section without it; set_: what it sets, by address
    """
    changed, after = document.search_changed, document.top.get("search")
    if "search" in set_:
        changed.clear()
        if _has_budget(before) and not typed.is_none(set_["search"]):
            changed["search"] = set_["search"].mark, before
    was, now = _named(before), _named(after)
    for one, other in (DIRECTIONS, DIRECTIONS[::-1]):
        address, beside = f"search.{one}", f"search.{other}"
        if beside in set_:
            changed.pop(address, None)
        elif address in set_ and "search" not in set_ and one in now and one not in was:
            changed[address] = set_[address].mark, before


def notes(document: Document) -> Iterator[str]:
    """What is to be known of the search as it is in the end, one line each."""
    after = document.top.get("search")
    now = _named(after)
    for address, (mark, before) in document.search_changed.items():
        place = "" if mark is None else f"{mark}: "
        if address == "search":
            if isinstance(after, Mapping) and "budget" not in after:
                yield f"{place}search: {_no_budget_now(before)}"
        elif len(now) == len(DIRECTIONS):
            yield f"{place}{address}: {_two_now(address, now)}"


def _no_budget_now(before: Node | None) -> str:
    assert isinstance(before, Mapping), "a section that had a budget is one"
    return (
        "it replaces the parent's, and there is no budget now.  write  "
        f"budget: {inline(before.items['budget'])}  in it for the parent's, or  budget: none"
    )


def _two_now(address: str, now: MappingOf[str, str]) -> str:
    other = next(one for one in DIRECTIONS if address != f"search.{one}")
    names = " and ".join(f"{key} {now[key]}" for key in DIRECTIONS)
    return (
        f"there are two objectives now: {names}.  write  search.{other}: none  for this one alone"
    )


def _has_budget(section: Node | None) -> bool:
    budget = section.items.get("budget") if isinstance(section, Mapping) else None
    return budget is not None and not typed.is_none(budget)


def _named(node: Node | None) -> dict[str, str]:
    """Direction -> what is to be made large or small, in words."""
    section = node.items if isinstance(node, Mapping) else {}
    return {
        key: inline(section[key])
        for key in DIRECTIONS
        if key in section and not typed.is_none(section[key])
    }
