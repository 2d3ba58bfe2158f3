"""When two records of answers are the same architecture."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archdsl.network import Network


def fingerprint(network: Network) -> str:
    """A text that is equal for equal networks, in every process.

    A network is made of frozen dataclasses of plain values, so that its repr says all that it
    is.
    """
    return hashlib.blake2b(repr(network).encode(), digest_size=16).hexdigest()
