"""`imports:` and plugins: the only doors through which a spec runs Python."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import pytest

import archdsl
from archdsl.components import registry
from archdsl.errors import ArchError, SpecError
from archdsl.language.imports import PLUGINS, load_plugins

MIXER = '''
from torch import nn

from archdsl import Odd, token_mixer


@token_mixer("{name}")
class Shift(nn.Module):
    """Shift channel groups.

    kernel: side of the window
    """

    def __init__(self, dim, *, kernel: Odd = {kernel}):
        super().__init__()

    def forward(self, x):
        return x
'''

SPEC = """
archdsl: 1
imports: [./{file}]
input: [3, 16, 16]
stem: {{type: conv, kernel: 3}}
stages:
  - {{dim: 8, depth: 1, token_mixer: {name}}}
"""


def write(folder: Path, file: str, name: str, kernel: int = 3) -> Path:
    (folder / file).write_text(MIXER.format(name=name, kernel=kernel))
    spec = folder / f"{Path(file).stem}_spec.yaml"
    spec.write_text(SPEC.format(file=file, name=name))
    return spec


def mixer_options(spec: Path) -> dict[str, object]:
    [block] = archdsl.load(spec).network().blocks()
    return dict(block.branches[0].mixers[0].component.options)


def test_a_file_beside_the_spec_brings_a_mixer(tmp_path: Path) -> None:
    assert mixer_options(write(tmp_path, "shift.py", "shift_one")) == {"kernel": 3}
    definition = registry.find("token_mixer", "shift_one")
    assert definition is not None
    assert definition.doc == "Shift channel groups."
    assert definition.options["kernel"].help == "side of the window"


def test_loading_twice_is_nothing_and_an_edited_file_is_read_again(tmp_path: Path) -> None:
    spec = write(tmp_path, "shift.py", "shift_two")
    assert mixer_options(spec) == mixer_options(spec) == {"kernel": 3}
    write(tmp_path, "shift.py", "shift_two", kernel=5)
    assert mixer_options(spec) == {"kernel": 5}


def test_a_copy_of_the_file_elsewhere_is_the_same_mixer(tmp_path: Path) -> None:
    write(tmp_path, "shift.py", "shift_three")
    (tmp_path / "copy").mkdir()
    archdsl.load(tmp_path / "shift_spec.yaml")
    assert mixer_options(write(tmp_path / "copy", "shift.py", "shift_three")) == {"kernel": 3}


def test_a_taken_name_is_an_error_that_names_both_definitions(tmp_path: Path) -> None:
    archdsl.load(write(tmp_path, "one.py", "shift_four"))
    with pytest.raises(SpecError) as caught:
        archdsl.load(write(tmp_path, "two.py", "shift_four", kernel=5))
    assert "the token mixer name 'shift_four' is taken" in str(caught.value)
    assert "one.py:" in str(caught.value)
    assert "two.py:" in str(caught.value)


def test_imports_can_be_refused(tmp_path: Path) -> None:
    (tmp_path / "evil.py").write_text("raise SystemExit('ran')")
    (tmp_path / "s.yaml").write_text(SPEC.format(file="evil.py", name="pooling"))
    with pytest.raises(SpecError, match=r"imports of \./evil\.py are refused here"):
        archdsl.load(tmp_path / "s.yaml", imports=False)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("raise ValueError('no')", "./bad.py failed with ValueError: no"),
        ("import nowhere_at_all", "no module is called nowhere_at_all"),
        ("def broken(:", "./bad.py failed with SyntaxError"),
    ],
)
def test_what_goes_wrong_in_an_import_is_said_in_words(
    tmp_path: Path, text: str, words: str
) -> None:
    (tmp_path / "bad.py").write_text(text)
    (tmp_path / "s.yaml").write_text(SPEC.format(file="bad.py", name="pooling"))
    with pytest.raises(SpecError) as caught:
        archdsl.load(tmp_path / "s.yaml")
    assert words in str(caught.value)


@pytest.mark.parametrize("name", ["/etc/passwd", "./notes.txt", "./mixer"])
def test_a_file_that_is_no_python_is_refused_unread(tmp_path: Path, name: str) -> None:
    for file in ("notes.txt", "mixer"):
        (tmp_path / file).write_text("root:x:0:0\n")
    (tmp_path / "s.yaml").write_text(
        SPEC.format(file="gone.py", name="pooling").replace("./gone.py", name)
    )
    with pytest.raises(SpecError) as caught:
        archdsl.load(tmp_path / "s.yaml")
    said = str(caught.value)
    assert f"imports: {name} is no file of Python\n" in said
    assert said.endswith("  write  ./file.py  for a file beside the spec")
    assert "root:x" not in said


def test_an_exception_without_a_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("assert False")
    (tmp_path / "s.yaml").write_text(SPEC.format(file="bad.py", name="pooling"))
    with pytest.raises(SpecError) as caught:
        archdsl.load(tmp_path / "s.yaml")
    assert "imports: ./bad.py failed with AssertionError\n" in str(caught.value)


def test_a_missing_file_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(SPEC.format(file="gone.py", name="pooling"))
    with pytest.raises(SpecError, match=r"there is no file .*gone\.py"):
        archdsl.load(tmp_path / "s.yaml")


@pytest.mark.parametrize(
    ("signature", "words"),
    [
        ("self, width", "the compiler knows nothing called 'width'"),
        ("self, dim, *, kernel", "the option 'kernel' has no type"),
        ("self, dim, *, kernel: dict = {}", "is no type for an option"),
        ("self, dim, *, choice: int = 1", "'choice' is a word of the language"),
    ],
)
def test_a_signature_that_cannot_be_served_is_refused_at_registration(
    tmp_path: Path, signature: str, words: str
) -> None:
    text = MIXER.format(name="shift_five", kernel=3)
    text = text.replace("self, dim, *, kernel: Odd = 3", signature)
    (tmp_path / "bad.py").write_text(text)
    (tmp_path / "s.yaml").write_text(SPEC.format(file="bad.py", name="pooling"))
    with pytest.raises(SpecError) as caught:
        archdsl.load(tmp_path / "s.yaml")
    assert words in str(caught.value)


def test_an_installed_plugin_registers_its_components(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shift_plugin.py").write_text(MIXER.format(name="shift_six", kernel=3))
    (tmp_path / "shift_plugin-1.0.dist-info").mkdir()
    meta = tmp_path / "shift_plugin-1.0.dist-info"
    (meta / "METADATA").write_text("Metadata-Version: 2.1\nName: shift_plugin\nVersion: 1.0\n")
    (meta / "entry_points.txt").write_text(f"[{PLUGINS}]\nshift = shift_plugin\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert importlib.metadata.entry_points(group=PLUGINS).names == {"shift"}
    load_plugins()
    assert registry.find("token_mixer", "shift_six") is not None


def test_a_broken_plugin_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    meta = tmp_path / "sad_plugin-1.0.dist-info"
    meta.mkdir()
    (meta / "METADATA").write_text("Metadata-Version: 2.1\nName: sad_plugin\nVersion: 1.0\n")
    (meta / "entry_points.txt").write_text(f"[{PLUGINS}]\nsad = sad_plugin\n")
    (tmp_path / "sad_plugin.py").write_text("raise RuntimeError('sad')")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ArchError, match=r"the plugin sad \(sad_plugin\) failed .* sad"):
        load_plugins()
