"""Docstrings without what they say of parameters that are gone."""

from __future__ import annotations


def without_entries(lines: list[str], names: set[str]) -> list[str]:
    """A docstring without what it says of some parameters."""
    kept: list[str] = []
    dropping, column = False, 0
    end = next((n for n, line in enumerate(lines) if n and line.strip() == '"""'), len(lines))
    for number, line in enumerate(lines):
        word = line.strip().partition(":")[0]
        indent = len(line) - len(line.lstrip())
        if number == 0 or number >= end:
            dropping = False
        elif word in names:
            dropping, column = True, indent
        elif not line.strip() or indent <= column:
            dropping = False
        if not dropping:
            kept.append(line)
    return _closed_docstring(kept)


def _closed_docstring(lines: list[str]) -> list[str]:
    """Without blank lines in a row, and on one line where there is only one."""
    found: list[str] = []
    for line in lines:
        if not line.strip() and found and not found[-1].strip():
            continue
        found.append(line)
    for number, line in enumerate(found):
        if line.strip() == '"""' and number and not found[number - 1].strip():
            del found[number - 1]
            break
    if len(found) > 1 and found[1].strip() == '"""' and found[0].lstrip().startswith('"""'):
        found[:2] = [found[0].rstrip() + '"""']
    return found
