"""The sandbox: a stranger's spec reads its folder and shipped specs, and runs nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import archdsl
from archdsl.cli import main
from archdsl.errors import ArchError, SpecError

PARENT = """\
archdsl: 1
input: [1, 8, 8]
classes: 3
stem: {type: conv, kernel: 3, stride: 2}
block: {token_mixer: {choice: [pooling, identity]}, channel_mixer: {type: mlp, ratio: 1}}
stages: [{dim: 8, depth: 1}]
search: {trials: 1, proxy: {epochs: 1}}
"""
MARKER = "from pathlib import Path\nPath(__file__).with_suffix('.ran').write_text('ran')\n"

ONLY = "in the sandbox a spec reads what lies in its folder or below it, and shipped specs"
NO_PYTHON = (
    "no Python of a spec's own runs there; drop it, or leave out the sandbox if you trust the spec"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A stranger's folder beside another one, with every way out of it."""
    home, other = tmp_path / "home", tmp_path / "other"
    for place in (home, home / "below", other):
        place.mkdir()
        (place / "parent.yaml").write_text(PARENT)
        (place / "own.py").write_text(MARKER)
    (home / "link.yaml").symlink_to(other / "parent.yaml")
    (home / "inner.yaml").symlink_to(Path("below", "parent.yaml"))
    (home / "linked").symlink_to(other)
    (home / "circle.yaml").symlink_to("circle.yaml")
    os.mkfifo(home / "pipe.yaml")
    return home


def spec(folder: Path, text: str) -> Path:
    path = folder / "spec.yaml"
    path.write_text(f"archdsl: 1\n{text}\n")
    return path


def refusal(path: Path) -> str:
    with pytest.raises(SpecError) as caught:
        archdsl.load(path, sandbox=True)
    return str(caught.value)


@pytest.mark.parametrize(
    ("bad", "good", "problem", "cure"),
    [
        ("../other/parent.yaml", "./parent.yaml", "lies outside of the spec's folder",
         f"{ONLY}: put a copy there"),
        ("./below/../../other/parent.yaml", "./below/../parent.yaml",
         "lies outside of the spec's folder", f"{ONLY}: put a copy there"),
        ("/etc/hostname.yaml", "poolformer_s12", "lies outside of the spec's folder",
         f"{ONLY}: put a copy there"),
        ("./link.yaml", "./inner.yaml", "is a link out of the spec's folder",
         f"{ONLY}: put the file itself there"),
        ("./linked/parent.yaml", "./below/parent.yaml", "is a link out of the spec's folder",
         f"{ONLY}: put the file itself there"),
        ("./circle.yaml", "./parent.yaml", "leads to no file",
         "name a file in the folder of the spec"),
        ("./pipe.yaml", "./parent.yaml", "is no regular file", "put the file itself there"),
        ("/dev/zero", "digits", "lies outside of the spec's folder", f"{ONLY}: put a copy there"),
    ],
)  # fmt: skip
def test_a_parent_lies_in_the_folder_or_is_shipped(
    folder: Path, bad: str, good: str, problem: str, cure: str
) -> None:
    path = spec(folder, f"extends: {bad}")
    assert refusal(path) == (
        f"{path}:2:10: extends: {folder / bad} {problem}\n"
        f"    2 | extends: {bad}\n"
        f"      |          {'^' * len(bad)}\n"
        f"  {cure}"
    )
    assert archdsl.load(spec(folder, f"extends: {good}"), sandbox=True).name == "spec"


def test_a_parent_of_a_parent_stays_in_the_folder_of_the_spec_that_was_named(
    folder: Path,
) -> None:
    (folder / "below" / "child.yaml").write_text("archdsl: 1\nextends: ../parent.yaml\n")
    path = spec(folder, "extends: ./below/child.yaml")
    assert archdsl.load(path, sandbox=True).name == "spec"
    assert "below/../parent.yaml lies outside of the spec's folder" in refusal(
        folder / "below" / "child.yaml"
    )


