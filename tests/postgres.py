"""A PostgreSQL server of a test's own, on a port of its own, from the system's packages."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

USER = "somebody"
PASSWORD = "opensesame-7f3a"


def programs() -> Path | None:
    """Where the programs of the server lie: Debian has them beside the path."""
    found = shutil.which("pg_ctl")
    if found is not None:
        return Path(found).parent
    known = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    return known[-1].parent if known else None


@dataclass
class Server:
    """A server in a folder of its own. It asks for a password."""

    programs: Path
    folder: Path
    port: int
    durable: bool = False

    @classmethod
    def new(cls, *, durable: bool = False) -> Server:
        """A server that runs. durable: whether what it says is done outlives a power cut"""
        at = programs()
        assert at is not None, "asked for where there is one"
        folder = Path(tempfile.mkdtemp(prefix="archdsl-postgres-"))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        made = cls(at, folder, port, durable)
        (folder / "password").write_text(PASSWORD)
        if os.getuid() == 0:  # which the server refuses to run as
            shutil.chown(folder, "postgres", "postgres")
            shutil.chown(folder / "password", "postgres", "postgres")
        made._run(
            "initdb", "-D", str(folder / "data"), "-U", USER, "--auth=scram-sha-256",
            f"--pwfile={folder / 'password'}", "--no-sync", "-E", "UTF8",
        )  # fmt: skip
        made.start()
        return made

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self.folder}"
        options += "" if self.durable else " -c fsync=off"
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-o", options,
                  "-l", str(self.folder / "log"), "start")  # fmt: skip

    def stop(self) -> None:
        """Stop at once, as a crash would."""
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-m", "immediate", "stop")

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, *, password: bool = True) -> str:
        said = f":{PASSWORD}" if password else ""
        return f"postgresql://{USER}{said}@127.0.0.1:{self.port}/postgres"

    def _run(self, program: str, *arguments: str) -> None:
        user = {"user": "postgres", "group": "postgres"} if os.getuid() == 0 else {}
        done = subprocess.run(
            [str(self.programs / program), *arguments], cwd=self.folder, text=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False, **user,
        )  # fmt: skip
        assert done.returncode == 0, f"{program}: {done.stderr}"
