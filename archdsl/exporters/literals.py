"""Plain values as they are written in Python."""

from __future__ import annotations

import re


def literal(value: object) -> str:
    """A number, a text, a truth, None, or a tuple of such, as ruff writes it."""
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    text = repr(value)
    if isinstance(value, float):
        return re.sub(r"e-0(?=\d$)", "e-", text)
    if isinstance(value, str) and '"' not in text:
        return f'"{text[1:-1]}"'
    return text
