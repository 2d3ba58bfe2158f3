"""yaml-language-server as an editor drives it: a document opened, and what is asked of it.

`make editors` installs it beside the project, from npm.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SERVER = ROOT / ".editors/node_modules/yaml-language-server/bin/yaml-language-server"


class Editor:
    """One session with the server."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process, self._count = process, 0
        self._told: dict[str, Any] = {}
        self._ask("initialize", {
            "processId": None, "rootUri": None,
            "capabilities": {"textDocument": {
                "hover": {"contentFormat": ["markdown"]},
                "completion": {"completionItem": {"documentationFormat": ["markdown"]}},
            }},
        })  # fmt: skip
        self._say("initialized", {})
        wanted = {"validate": True, "hover": True, "completion": True, "yamlVersion": "1.2"}
        self._say("workspace/didChangeConfiguration", {"settings": {"yaml": wanted}})

    def opened(self, path: Path, text: str) -> list[str]:
        """Open a document; what is wrong with it, in the server's words."""
        document = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": text}
        self._told.pop(path.as_uri(), None)
        self._say("textDocument/didOpen", {"textDocument": document})
        while path.as_uri() not in self._told:
            self._heard()
        return [one["message"] for one in self._told[path.as_uri()]]

    def completed(self, path: Path, line: int, character: int) -> dict[str, dict[str, Any]]:
        """What the server offers there, by label."""
        found = self._ask("textDocument/completion", _at(path, line, character))
        items = found["items"] if isinstance(found, dict) else found
        return {one["label"]: one for one in items}

    def hovered(self, path: Path, line: int, character: int) -> str:
        """What the server says of what stands there."""
        found = self._ask("textDocument/hover", _at(path, line, character))
        return "" if found is None else str(found["contents"]["value"])

    def _ask(self, method: str, params: dict[str, Any]) -> Any:
        self._count += 1
        self._send({"id": self._count, "method": method, "params": params})
        while True:
            heard = self._heard()
            if heard.get("id") == self._count and "method" not in heard:
                assert "error" not in heard, heard
                return heard["result"]

    def _say(self, method: str, params: dict[str, Any]) -> None:
        self._send({"method": method, "params": params})

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._process.stdin.flush()

    def _heard(self) -> dict[str, Any]:
        """The next message; what the server asks of an editor is answered."""
        out = self._process.stdout
        assert out is not None
        length = 0
        while (line := out.readline().strip()) or not length:
            if line.lower().startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        heard: dict[str, Any] = json.loads(out.read(length))
        if heard.get("method") == "textDocument/publishDiagnostics":
            self._told[heard["params"]["uri"]] = heard["params"]["diagnostics"]
        elif "method" in heard and "id" in heard:
            asked = heard["params"].get("items", []) if isinstance(heard["params"], dict) else []
            self._send({"id": heard["id"], "result": [None for _ in asked] or None})
        return heard


def _at(path: Path, line: int, character: int) -> dict[str, Any]:
    return {
        "textDocument": {"uri": path.as_uri()},
        "position": {"line": line, "character": character},
    }


@contextmanager
def editor() -> Iterator[Editor]:
    """A session, which ends with the context."""
    with subprocess.Popen(
        ["node", str(SERVER), "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        try:
            yield Editor(process)
        finally:
            process.kill()
