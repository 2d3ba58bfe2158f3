"""Passwords in addresses of databases: kept aside as soon as a text is read.

What stands in a spec goes into errors, records, reports and exported files. So no text that is read
keeps a password: it is known to this process alone, by the address without it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote

SCHEMES = ("postgresql", "postgres")
"""Those of addresses that are of use."""

_OTHERS = (
    "mysql", "mariadb", "mssql", "oracle", "redis", "rediss", "mongodb", "cockroachdb", "pgsql",
    "psql", "postgre", "postgresq", "postgress", "postgressql", "sqlite",
)  # fmt: skip
"""Those of databases that somebody may try, or misspell, and of which an error is told."""

# A quote, a comma or a bracket ends an address where it ends a value of YAML.
_PART = r"""(?:[^\s'",}\]]|['",}\]](?![\s,}\]]|\Z))"""
_PORT = r"\d{1,5}(?:[/?,'\"}\]]|\s|\Z)"
_URL = re.compile(
    rf"(?P<scheme>\b(?:{'|'.join((*SCHEMES, *_OTHERS))})(?:\+\w+)?(?::/{{1,2}}|//))"
    rf"(?P<user>[^\s:@/'\"]*)"
    rf"(?::(?!{_PORT})(?P<password>{_PART}*|[^\n]*)(?=@))?(?P<rest>{_PART}*)",
    re.IGNORECASE,
)

_known: dict[str, dict[str, str]] = {}


def is_postgresql(address: str) -> bool:
    """Whether an address is one of a PostgreSQL database."""
    return address.startswith(tuple(f"{scheme}://" for scheme in SCHEMES))


def without_passwords(text: str) -> str:
    """A text without the passwords of the addresses in it, which this process remembers."""
    return _URL.sub(_without, text)


def passwords_of(address: str) -> Mapping[str, str]:
    """The passwords that stood in an address, by what PostgreSQL calls them."""
    return _known.get(address, {})


def as_shown(address: str) -> str:
    """What an error calls an address that may be none, and hold a password in another form."""
    return "what was given" if _is_secret(address) else f"'{address}'"


def _without(found: re.Match[str]) -> str:
    address, asked, query = found["rest"].partition("?")
    items = [item.partition("=") for item in query.split("&")]
    secret = {unquote(name): unquote(value) for name, _, value in items if _is_secret(name)}
    kept = "&".join("".join(item) for item in items if not _is_secret(item[0]))
    address = found["scheme"] + found["user"] + address + (asked + kept if kept else "")
    if found["password"] is not None:
        secret = {"password": unquote(found["password"]), **secret}
    if secret:
        _known[address] = secret
    return address


def _is_secret(name: str) -> bool:
    """Whether a parameter has a password; a `passfile` says where one lies."""
    return any(part in unquote(name).lower() for part in ("password", "secret"))
