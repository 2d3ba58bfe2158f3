"""Everything random in a search follows from its seed and what is drawn, and nothing else."""

from __future__ import annotations

import hashlib


def number(*parts: int | str) -> int:
    """32 bits from a seed and what is drawn, well mixed and the same in every process."""
    digest = hashlib.blake2b(":".join(map(str, parts)).encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big")
