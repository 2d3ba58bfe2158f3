# Made from archdsl/nn by  make catalogue.  Change it there.
"""What a component's torch-free `check` needs to say whether it fits where it stands."""
from __future__ import annotations
from archdsl.components.component import Component
from archdsl.components.options import OptionValue
from archdsl.components.statics import ask, no_words
from archdsl.errors import Misfit

def inner_misfit(component: Component | None, **context: OptionValue) -> Misfit | None:
    """What a component among the options says about the context that it will be given."""
    if component is None:
        return None
    found = ask(component.definition, 'check', {**context, **dict(component.options)})
    if found is not None and (not isinstance(found, (str, Misfit))) or found == '':
        raise no_words(component.definition, found)
    return Misfit(found) if isinstance(found, str) else found

def norm_misfit(norm: Component | None, dim: int) -> Misfit | None:
    """What a norm among the options says about a width that need not be the stage's."""
    found = inner_misfit(norm, dim=dim)
    if norm is None or found is None or (not found.about):
        return found
    return Misfit(f'has {norm.type} on {dim} channels, which it {found.problem}', found.cure)

def act_misfit(act: Component | None) -> Misfit | None:
    """Why an activation cannot stand where each element is activated by itself."""
    if act is None or getattr(act.definition.cls, 'elementwise', True):
        return None
    return Misfit(f'activates each element by itself, and {act.type} compares elements', cure=f'choose gelu or relu; {act.type} belongs into a meta_mixer with  key: dynamic')

def hidden_misfit(hidden: int, ratio: float) -> Misfit | None:
    """Why a ratio leaves too few hidden channels."""
    if hidden >= 1:
        return None
    return Misfit(f'has no hidden channels with a ratio of {ratio:g}', cure='choose a larger ratio')

def heads_misfit(dim: int, head_dim: int) -> Misfit | None:
    """Why `dim` channels cannot be split into heads of `head_dim`."""
    if dim % head_dim == 0:
        return None
    divisors = [str(number) for number in range(1, dim + 1) if dim % number == 0]
    listed = ' '.join(divisors[:11]) + (' …' if len(divisors) > 11 else '')
    return Misfit(f'cannot split into heads of {head_dim}', cure=f'choose head_dim from {listed}, or widths that are multiples of {head_dim}', about='dim')
