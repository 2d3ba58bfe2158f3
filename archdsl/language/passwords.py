"""Passwords in addresses of databases: kept aside as soon as a text is read.

What stands in a spec goes into errors, records, reports and exported files. So no text that is read
keeps a password: it is known to this process alone, by the address without it.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

SCHEMES = ("postgresql", "postgres")
"""Those of addresses that are of use."""

_OTHERS = ("mysql", "mariadb", "mssql", "oracle", "redis", "rediss", "mongodb", "cockroachdb")
"""Those of databases that somebody may try, and of which an error is told."""

_REST = r"[^\s'\",}\]]"
_URL = re.compile(
    rf"(?P<scheme>\b(?:{'|'.join((*SCHEMES, *_OTHERS))})(?:\+\w+)?://)(?P<user>[^\s:@/'\"]*)"
    rf"(?::(?P<password>{_REST}*)(?=@))?(?P<rest>{_REST}*)"
)
_ASKED = re.compile(r"(?P<before>[?&])password=(?P<password>[^&]*)(?P<after>&?)")

_known: dict[str, str] = {}


def is_postgresql(address: str) -> bool:
    """Whether an address is one of a PostgreSQL database."""
    return address.startswith(tuple(f"{scheme}://" for scheme in SCHEMES))


def without_passwords(text: str) -> str:
    """A text without the passwords of the addresses in it, which this process remembers."""
    return _URL.sub(_without, text)


def password_of(address: str) -> str | None:
    """The password that stood in an address; None where there was none."""
    return _known.get(address)


def _without(found: re.Match[str]) -> str:
    password, rest = found["password"], found["rest"]
    asked = _ASKED.search(rest)
    if asked is not None:
        password = asked["password"]
        kept = asked["before"] if asked["after"] else ""
        rest = rest[: asked.start()] + kept + rest[asked.end() :]
    address = found["scheme"] + found["user"] + rest
    if password is not None:
        _known[address] = unquote(password)
    return address