@pytest.mark.parametrize("name", ["link.yaml", "pipe.yaml"])
def test_the_spec_that_is_named_is_a_file_of_its_folder(folder: Path, name: str) -> None:
    said = {
        "link.yaml": f"is a link out of the spec's folder\n  {ONLY}: put the file itself there",
        "pipe.yaml": "is no regular file\n  put the file itself there",
    }
    assert refusal(folder / name) == f"{folder / name} {said[name]}"
    assert archdsl.load(folder / "inner.yaml", sandbox=True).name == "inner"


@pytest.mark.parametrize(
    ("text", "what", "address"),
    [
        ("imports: [./own.py]", "the import of ./own.py", "imports"),
        ("imports: [json]", "the import of json", "imports"),
        ('search.proxy.module: "own:Module"', "the module own:Module", "search.proxy.module"),
        ('search.proxy.datamodule: "own:Data"', "the datamodule own:Data",
         "search.proxy.datamodule"),
    ],
)  # fmt: skip
def test_no_python_of_a_spec_runs(folder: Path, text: str, what: str, address: str) -> None:
    said = refusal(spec(folder, f"extends: ./parent.yaml\n{text}"))
    assert f" {address}: {what} is refused in the sandbox\n" in said
    assert said.endswith(f"\n  {NO_PYTHON}")
    assert not list(folder.rglob("*.ran"))
    assert archdsl.load(spec(folder, "extends: ./parent.yaml"), sandbox=True).is_space


def test_what_a_parent_says_is_no_way_out(folder: Path) -> None:
    (folder / "below" / "own.yaml").write_text(
        "archdsl: 1\nextends: ./parent.yaml\nimports: [./own.py]\n"
    )
    said = refusal(spec(folder, "extends: ./below/own.yaml"))
    assert "imports: the import of ./below/own.py is refused in the sandbox" in said


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("../other", "lies outside of the spec's folder"),
        ("/etc", "lies outside of the spec's folder"),
        ("linked", "is a link out of the spec's folder"),
        ("circle.yaml", "leads to no file"),
        ("pipe.yaml", "is no regular file"),
    ],
)
@pytest.mark.parametrize("source", ["image_folder", "npz", "webdataset", "datasets"])
def test_images_lie_in_the_folder(folder: Path, source: str, path: str, problem: str) -> None:
    data = f"extends: ./parent.yaml\nsearch.proxy.data: {{type: {source}, path: "
    said = refusal(spec(folder, f"{data}{path}}}"))
    assert f" search.proxy.data.path: {folder / path} {problem}\n" in said
    assert archdsl.load(spec(folder, f"{data}below}}"), sandbox=True).is_space


@pytest.mark.parametrize("way", ["a link to a file", "a link to a folder", "a pipe", "two links"])
def test_nothing_among_the_images_leads_out(folder: Path, way: str) -> None:
    images = folder / "images" / "daisy"
    images.mkdir(parents=True)
    text = "extends: ./parent.yaml\nsearch.proxy.data: {type: image_folder, path: images}"
    (images / "1.png").symlink_to(folder / "parent.yaml")
    assert archdsl.load(spec(folder, text), sandbox=True).is_space
    place, problem = images / "2.png", "is a link out of the spec's folder"
    match way:
        case "a link to a file":
            place.symlink_to(folder.parent / "other" / "parent.yaml")
        case "a link to a folder":
            place.symlink_to(folder.parent / "other")
        case "a pipe":
            os.mkfifo(place)
            problem = "is no regular file"
        case "two links":
            place.symlink_to(folder / "below")
            (folder / "below" / "out").symlink_to(folder.parent / "other")
            place = place / "out"
    assert f" search.proxy.data.path: {place} {problem}\n" in refusal(spec(folder, text))


def test_a_source_of_images_that_a_user_registered_is_python_of_its_own(folder: Path) -> None:
    @archdsl.components.registry.data("lake")
    class Lake(archdsl.data.ImageSource):  # type: ignore[misc]
        """Images from a lake."""

    said = refusal(spec(folder, "extends: ./parent.yaml\nsearch.proxy.data: lake"))
    assert "search.proxy.data: the data source lake is refused in the sandbox" in said


