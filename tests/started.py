"""Python programs in processes of their own, forked from one that has imported what is slow.

    subprocess.run([*started.python(), "-c", program], cwd=..., env=..., capture_output=True)

Starting an interpreter that imports torch takes seconds. One process of every pytest worker has
imported torch and Lightning, nothing of archdsl, and has run no operator; it forks for each
program. The process that `subprocess` starts is a small client: what it is given (arguments,
working directory, environment, the three streams or their absence, umask, limits) it hands over,
and it ends as the program ends, by an exit code or by a signal.

What a fork cannot take on starts a real interpreter in the client's place: options of Python but
`-c` and `-m`, and an environment that tells Python or a library of numbers something else than
pytest's own does. So does a program that is sent no further signal than SIGKILL alone: tests of
other signals, of memory, of what is imported, and of Python's own start say `sys.executable`.
"""

from __future__ import annotations

import atexit
import json
import os
import resource
import socket
import sys

PRELOADED = ("torch", "lightning")
STREAMS = (0, 1, 2)
TOLD = ("PYTHON", "OMP_", "MKL_", "KMP_", "LD_", "LC_", "LANG", "TORCH")
"""How names begin that are read when an interpreter starts, or when torch is imported."""

SET_IN_PYTEST = ("TORCHINDUCTOR_CACHE_DIR", "KMP_DUPLICATE_LIB_OK", "KMP_INIT_AT_FORK")
"""Those of them that torch and scikit-learn set where they are imported."""

_command: list[str] = []


def python() -> list[str]:
    """The first words of a command, in place of `[sys.executable]`."""
    if not _command:
        _command.extend([sys.executable] if sys.platform != "linux" else _served())
    return _command


def _served() -> list[str]:
    import subprocess
    import tempfile

    folder = tempfile.TemporaryDirectory(prefix="started_")
    address = os.path.join(folder.name, "s")  # noqa: PTH118 (the client imports no pathlib)
    server = subprocess.Popen(
        [sys.executable, __file__, "serve", address],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/", start_new_session=True,
    )  # fmt: skip
    assert server.stdin is not None and server.stdout is not None
    assert server.stdout.read(1) == b"1", "the server of processes has not started"

    def end() -> None:
        server.stdin.close()
        server.wait()
        folder.cleanup()

    atexit.register(end)
    return [sys.executable, "-I", "-S", __file__, address]


# The client. It imports little, as every program waits for it.


def _ask(address: str, arguments: list[str]) -> None:
    given = [fd for fd in STREAMS if _is_open(fd)]
    server = socket.socket(socket.AF_UNIX)
    if server.fileno() in STREAMS:
        import fcntl

        high = fcntl.fcntl(server.detach(), fcntl.F_DUPFD_CLOEXEC, 10)
        server = socket.socket(socket.AF_UNIX, fileno=high)
    server.connect(address)
    os.umask(umask := os.umask(0o077))
    job = {
        "arguments": arguments,
        "environment": dict(os.environ),
        "folder": os.getcwd(),  # noqa: PTH109
        "streams": given,
        "umask": umask,
        "limits": [(kind, resource.getrlimit(kind)) for kind in _limits()],
    }
    text = json.dumps(job).encode()
    socket.send_fds(server, [len(text).to_bytes(8, "big")], given)
    server.sendall(text)
    answer = server.recv(64)
    if answer == b"start":
        os.execv(sys.executable, [sys.executable, *arguments])
    status = int(answer)
    if os.WIFSIGNALED(status):
        import signal

        number = os.WTERMSIG(status)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.waitstatus_to_exitcode(status))


