"""Our own table as others would write it: a CSV of answers and figures, a training a row.

python -m benchmarks.export_answers ANSWERS.csv
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

from benchmarks.table import Table


def export(table: Table, path: Path) -> None:
    """Write each seed of each member: its answers, its costs, its last accuracy."""
    addresses = sorted({address for entry in table for address in entry.decisions})
    with path.open("w", encoding="utf-8", newline="") as file:
        write = csv.writer(file, lineterminator="\n")
        write.writerow([*addresses, "macs", "params", "seed", "accuracy"])
        for entry in table:
            answers = [entry.decisions.get(address, "") for address in addresses]
            for seed, accuracy in enumerate(entry.finals):
                write.writerow([*answers, entry.macs, entry.params, seed, accuracy])


def main() -> None:
    """Export the table that is kept here."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("path", type=Path)
    export(Table.load(), parser.parse_args().path)


if __name__ == "__main__":
    main()
