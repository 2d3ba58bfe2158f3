"""A page of HTML as a reader has it."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"meta", "br", "hr", "img", "link", "input"}


class Wellformed(HTMLParser):
    """Fails on a tag that is not closed, and gathers what is asked for from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self.links += [
            value for name, value in attrs
            if value and name in ("src", "href", "data") and not value.startswith("#")
        ]  # fmt: skip

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, f"</{tag}> closes nothing"
        self.text += " " if tag in ("td", "th") else ""

    def handle_data(self, data: str) -> None:
        # what is read, and not what runs
        if not {"script", "style"} & set(self.open):
            self.text += data


def parsed(html: str) -> Wellformed:
    found = Wellformed()
    found.feed(html)
    found.close()
    assert found.open == []
    return found


def words(html: str) -> str:
    return " ".join(parsed(html).text.split())
