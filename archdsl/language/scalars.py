"""What an unquoted scalar means: the core schema of YAML 1.2, less what a spec has no use for.

`1e-6` is a number, `no` is a word, `010` is ten, and `none` is the one word for absence.
"""

from __future__ import annotations

import math
import re
from typing import TypeAlias

Plain: TypeAlias = "bool | int | float | str | None"

MAX_DIGITS = 100
"""Longer numbers are refused: no option needs them, and Python limits its own conversion."""

_TRUTHS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]+")
_OTHER_BASE = re.compile(r"0o([0-7]+)|0x([0-9a-fA-F]+)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_ABSENT = frozenset(("null", "Null", "NULL", "~", "None", "NONE"))


class ScalarError(ValueError):
    """A scalar that a spec does not take; the text says why, `cure` what to write instead."""

    def __init__(self, problem: str, cure: str) -> None:
        super().__init__(problem)
        self.cure = cure


def value_of(text: str) -> Plain:
    """The value of a scalar that is written without quotes. Raises ScalarError."""
    if text in _TRUTHS:
        return _TRUTHS[text]
    if text == "none":
        return None
    if text in _ABSENT:
        raise ScalarError(f"{text} is no word of archdsl", "for an absent part write  none")
    if _NOT_FINITE.fullmatch(text):
        raise ScalarError(f"{text} is no number that a spec can hold", "write a finite number")
    other_base = _OTHER_BASE.fullmatch(text)
    if other_base is None and _FLOAT.fullmatch(text) is None:
        return text
    if len(text) > MAX_DIGITS:
        raise ScalarError(f"a number of {len(text)} characters", f"write at most {MAX_DIGITS}")
    if other_base is not None:
        octal, hexadecimal = other_base.groups()
        return int(octal, 8) if octal else int(hexadecimal, 16)
    if _INT.fullmatch(text):
        return int(text)
    number = float(text)
    if math.isinf(number):
        raise ScalarError(f"{text} is too large a number", "write one below 1.8e308")
    return number
