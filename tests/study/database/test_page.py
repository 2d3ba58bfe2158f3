"""The commands of the manual for a record in a database."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

import archdsl
from archdsl.cli import main
from tests.docs.page import Page

ROOT = Path(__file__).resolve().parents[3]
SECRET = "postgresql://me:opensesame@db/x"
LINES = [line for fence in Page("scaling.md").of("sh") for line in fence.text.splitlines()
         if "--storage" in line]  # fmt: skip


@pytest.mark.slow
def test_the_commands_of_the_page(server, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    search, *others = (
        shlex.split(line.replace("postgresql://me@db/archdsl", server.url())
                    .replace("/mnt/shared", f"{tmp_path}/shared"))[1:] for line in LINES
    )  # fmt: skip
    search[1] = str(ROOT / search[1])
    few = ["--set", "search.trials=2", "--set", "search.proxy.epochs=1", "--study", "of_a_page"]
    assert main([*search, "--out", "elsewhere", *few]) == 0
    capsys.readouterr()
    said = {}
    for words in others:
        assert main([*words, "--study", "of_a_page"]) == 0
        said[words[0]] = capsys.readouterr()
    assert "2 of 2 trials, done" in said["status"].out
    assert (tmp_path / "runs" / "digits" / "report.html").is_file()
    assert "class" in said["export"].out
    assert "opensesame" not in "".join(one.out + one.err for one in said.values())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["status"], "which run?  name its directory, or a database by  --storage URL"),
        (["status", "--study", "x"], "--study names a study in a database"),
        (["report", "--storage", "sqlite:///x"], "no address of a PostgreSQL database"),
        (["status", "--storage", "{url}", "--study", "nobody"], "no study"),
        (["status", "--storage", "postgresql://a:opensesame@127.0.0.1:1/x"], "cannot be used"),
        (["status", SECRET], "RUN is a directory of this machine, and 'postgresql:/me@db/x' is an"),
        (["report", SECRET], "name a database by  --storage URL,  and a shared folder by  --set"),
        (["search", "digits", "--out", SECRET], "--out is a directory of this machine, and"),
        (["export", SECRET], "postgresql:/me@db/x"),
        (["check", "digits", "--storage", SECRET], "--storage postgresql://me@db/x"),
        (["check", "digits", "--set", f"search.storage:{SECRET}"], "is no assignment"),
        (["status", "--storage", "{url}", "--study", SECRET], "no study"),
    ],
)
def test_wrong_words_are_said(server, tmp_path, monkeypatch, capsys, words, said) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([word.format(url=server.url()) for word in words]) == 2
    found = capsys.readouterr()
    assert said in found.err.replace("\n", " ") and "opensesame" not in found.out + found.err


def test_a_password_in_a_spec_is_nowhere_in_what_is_made_of_it(tmp_path, capsys) -> None:
    path = tmp_path / "space.yaml"
    text = (ROOT / "specs/spaces/digits.yaml").read_text()
    secret = "postgresql://me:opensesame@db/x?password=opensesame&sslmode=require"
    path.write_text(text.replace("search:", f"search:\n  storage: {secret}", 1))
    assert main(["check", str(path)]) == 0
    assert main(["show", str(path), "--json"]) == 0
    assert main(["check", str(path), "--set", "search.storage=mysql://me:hunter2@db/x"]) == 2
    found = capsys.readouterr()
    assert "opensesame" not in found.out + found.err and "hunter2" not in found.err
    spec = archdsl.load(path)
    assert "opensesame" not in spec.dump()
    storage = spec.settings().storage
    assert storage is not None and storage.url == "postgresql://me@db/x?sslmode=require"
