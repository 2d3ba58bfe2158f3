"""What stands for torch in the catalogue: classes that are named there, and never built."""

from __future__ import annotations

from typing import Any


class _Names:
    """A module of torch: whatever is asked of it is a class of that name, always the same."""

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        made = type(name, (), {"__module__": __name__})
        setattr(self, name, made)
        return made


nn: Any = _Names()
Tensor: Any = nn.Tensor
