"""Saved folders from the Hugging Face Hub, and to it.

The names and the arguments are those of `huggingface_hub.PyTorchModelHubMixin`. A repository holds
what `archdsl.save` writes, and no other code reads it.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archdsl import given
from archdsl.api import load_model, save
from archdsl.errors import BuildError
from archdsl.printable import shown

if TYPE_CHECKING:
    from torch import nn

    from archdsl.compiler.backbone import Backbone
    from archdsl.compiler.builder import Built

WANTED = ("spec.yaml", "model.safetensors", "config.json", "README.md", "*.py")
"""What of a repository is fetched: no pickle is, whatever else lies there."""


def from_pretrained(
    name: str | Path,
    *,
    revision: str | None = None,
    cache_dir: str | Path | None = None,
    token: str | bool | None = None,
    local_files_only: bool = False,
    force_download: bool = False,
    imports: bool = False,
) -> Built | Backbone:
    """The model of a folder that `archdsl.save` wrote, here or in a repository of the Hub, in eval.

    name: a folder, or a repository as "owner/name"
    revision, cache_dir, token, local_files_only, force_download: as huggingface_hub has them
    imports: whether Python that the spec imports may run. It is refused otherwise: whoever wrote
        the repository wrote that, too
    Raises BuildError where huggingface_hub is not there, or the repository cannot be had; and as
    `archdsl.load_model`.
    """
    folder = given.path("name", name, BuildError)
    given.truth("imports", imports, BuildError)
    if not folder.is_dir():
        folder = _fetched(
            str(name), revision=revision, cache_dir=cache_dir, token=token,
            local_files_only=local_files_only, force_download=force_download,
        )  # fmt: skip
    model = load_model(folder, sandbox=not imports)
    model.eval()
    return model


def save_pretrained(
    model: nn.Module,
    save_directory: str | Path,
    *,
    repo_id: str | None = None,
    push: bool = False,
    **options: Any,
) -> Path:
    """Save a model into a folder, as `archdsl.save` does, and push it where that is wanted.

    repo_id: the repository, by default one that is called like the folder
    options: as of `push_to_hub`
    Raises BuildError.
    """
    folder = given.path("save_directory", save_directory, BuildError)
    save(model, f"{folder}/")
    if push:
        _uploaded(folder, repo_id or folder.name, **options)
    elif options or repo_id is not None:
        about = next(iter(options), "repo_id")
        raise BuildError(f"{about} is about the Hub.  write  push=True, or leave it out")
    return folder


def push_to_hub(
    model: nn.Module,
    repo_id: str,
    *,
    private: bool | None = None,
    token: str | None = None,
    branch: str | None = None,
    create_pr: bool | None = None,
    commit_message: str = "Push model using archdsl.",
) -> str:
    """Save a model and upload the folder; returns the address of the commit.

    repo_id: "owner/name", or a name among one's own; it is made where it is missing
    private, token, branch, create_pr, commit_message: as huggingface_hub has them
    Raises BuildError where huggingface_hub is not there, and where the Hub refuses.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "model"
        save(model, f"{folder}/")
        return _uploaded(
            folder, repo_id, private=private, token=token, branch=branch, create_pr=create_pr,
            commit_message=commit_message,
        )  # fmt: skip


def _uploaded(
    folder: Path,
    repo_id: str,
    *,
    private: bool | None = None,
    token: str | None = None,
    branch: str | None = None,
    create_pr: bool | None = None,
    commit_message: str = "Push model using archdsl.",
) -> str:
    hub = _hub()
    try:
        api = hub.HfApi(token=token)
        repo = api.create_repo(repo_id=repo_id, private=private, exist_ok=True).repo_id
        done = api.upload_folder(
            repo_id=repo, folder_path=folder, revision=branch, create_pr=create_pr,
            commit_message=commit_message, ignore_patterns=["__pycache__/**"],
        )  # fmt: skip
    except Exception as error:
        raise _refused(hub, f"{repo_id} was not uploaded", error) from error
    return str(getattr(done, "commit_url", done))


def _fetched(name: str, **options: Any) -> Path:
    hub = _hub()
    if name.count("/") != 1 or name.startswith((".", "/")):
        raise BuildError(
            f"there is no folder {shown(name)}, and a repository of the Hub is  owner/name.  name "
            "one of them"
        )
    try:
        return Path(hub.snapshot_download(name, allow_patterns=list(WANTED), **options))
    except Exception as error:
        raise _refused(hub, f"{name} cannot be had", error) from error


def _refused(hub: Any, what: str, error: Exception) -> Exception:
    """What the Hub, or the way to it, has against it; any other error stays what it is."""
    # its own error is one of the library that it speaks HTTP by, whose others are of the way there
    above = [one for one in hub.errors.HfHubHTTPError.__mro__ if issubclass(one, Exception)]
    known = (*(one for one in above if one is not Exception), OSError, ValueError)
    if not isinstance(error, known):
        return error
    words = str(error).strip().partition("\n")[0] or type(error).__name__
    return BuildError(f"{what}: {words}.  see to the name, the token, the network")


def _hub() -> Any:
    try:
        import huggingface_hub
        import huggingface_hub.errors
    except ImportError as error:
        raise BuildError(
            f"huggingface_hub cannot be imported ({error}).  pip install 'archdsl[hub]'"
        ) from None
    return huggingface_hub
