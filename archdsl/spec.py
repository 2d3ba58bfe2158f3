"""The old name of archdsl.language, for one minor version: the same modules under both names."""

import importlib
import pkgutil
import sys
import warnings

warnings.warn(
    "archdsl.spec is called archdsl.language now; the old name goes with archdsl 0.3",
    DeprecationWarning,
    stacklevel=2,
)
_LANGUAGE = importlib.import_module("archdsl.language")
for _module in pkgutil.iter_modules(_LANGUAGE.__path__):
    # An import of archdsl.spec.load finds the module here and looks for no file.
    sys.modules[f"{__name__}.{_module.name}"] = importlib.import_module(
        f"archdsl.language.{_module.name}"
    )
sys.modules[__name__] = _LANGUAGE
