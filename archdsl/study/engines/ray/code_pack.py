"""The user's own code as one file that travels with the jobs, and as files again where it came to.

What Python finds as installed does not travel: it has to be there.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archdsl.data.fingerprint import digest_of
from archdsl.language.settings import ProxySettings
from archdsl.spaces import Space
from archdsl.study.identity.code import program_folders
from archdsl.study.identity.evidence import code_behind

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first that a zip file can say: equal files, equal bytes


@dataclass(frozen=True, slots=True)
class CodePack:
    """Files of Python under the whole paths that they have where the search runs.

    zipped: the files; digest: of all of it
    looked_in: folders there that Python looks in; folder: the working directory there
    data: what is read by its path, and has to be on every machine
    """

    zipped: bytes
    digest: str
    looked_in: tuple[str, ...]
    folder: str
    data: tuple[str, ...]

    def unpack(self, root: Path) -> None:
        """Make the files below a folder that is there and empty."""
        with zipfile.ZipFile(io.BytesIO(self.zipped)) as archive:
            archive.extractall(root)


def pack(space: Space, settings: ProxySettings | None, evaluate: Any = None) -> CodePack:
    """The code that the members of a space are judged with.

    settings: of the training; evaluate: the user's own judge, in its place
    """
    paths = code_behind(space, settings, evaluate).paths
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(paths):
            name = path.relative_to(path.anchor).as_posix()
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), path.read_bytes())
    zipped = stream.getvalue()
    folders = (str(one) for one in program_folders() if any(p.is_relative_to(one) for p in paths))
    looked_in = tuple(dict.fromkeys(folders))
    folder, data = str(Path.cwd()), () if settings is None else _data(settings)
    digest = digest_of(b"\0".join([zipped, repr((looked_in, folder, data)).encode()]))
    return CodePack(zipped, digest, looked_in, folder, data)


def _data(settings: ProxySettings) -> tuple[str, ...]:
    """The path that a data source reads."""
    options = {} if settings.data is None else dict(settings.data.options)
    path = options.get("path")
    return (str(Path(settings.folder).absolute() / path),) if isinstance(path, str) else ()