def test_a_text_has_no_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises(SpecError) as caught:
        archdsl.loads("archdsl: 1\nextends: ./parent.yaml\n", sandbox=True)
    assert str(caught.value) == (
        "<text>:2:10: extends: parent.yaml is a file, and a spec that is given as a text has no "
        "folder to read from\n"
        "    2 | extends: ./parent.yaml\n"
        "      |          ^^^^^^^^^^^^^\n"
        "  name a shipped spec, or load the spec from a file"
    )
    with pytest.raises(SpecError, match="has no folder to read from"):
        archdsl.load({"archdsl": 1, "extends": "./parent.yaml"}, sandbox=True)
    assert archdsl.loads("archdsl: 1\nextends: digits\n", sandbox=True).is_space
    assert archdsl.loads("archdsl: 1\nextends: ./parent.yaml\n").is_space


def test_what_is_made_of_a_spec_in_the_sandbox_stays_there(folder: Path) -> None:
    loaded = archdsl.load(spec(folder, "extends: ./parent.yaml"), sandbox=True)
    with pytest.raises(SpecError, match=r"the module own:Module is refused in the sandbox"):
        archdsl.search(loaded, out=folder / "run", proxy={"module": "own:Module"})
    with pytest.raises(SpecError, match=r"lies outside of the spec's folder"):
        archdsl.load(loaded, {"search.proxy.data": {"type": "npz", "path": "../other/a.npz"}})
    trusted = archdsl.load(spec(folder, "extends: ./parent.yaml\nimports: [./own.py]"))
    with pytest.raises(SpecError, match=r"the import of ./own.py is refused in the sandbox"):
        archdsl.load(trusted, sandbox=True)
    with pytest.raises(SpecError, match="sandbox is True or False, and not 1"):
        archdsl.load("digits", sandbox=1)  # type: ignore[arg-type]


def test_a_run_directory_is_looked_through_before_it_is_read(folder: Path) -> None:
    run = folder / "run"
    archdsl.search(archdsl.load(spec(folder, "extends: ./parent.yaml")), lambda c: 1.0, run)
    assert not archdsl.load(run, sandbox=True).is_space
    assert main(["report", str(run), "--sandbox"]) == 0
    (run / "best.py").unlink()
    (run / "best.py").symlink_to(folder.parent / "other" / "own.py")
    said = f"{run / 'best.py'} is a link out of the spec's folder"
    assert refusal(run).startswith(said)
    assert main(["report", str(run), "--sandbox"]) == 2


