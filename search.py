"""Search a space: `python search.py SPACE` is `archdsl search SPACE`."""

from __future__ import annotations

import sys

from archdsl.cli import main

if __name__ == "__main__":
    raise SystemExit(main(["search", *sys.argv[1:]]))
