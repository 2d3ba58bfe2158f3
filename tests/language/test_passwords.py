"""Passwords in addresses of databases: in no text that was read, and known by the address."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

import archdsl
from archdsl.errors import SpecError
from archdsl.language.passwords import passwords_of, without_passwords

SECRET = "opensesame"


@pytest.mark.parametrize(
    "password",
    ["a", "a,b", "a'b", "a]b}c", "a b", "a@b", "a/b", "12345", "1,2", "a#b", "a?b", "a%40b"],
)
@pytest.mark.parametrize("around", ["{}", "search: {{storage: {}}}", "x: '{}'", "a: {} # b"])
def test_a_password_goes_from_every_text(password, around) -> None:
    text = around.format(f"postgresql://me:{SECRET}{password}{SECRET}@db:5432/x")
    kept = without_passwords(text)
    assert kept == around.format("postgresql://me@db:5432/x")
    assert passwords_of("postgresql://me@db:5432/x")["password"].startswith(SECRET)


@given(password=st.text(st.characters(codec="utf-8", exclude_characters="\n"), min_size=1))
def test_a_password_that_is_quoted_is_read_as_it_was(password) -> None:
    kept = without_passwords(f"postgresql://me:{quote(password, safe='')}@db/x")
    assert kept == "postgresql://me@db/x"
    assert passwords_of(kept) == {"password": password}


@pytest.mark.parametrize(
    ("address", "kept", "known"),
    [
        ("postgresql://a@b/c?sslmode=x&password=p", "?sslmode=x", {"password": "p"}),
        ("postgresql://a@b/c?password=p,q&sslmode=x", "?sslmode=x", {"password": "p,q"}),
        ("postgresql://a@b/c?pass%77ord=p", "", {"password": "p"}),
        ("postgresql://a@b/c?sslpassword=p", "", {"sslpassword": "p"}),
        ("postgresql://a@b/c?passfile=/p", "?passfile=/p", {}),
    ],
)
def test_a_password_among_the_parameters(address, kept, known) -> None:
    found = without_passwords(address)
    assert found == f"postgresql://a@b/c{kept}"
    assert dict(passwords_of(found)) == known


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://db:5432/x?user=me@corp",
        "{url: postgresql://db:5432/x, mail: me@corp}",
        '{"url":"postgresql://db:5432","mail":"me@corp"}',
        "postgresql://db1:5432,db2:5433/x me@corp",
        "https://me:word@example.org/x",
    ],
)
def test_what_holds_none_stays(text) -> None:
    assert without_passwords(text) == text


@pytest.mark.parametrize(
    "address",
    [
        f"mysql://me:{SECRET}@db/x",
        f"POSTGRESQL://me:{SECRET}@db/x",
        f"postgresql+psycopg://me:{SECRET}@db/x",
        f"postgresql//me:{SECRET}@db/x",
        f"postgress://me:{SECRET}, {SECRET}@db/x",
        f"host=db password={SECRET}",
        f"host=db PASSWORD = '{SECRET}'",
    ],
)
def test_an_address_that_is_none_is_refused_without_its_password(address) -> None:
    with pytest.raises(SpecError) as caught:
        archdsl.load("digits", set={"search.storage": address}).settings()
    assert "is no address of a PostgreSQL database" in str(caught.value)
    assert SECRET not in str(caught.value)