@pytest.mark.parametrize("verb", ["check", "show", "count", "export", "search", "weights"])
def test_every_verb_that_reads_a_spec_has_the_sandbox(
    folder: Path, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = spec(folder, "extends: ../other/parent.yaml")
    words = [verb, str(path)]
    if verb == "weights":
        words = [verb, "import", "a.pth", "--spec", str(path), "-o", "b.pth"]
    assert main([*words, "--sandbox"]) == 2
    assert "lies outside of the spec's folder" in capsys.readouterr().err


def test_a_set_is_held_to_the_same_rules(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = spec(folder, "extends: ./parent.yaml")
    given = ["check", str(path), "--sandbox", "--set"]
    assert main([*given, "search.proxy.module=own:Module"]) == 2
    assert "the module own:Module is refused in the sandbox" in capsys.readouterr().err
    assert main([*given, "stages.0.depth=2"]) == 0


SPY = """\
import json, os, sys
from pathlib import Path

folder, cases, work = Path(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3]
import archdsl
from archdsl.cli import main
archdsl.load("digits")
opened = set()

def spy(event, arguments):
    if event in ("open", "os.listdir", "os.scandir") and not isinstance(arguments[0], int):
        opened.add(os.path.realpath(os.fsdecode(arguments[0] or ".")))

sys.addaudithook(spy)
said = []
for case in cases:
    (folder / "spec.yaml").write_text(case)
    try:
        spec = archdsl.load(folder / "spec.yaml", sandbox=True)
        if work == "search":
            archdsl.search(spec, out=folder / "run")
        said.append("")
    except archdsl.errors.ArchError as error:
        said.append(str(error))
files = [str(getattr(module, "__file__", None)) for module in list(sys.modules.values())]
print(json.dumps({"opened": sorted(opened), "said": said, "modules": files}))
"""


def spied(folder: Path, cases: list[str], work: str = "load") -> dict[str, list[str]]:
    """What a process opened and imported, and what it said, while it loaded texts as one file."""
    words = [sys.executable, "-P", "-c", SPY, str(folder), json.dumps(cases), work]
    done = subprocess.run(words, capture_output=True, text=True, check=True, cwd=folder.parent)
    found: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    return found


def strays(folder: Path, opened: list[str]) -> list[str]:
    """What is neither in the folder, nor of the package, the cache, Python, or the machine."""
    root = Path(archdsl.__file__).resolve().parents[1]
    allowed = [
        folder.resolve(), root / "archdsl", root / "specs", os.environ["ARCHDSL_CACHE"],
        sys.prefix, sys.base_prefix, "/proc", "/sys", "/dev/null", "/usr",
    ]  # fmt: skip
    return [
        one for one in opened if not any(Path(one).is_relative_to(a) for a in map(str, allowed))
    ]


STEPS = st.sampled_from(
    ["..", ".", "below", "linked", "parent.yaml", "link.yaml", "inner.yaml", "pipe.yaml", "own.py",
     "circle.yaml", "other", "etc", "passwd", "dev", "zero", "~", "", "home", "a\\0b", "\\ud800"]
)  # fmt: skip
PATHS = st.lists(STEPS, min_size=1, max_size=5).map("/".join)
LINES = st.one_of(
    PATHS.map(lambda path: f'extends: "{path}"'),
    PATHS.map(lambda path: f'extends: ./parent.yaml\nimports: ["{path}"]'),
    st.tuples(st.sampled_from(["npz", "image_folder", "webdataset", "datasets"]), PATHS).map(
        lambda one: (
            f'extends: ./parent.yaml\nsearch.proxy.data: {{type: {one[0]}, path: "{one[1]}"}}'
        )
    ),
    st.sampled_from(["own:Module", "below.own:Module", "os:PathLike"]).map(
        lambda name: f'extends: ./parent.yaml\nsearch.proxy.module: "{name}"'
    ),
)


@given(cases=st.lists(LINES, min_size=40, max_size=40))
@settings(max_examples=3, suppress_health_check=list(HealthCheck))
def test_nothing_outside_is_opened_whatever_a_spec_says(
    tmp_path_factory: pytest.TempPathFactory, cases: list[str]
) -> None:
    home = folder.__wrapped__(tmp_path_factory.mktemp("spied"))  # type: ignore[attr-defined]
    good = 'extends: "./below/parent.yaml"'
    found = spied(home, [f"archdsl: 1\n{case}\n" for case in [*cases, good]])
    assert strays(home, found["opened"]) == []
    assert not [file for file in found["modules"] if Path(file).is_relative_to(home)]
    assert not list(home.parent.rglob("*.ran"))
    assert found["said"][-1] == "", "the good neighbour loads"
    assert str(home.resolve() / "below" / "parent.yaml") in found["opened"], "the spy sees"


@pytest.mark.slow
@pytest.mark.parametrize("data", ["digits", "{type: npz, path: shades.npz}"])
def test_a_search_in_the_sandbox_opens_nothing_outside(folder: Path, data: str) -> None:
    labels = np.arange(90) % 3
    np.savez(folder / "shades.npz", x=np.zeros((90, 1, 8, 8), dtype="uint8"), y=labels)
    text = f"extends: ./parent.yaml\nsearch.proxy.data: {data}"
    if data == "digits":
        text = "extends: digits\nsearch.trials: 1\nsearch.proxy.epochs: 1"
    found = spied(folder, [f"archdsl: 1\n{text}\n"], "search")
    assert found["said"] == [""]
    assert (folder / "run" / "best.yaml").is_file()
    mine = [one for one in strays(folder, found["opened"]) if str(folder.parent) in one]
    assert mine == []
    assert not list(folder.rglob("*.ran"))


def test_the_old_doors_stay_open(folder: Path) -> None:
    assert archdsl.load(spec(folder, "extends: ../other/parent.yaml")).is_space
    archdsl.load(spec(folder, "extends: ./parent.yaml\nimports: [./own.py]"))
    assert (folder / "own.ran").is_file()
    with pytest.raises(ArchError, match=r"imports of ./own.py are refused here"):
        archdsl.load(spec(folder, "extends: ./parent.yaml\nimports: [./own.py]"), imports=False)
