"""The page on reading a report is right: its commands run, its sections are the page's."""

from __future__ import annotations

import re
from pathlib import Path

from archdsl.cli import main
from archdsl.study.report.charts import ORIGINS
from archdsl.study.report.page import MOST_ANSWERS
from tests.docs.page import Page

PAGE = Page("report.md")


def test_its_commands_write_a_report_with_the_sections_that_it_names(here: Path) -> None:
    for line in PAGE.of("sh")[0].text.splitlines():
        assert main(line.split()[1:]) == 0
    html = (here / "runs" / "digits" / "report.html").read_text()
    heads = re.findall(r"<h2[^>]*>(.*?)</h2>", html)
    rows = re.findall(r"^\| ([^|]+) \|", PAGE.text, re.MULTILINE)
    said = [part.strip() for row in rows for part in row.split(",")]
    for head in heads:
        name = head.partition(":")[0].replace("accuracy", "*metric*")
        assert name in said, head


def test_it_names_every_shape_and_the_limit() -> None:
    shapes = PAGE.text.partition("## Shapes")[2].partition("## ")[0]
    for _, shape in ORIGINS.values():
        assert shape in shapes, shape
    assert f"{MOST_ANSWERS:,}" in PAGE.text
