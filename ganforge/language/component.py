"""Components: declarations that a registry can name, and the one decorator that marks them."""

from __future__ import annotations

import difflib
import functools
import inspect
import typing
from collections.abc import Callable
from typing import Any, ClassVar, Self, TypeVar, dataclass_transform

import attrs

from ..errors import RecipeError, Site
from .annotation import accepts, describe, received
from .site import here, report

C = TypeVar("C", bound="Component")


@attrs.frozen
class Declaration:
    """What the decorator was told about a component class.

    Args:
        name: The component's short name; empty for abstract bases.
        version: Raised by the author whenever the same parameters would give other numbers.
    """

    name: str
    version: int


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(attrs.field,))
def component(name: str = "", *, version: int = 1, eq: bool = True) -> Callable[[type[C]], type[C]]:
    """Mark a class as a component: a frozen declaration whose annotated fields are its parameters.

    Args:
        name: Short name, lower case with hyphens; leave it out for an abstract base.
        version: Raise it whenever the same parameters would give other numbers.
        eq: Whether two components with equal parameters are equal; networks are equal only to themselves.
    """

    def decorate(cls: type[C]) -> type[C]:
        made = attrs.define(cls, frozen=True, kw_only=True, slots=False, eq=eq)
        made.declaration = Declaration(name, version)
        made.__init__ = _checking(made, made.__init__)  # type: ignore[method-assign]
        return made

    return decorate


def _checking(cls: type[Component], generated: Callable[..., None]) -> Callable[..., None]:
    """Wrap the generated ``__init__`` so that what does not fit is a recipe problem with a place."""

    @functools.wraps(generated)
    def __init__(self: Component, *args: Any, **kwargs: Any) -> None:
        name = type(self).component_name()
        known = [field.name for field in cls.parameters()]
        for key in [key for key in kwargs if key not in known]:
            del kwargs[key]
            report(f"{name} has no parameter '{key}'. It takes: {', '.join(known)}.", hint=suggestion(key, known))
        try:
            generated(self, *args, **kwargs)
        except TypeError as error:
            text = str(error).replace(f"{cls.__name__}.__init__()", name)
            raise RecipeError(f"{text}.", f"it takes: {', '.join(known)}", here()) from None
        except ValueError as error:
            # Validators run last, so the object is whole and reading can go on to find further problems.
            report(f"{name}: {error.args[0]}.")
        _check_types(self)

    return __init__


def _fields(cls: type) -> tuple[attrs.Attribute[Any], ...]:
    # attrs' own signature asks for a protocol that mypy cannot see through our decorator.
    fields: tuple[attrs.Attribute[Any], ...] = attrs.fields(cls)
    return fields


@functools.cache
def field_types(cls: type) -> dict[str, Any]:
    """The evaluated annotations of a component's parameters; Any where one cannot be evaluated."""
    names = {field.name for field in _fields(cls) if field.init}
    found: dict[str, Any] = dict.fromkeys(names, Any)
    for base in reversed(cls.__mro__):
        space = vars(inspect.getmodule(base)) if inspect.getmodule(base) else {}
        for name, annotation in vars(base).get("__annotations__", {}).items():
            if name in names:
                found[name] = _evaluated(annotation, space)
    return found


def _evaluated(annotation: Any, space: dict[str, Any]) -> Any:
    if not isinstance(annotation, str):
        return annotation
    try:
        return typing.get_type_hints(_Holder(annotation), space)["value"]
    except (NameError, AttributeError, TypeError):  # Names that exist for type checkers only.
        return Any


class _Holder:
    def __init__(self, annotation: str) -> None:
        self.__annotations__ = {"value": annotation}


def _check_types(self: Component) -> None:
    for name, annotation in field_types(type(self)).items():
        value = getattr(self, name)
        if not accepts(value, annotation):
            owner = type(self).component_name()
            report(f"{owner}: '{name}' must be {describe(annotation)}; received {received(value)}.")


def suggestion(word: str, known: typing.Iterable[str]) -> str:
    """The nearest known word as a question, or nothing."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"did you mean '{near[0]}'?" if near else ""


@component()
class Component:
    """Base of everything a registry can name. Importing a component imports no torch."""

    kind: ClassVar[str] = ""
    declaration: ClassVar[Declaration] = Declaration("", 1)
    __ganforge_component__: ClassVar[bool] = True

    site: Site | None = attrs.field(init=False, eq=False, repr=False, factory=here)

    @classmethod
    def parameters(cls) -> tuple[attrs.Attribute[Any], ...]:
        """The fields that a recipe or a command line may set."""
        return tuple(field for field in _fields(cls) if field.init)

    @classmethod
    def component_name(cls) -> str:
        """The declared short name, else the class's own."""
        return cls.declaration.name or cls.__name__

    def values(self) -> dict[str, Any]:
        """The parameters with their values."""
        return {field.name: getattr(self, field.name) for field in type(self).parameters()}

    def with_values(self, **changed: Any) -> Self:
        """The same component with some parameters changed."""
        return type(self)(**(self.values() | changed))
