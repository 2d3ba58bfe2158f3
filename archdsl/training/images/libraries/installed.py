"""What is said where a library of augmentations cannot be imported."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from archdsl.errors import SearchError

_CURES = {
    "kornia": "pip install 'archdsl[train]'",
    "torchvision": "install the release that belongs to torch {}, or write  library: kornia",
    "timm": "pip install timm, or write  library: kornia",
}


@contextmanager
def importing(name: str) -> Iterator[None]:
    """Raise SearchError where the import inside fails.

    That is where the library is not installed, or torchvision, which timm imports, is not, or is
    the one for another torch.
    """
    try:
        yield
    except ImportError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in (name, "torchvision"):
            raise
        needs = "which" if missing == name else f"which needs {missing}, which"
        cure = _CURES[missing].format(torch.__version__)
        raise SearchError(
            f"recipe: augmentation needs the package {name}, {needs} is not installed.  {cure}"
        ) from None
    except RuntimeError as error:  # its compiled operators are of another build
        text = str(error).partition("\n")[0]
        if "torchvision::" not in text:
            raise
        cure = _CURES["torchvision"].format(torch.__version__)
        raise SearchError(
            f"recipe: augmentation needs the package {name}, and the installed torchvision does "
            f"not match torch {torch.__version__} ({text}).  {cure}"
        ) from None
