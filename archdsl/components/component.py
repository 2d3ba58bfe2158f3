"""A component as the compiler holds it: a name, and options with nothing left to decide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from archdsl.components import registry
from archdsl.components.defaults import ComponentDefault, same
from archdsl.components.options import OptionValue
from archdsl.components.registry import Definition


@dataclass(frozen=True, slots=True)
class Component:
    """A registered component with every option set, defaults included.

    Hashable: two equal components are the same layer, whatever their address. Option values
    are None, bool, int, float, str, tuples of those, or Components.
    """

    kind: str
    type: str
    options: tuple[tuple[str, OptionValue], ...]

    @property
    def definition(self) -> Definition:
        """What the registry knows about it."""
        found = registry.find(self.kind, self.type)
        assert found is not None, f"{self.kind} {self.type} was registered when this was made"
        return found

    def __getitem__(self, option: str) -> OptionValue:
        return dict(self.options)[option]

    def changed(self) -> dict[str, OptionValue]:
        """The options that differ from the signature's defaults."""
        known = self.definition.options
        return {
            name: value
            for name, value in self.options
            if not same(value, as_value(known[name].default))
        }

    def nested(self) -> Iterator[Component]:
        """The components among the options, at any depth."""
        for _, value in self.options:
            for item in value if isinstance(value, tuple) else (value,):
                if isinstance(item, Component):
                    yield item
                    yield from item.nested()


def component(kind: str, type: str, **options: OptionValue) -> Component:
    """A component by name, with the signature's defaults for options that are not given."""
    definition = registry.find(kind, type)
    if definition is None:
        raise KeyError(f"{kind} {type}")
    return of_definition(definition, options)


def of_definition(definition: Definition, options: Mapping[str, OptionValue]) -> Component:
    """A component of a definition; `options` are already checked values."""
    filled = tuple(
        (name, options[name] if name in options else as_value(option.default))
        for name, option in definition.options.items()
    )
    return Component(definition.kind, definition.name, filled)


def as_value(default: OptionValue) -> OptionValue:
    """A signature's converted default as a resolved value: its Parts become Components."""
    if isinstance(default, ComponentDefault):
        options = {name: as_value(value) for name, value in default.options}
        return component(default.kind, default.type, **options)
    if isinstance(default, tuple):
        return tuple(map(as_value, default))
    return default
