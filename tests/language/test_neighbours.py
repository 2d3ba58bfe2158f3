"""What an imported file imports from beside it: its own neighbours, and nobody else's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import archdsl
from archdsl.components import registry
from archdsl.errors import SpecError

MIXER = '''
from torch import nn

from archdsl import Odd, token_mixer

{imports}


@token_mixer("{name}")
class Mixer(nn.Module):
    """Multiply.

    kernel: which has no effect
    """

    def __init__(self, dim, *, kernel: Odd = {kernel}):
        super().__init__()

    def forward(self, x):
        return x * {factor}
'''
SPEC = """archdsl: 1
imports: [{imports}]
input: [1, 4, 4]
classes: 0
stem: {{type: conv, kernel: 1}}
block: {{token_mixer: {mixer}}}
stages: [{{dim: 8, depth: 1}}]
"""


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def mixer(name: str, imports: str = "", kernel: object = 3, factor: object = 1) -> str:
    return MIXER.format(name=name, imports=imports, kernel=kernel, factor=factor)


def spec(folder: Path, imports: str, mixer: str) -> Path:
    path = folder / "s.yaml"
    path.write_text(SPEC.format(imports=imports, mixer=mixer))
    return path


def kernel_of(path: Path) -> Any:
    [block] = archdsl.load(path).network().blocks()
    return dict(block.branches[0].mixers[0].component.options)["kernel"]


def refused(folder: Path, path: Path) -> str:
    with pytest.raises(SpecError) as caught:
        archdsl.load(path)
    return str(caught.value).replace(f"{folder}/", "")


@pytest.mark.parametrize(
    ("imports", "kernel"),
    [
        ("import beside", "beside.KERNEL"),
        ("import beside as other", "other.KERNEL"),
        ("from beside import KERNEL", "KERNEL"),
        ("from beside import *", "KERNEL"),
        ("from .beside import KERNEL", "KERNEL"),
        ("from . import beside", "beside.KERNEL"),
        ("import pack.inner", "pack.inner.KERNEL"),
        ("import pack.inner as other", "other.KERNEL"),
        ("from pack import inner", "inner.KERNEL"),
        ("from pack.inner import KERNEL", "KERNEL"),
        ("import plain.inner", "plain.inner.KERNEL"),
        ("from plain.inner import KERNEL", "KERNEL"),
        ("import round_trip", "round_trip.kernel()"),
    ],
)
def test_a_file_imports_its_neighbours(tmp_path: Path, imports: str, kernel: str) -> None:
    write(
        tmp_path,
        {
            "mixers.py": mixer("beside_one", imports, kernel),
            "beside.py": "KERNEL = 5",
            "pack/__init__.py": "",
            "pack/inner.py": "from beside import KERNEL",
            "plain/inner.py": "from beside import KERNEL",
            "round_trip.py": "import mixers\n\n\ndef kernel():\n"
            "    import pack.inner as i\n    return i.KERNEL",
        },
    )
    assert kernel_of(spec(tmp_path, "./mixers.py", "beside_one")) == 5


@pytest.mark.parametrize("entry", ["./pack", "./pack/", "./below/../pack"])
def test_a_package_is_imported_whole(tmp_path: Path, entry: str) -> None:
    write(
        tmp_path,
        {
            "pack/__init__.py": "from .mixers import Mixer",
            "pack/mixers.py": mixer("packed", "from .deep.far import KERNEL", "KERNEL"),
            "pack/deep/__init__.py": "",
            "pack/deep/far.py": "from pack.near import KERNEL",
            "pack/near.py": "from ..pack import nearer\nKERNEL = nearer.KERNEL",
            "pack/nearer.py": "import outside\nKERNEL = outside.KERNEL",
            "outside.py": "KERNEL = 7",
            "below/x": "",
        },
    )
    assert kernel_of(spec(tmp_path, entry, "packed")) == 7


def test_neighbours_of_one_name_are_not_taken_for_each_other(tmp_path: Path) -> None:
    for folder, kernel in (("a", 5), ("b", 7)):
        write(
            tmp_path / folder,
            {
                "mixers.py": mixer(f"mixer_{folder}", "import beside", "beside.KERNEL"),
                "beside.py": f"KERNEL = {kernel}",
            },
        )
    both = "./a/mixers.py, ./b/mixers.py"
    assert kernel_of(spec(tmp_path, both, "mixer_a")) == 5
    assert kernel_of(spec(tmp_path, both, "mixer_b")) == 7
    assert kernel_of(spec(tmp_path, "./b/mixers.py, ./a/mixers.py", "mixer_a")) == 5


def test_a_neighbour_that_was_edited_is_read_again(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "one.py": mixer("edited_one", "import far", "far.near.KERNEL"),
            "two.py": mixer("edited_two", "from near import KERNEL", "KERNEL"),
            "far.py": "from . import near",
            "near.py": "KERNEL = 5",
        },
    )
    both = "./one.py, ./two.py"
    assert kernel_of(spec(tmp_path, both, "edited_one")) == 5
    write(tmp_path, {"near.py": "KERNEL = 7"})
    assert kernel_of(spec(tmp_path, "./one.py", "edited_one")) == 7
    assert kernel_of(spec(tmp_path, both, "edited_two")) == 7
    write(tmp_path, {"near.py": "KERNEL = 9"})
    assert kernel_of(spec(tmp_path, "./two.py", "edited_two")) == 9
    assert kernel_of(spec(tmp_path, both, "edited_one")) == 9
    (tmp_path / "near.py").unlink()
    assert "cannot import name 'near'" in refused(tmp_path, tmp_path / "s.yaml")


def test_what_was_not_edited_is_not_run_again(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "mixers.py": mixer("counted", "import beside", 3),
            "beside.py": f"with open({str(tmp_path / 'runs')!r}, 'a') as f:\n    f.write('x')",
        },
    )
    for _ in range(3):
        archdsl.load(spec(tmp_path, "./mixers.py", "counted"))
    assert (tmp_path / "runs").read_text() == "x"
    (tmp_path / "mixers.py").write_text(mixer("counted", "import beside", 5))
    archdsl.load(tmp_path / "s.yaml")
    assert (tmp_path / "runs").read_text() == "x"


def test_what_others_import_is_not_touched(tmp_path: Path) -> None:
    write(tmp_path, {"mixers.py": mixer("apart", "import json\nfrom os import path"), "x.py": ""})
    archdsl.load(spec(tmp_path, "./mixers.py", "apart"))
    with pytest.raises(ModuleNotFoundError):
        __import__("x")
    definition = registry.find("token_mixer", "apart")
    assert definition is not None
    assert definition.where.endswith("mixers.py:10")


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("random", "random of the standard library"),
        ("yaml", "the installed yaml"),
        ("archdsl", "the installed archdsl"),
    ],
)
def test_a_neighbour_that_is_called_as_what_python_has(
    tmp_path: Path, name: str, what: str
) -> None:
    write(tmp_path, {"mixers.py": f"import {name}", f"{name}.py": "X = 1"})
    path = spec(tmp_path, "./mixers.py", "identity")
    assert refused(tmp_path, path) == (
        f"mixers.py:1:1: imports: '{name}' may be {name}.py beside the file or {what}.  write  "
        f"from . import {name}  for the one beside it, or rename that\n"
        f"    1 | import {name}\n      | {'^' * len(f'import {name}')}\n"
        "  it is imported at s.yaml:2:1"
    )
    write(tmp_path, {"mixers.py": f"from . import {name}\nassert {name}.X == 1"})
    archdsl.load(path)
    (tmp_path / f"{name}.py").unlink()
    write(tmp_path, {"mixers.py": f"import {name}", f"{name}/notes.txt": ""})
    archdsl.load(path)  # a folder without __init__.py is the last that Python looks for


AT = "  it is imported at s.yaml:2:1"
MEND = f"  mend it so that Python can import it by itself\n{AT}"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {"mixers.py": "import beside", "beside.py": "\n\ndef f(x):\n    return 1 / x\n\nf(0)"},
            "beside.py:4:12: imports: ./mixers.py failed with ZeroDivisionError: division by zero\n"
            f"    4 |     return 1 / x\n      |            ^^^^^\n{MEND}",
        ),
        (
            {"mixers.py": "import beside", "beside.py": "x = 1\ndef broken(:\n"},
            "beside.py:2:12: imports: ./mixers.py failed with SyntaxError: invalid syntax "
            f"(beside.py, line 2)\n    2 | def broken(:\n      |            ^\n{MEND}",
        ),
        (
            {"mixers.py": "x = 1\nimport nowhere_at_all"},
            "mixers.py:2:1: imports: ./mixers.py: no module is called nowhere_at_all\n"
            "    2 | import nowhere_at_all\n      | ^^^^^^^^^^^^^^^^^^^^^\n"
            f"  install it, or put nowhere_at_all.py beside mixers.py\n{AT}",
        ),
        (
            {"mixers.py": "from . import nothing"},
            "mixers.py:1:1: imports: ./mixers.py failed with ImportError: cannot import name "
            "'nothing' from 'FOLDER' (unknown location)\n"
            f"    1 | from . import nothing\n      | ^^^^^^^^^^^^^^^^^^^^^\n{MEND}",
        ),
        (
            {"mixers.py": "import importlib\nimportlib.import_module('beside')", "beside.py": ""},
            "mixers.py:2:1: imports: ./mixers.py: no module is called beside\n"
            "    2 | importlib.import_module('beside')\n"
            "      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
            f"  beside.py is found by the statement  import,  and by no computed name\n{AT}",
        ),
        (
            {"mixers.py": "import beside", "beside.py": mixer("fails", "", 4)},
            "beside.py:9:2: imports: token mixer 'fails': the default of 'kernel' is 4, which is "
            "not an odd int.  change the default or the type\n"
            '    9 | @token_mixer("fails")\n      |  ^^^^^^^^^^^^^^^^^^^^\n'
            f"{AT}",
        ),
    ],
)
def test_an_error_is_shown_at_its_own_line(
    tmp_path: Path, files: dict[str, str], said: str
) -> None:
    path = spec(write(tmp_path, files), "./mixers.py", "identity")
    assert refused(tmp_path, path) == said.replace("FOLDER", tmp_path.name)


def test_so_it_is_in_a_module_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    write(tmp_path, {"named_and_broken.py": "x = 1\nraise ValueError('no')"})
    said = refused(tmp_path, spec(tmp_path, "named_and_broken", "identity"))
    assert said.startswith(
        "named_and_broken.py:2:1: imports: named_and_broken failed with ValueError: no\n"
    )


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("./pack", "./pack is a folder without __init__.py"),
        ("./both.py", "beside ./both.py lies a package both/ of the same name"),
    ],
)
def test_an_entry_that_is_no_package_or_two_things(tmp_path: Path, entry: str, words: str) -> None:
    write(tmp_path, {"pack/mixers.py": "", "both.py": "", "both/__init__.py": ""})
    path = spec(tmp_path, entry, "identity")
    assert refused(tmp_path, path).startswith(f"s.yaml:2:1: imports: {words}\n")
    write(tmp_path, {"pack/__init__.py": ""})
    (tmp_path / "both" / "__init__.py").unlink()
    archdsl.load(path)


def test_what_a_parent_imports_lies_beside_the_parent(tmp_path: Path) -> None:
    for folder, kernel in (("base", 5), ("top", 7)):
        write(
            tmp_path / folder,
            {
                "mixers.py": mixer(f"of_{folder}", "import beside", "beside.KERNEL"),
                "beside.py": f"KERNEL = {kernel}",
            },
        )
    spec(tmp_path / "base", "./mixers.py", "of_base")
    child = tmp_path / "top" / "child.yaml"
    for lines, kernel in (
        ("", 5),
        ("imports: [./mixers.py]\nblock.token_mixer: of_top\n", 7),
    ):
        child.write_text(f"archdsl: 1\nextends: ../base/s.yaml\n{lines}")
        assert kernel_of(child) == kernel
        loaded = archdsl.load(child)
        again = tmp_path / "top" / "again.yaml"
        again.write_text(loaded.dump())
        assert kernel_of(again) == kernel
        assert archdsl.load(again).tree == loaded.tree
    assert loaded.tree["imports"] == ["../base/mixers.py", "./mixers.py"]


def test_a_sandbox_runs_none_of_it(tmp_path: Path) -> None:
    write(tmp_path, {"pack/__init__.py": "raise SystemExit('ran')"})
    with pytest.raises(SpecError, match=r"the import of \./pack is refused in the sandbox"):
        archdsl.load(spec(tmp_path, "./pack", "identity"), sandbox=True)