def _is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def _limits() -> list[int]:
    return [getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")]


# The server. `_serve` comes back in every process that it forks for a program, which then is the
# rest of this file's run: what ends it is what ends any interpreter.


def _serve(address: str, own: dict[str, str]) -> dict[str, object]:
    import select
    import signal

    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(64)
    os.write(1, b"1")
    os.close(1)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # whoever minds a program is reaped at once
    while True:
        ready, _, _ = select.select([0, listener], [], [])
        if 0 in ready:
            os._exit(0)
        client, _ = listener.accept()
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            listener.close()
            return _minded(client, own)
        client.close()


def _minded(client: socket.socket, own: dict[str, str]) -> dict[str, object]:
    """Fork once more: the program's process comes back, and its parent ends when it has ended."""
    import select
    import signal

    size, streams, _, _ = socket.recv_fds(client, 8, len(STREAMS))
    text = b""
    while len(text) < int.from_bytes(size, "big"):
        text += client.recv(1 << 20)
    job = json.loads(text)
    if not _may_be_forked(job, own):
        client.sendall(b"start")
        os._exit(0)
    child = os.fork()
    if child == 0:
        client.close()
        imports = {name: os.environ[name] for name in os.environ if name not in own}
        job["environment"] = {**imports, **job["environment"]}
        _take(job, streams)
        return job
    for fd in (*streams, 0, 2):
        os.close(fd)
    ended = os.pidfd_open(child)
    if ended not in select.select([client, ended], [], [])[0]:  # the client is gone
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    try:
        client.sendall(str(status).encode())
    finally:
        os._exit(0)


def _may_be_forked(job: dict[str, object], own: dict[str, str]) -> bool:
    def told(environment: dict[str, str]) -> dict[str, str]:
        return {
            name: value
            for name, value in environment.items()
            if name.startswith(TOLD) and name not in ("PYTHONIOENCODING", *SET_IN_PYTEST)
        }

    first = job["arguments"][0]
    return told(job["environment"]) == told(own) and (first in ("-c", "-m") or first[0] != "-")


def _take(job: dict[str, object], streams: list[int]) -> None:
    """Take on what the client was given."""
    for fd in STREAMS:
        if fd not in job["streams"] and _is_open(fd):
            os.close(fd)
    for fd, stream in zip(job["streams"], streams, strict=True):
        os.dup2(stream, fd)
        os.close(stream)
    os.environ.clear()
    os.environ.update(job["environment"])
    os.chdir(job["folder"])
    os.umask(job["umask"])
    for kind, limit in job["limits"]:
        resource.setrlimit(kind, tuple(limit))
    encoding, _, errors = os.environ.get("PYTHONIOENCODING", "").partition(":")
    errors = errors or ("strict" if encoding else sys.__stdin__.errors)
    encoding = encoding or sys.__stdin__.encoding
    for fd, name in zip(STREAMS, ("stdin", "stdout", "stderr"), strict=True):
        stream = None
        if fd in job["streams"]:
            stream = _stream(fd, name, encoding, "backslashreplace" if fd == 2 else errors)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _stream(fd: int, name: str, encoding: str, errors: str) -> object:
    """A standard stream as an interpreter opens it as it starts."""
    import io

    at_once = bool(os.environ.get("PYTHONUNBUFFERED"))
    mode = "wb" if fd else "rb"
    buffer = open(fd, mode, 0 if fd and at_once else -1, closefd=False)  # noqa: SIM115
    getattr(buffer, "raw", buffer).name = f"<{name}>"
    by_line = not at_once and (fd == 2 or buffer.isatty())
    return io.TextIOWrapper(buffer, encoding, errors, "\n", by_line, at_once)


def _run(arguments: list[str]) -> None:
    """What an interpreter does with its arguments."""
    import runpy
    import types

    how, rest = arguments[0], arguments[1:]
    sys.orig_argv[1:] = arguments
    if how == "-m":
        sys.argv = ["-m", *rest[1:]]
        sys.path.insert(0, os.getcwd())  # noqa: PTH109
        runpy._run_module_as_main(rest[0])
        return
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    if how == "-c":
        sys.argv = ["-c", *rest[1:]]
        sys.path.insert(0, "")
        code = compile(rest[0], "<string>", "exec")
    else:
        sys.argv = arguments
        sys.path.insert(0, os.path.dirname(os.path.realpath(how)))  # noqa: PTH120
        main.__file__ = os.path.abspath(how)  # noqa: PTH100
        with open(how, "rb") as file:  # noqa: PTH123
            code = compile(file.read(), main.__file__, "exec")
    exec(code, main.__dict__)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        sys.path.pop(0)
        given = dict(os.environ)  # torch and Lightning set some variables themselves
        import gc
        import importlib

        for name in PRELOADED:
            importlib.import_module(name)
        gc.freeze()  # what is imported is no program's garbage: looking through it copies it
        _run(_serve(sys.argv[2], given)["arguments"])
    else:
        _ask(sys.argv[1], sys.argv[2:])
