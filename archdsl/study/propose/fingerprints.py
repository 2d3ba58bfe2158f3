"""When two records of answers are the same architecture."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from archdsl.compiler.network import Network

Answered: TypeAlias = "tuple[tuple[str, type, Any], ...]"
"""A record of answers that can be a key."""


def answered(decisions: Mapping[str, Any]) -> Answered:
    """A record of answers, to be looked up: equal for equal ones; 1 and true differ."""
    return tuple((a, type(decisions[a]), decisions[a]) for a in sorted(decisions))


def digest(decisions: Mapping[str, Any]) -> bytes:
    """`answered` in 16 bytes, where many are remembered."""
    return hashlib.blake2b(repr(answered(decisions)).encode(), digest_size=16).digest()


def fingerprint(network: Network) -> str:
    """A text that is equal for equal networks, in every process.

    A network is made of frozen dataclasses of plain values, so that its repr says all that it
    is.
    """
    return hashlib.blake2b(repr(network).encode(), digest_size=16).hexdigest()
