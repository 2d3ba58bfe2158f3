"""The plotting library in the package: which it is, that it runs no text, and its licences."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from archdsl.views import scripts

FOLDER = Path(scripts.__file__).parent / "plots"

HASH = "84d8fd1be34937f8cb4fda8027ec388aab6031c52c03cff4ce4fdd581ca1a227"


def test_it_is_what_make_plots_made() -> None:
    assert hashlib.sha256((FOLDER / "echarts.min.js").read_bytes()).hexdigest() == HASH


def test_every_package_that_is_in_it_is_pinned() -> None:
    said = json.loads((FOLDER / "package.json").read_text())
    versions = {**said["dependencies"], **said["devDependencies"]}
    assert versions.keys() == {"echarts", "zrender", "tslib", "esbuild"}
    assert all(version.replace(".", "").isdigit() for version in versions.values())
    assert "Apache ECharts]" in (FOLDER / "README.md").read_text()
    assert versions["echarts"] in (FOLDER / "README.md").read_text()


def test_it_makes_no_code_of_texts() -> None:
    text = (FOLDER / "echarts.min.js").read_text(encoding="ascii")
    for way in ("eval(", "new Function", "Function(", "document.write", "import("):
        assert way not in text, way


def test_its_licences_are_in_it_and_stay_in_a_page() -> None:
    licences = (FOLDER / "LICENSES").read_text(encoding="ascii").strip()
    for name in ("Apache License", "BSD 3-Clause", "Mike Bostock", "Microsoft", "Baidu"):
        assert name in licences, name
    for name in ("LICENSE", "NOTICE"):
        assert (FOLDER / name).read_text().strip() in licences
    assert scripts.plotting_library().text.startswith(f"/*!\n{licences}\n*/")
