"""Write the catalogue anew:  make catalogue"""

from __future__ import annotations

from tests.catalogue.sources import CATALOGUE, HEAD, catalogued


def main() -> None:
    """Write what has changed, and take away what is no longer made."""
    made = catalogued()
    for path in CATALOGUE.rglob("*.py"):
        if (
            path.read_text("utf-8").startswith(HEAD)
            and str(path.relative_to(CATALOGUE)) not in made
        ):
            path.unlink()
    for name, text in made.items():
        path = CATALOGUE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
            print(path.relative_to(CATALOGUE.parents[1]))


if __name__ == "__main__":
    main()
