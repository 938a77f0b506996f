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
from .number import Quantity
from .site import here, noted, pass_over, report

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
def component(name: str = "", *, version: int = 1, eq: bool | None = None) -> Callable[[type[C]], type[C]]:
    """Mark a class as a component: a frozen declaration whose annotated fields are its parameters.

    Args:
        name: Short name, lower case with hyphens; leave it out for an abstract base.
        version: Raise it whenever the same parameters would give other numbers.
        eq: Whether two components with equal parameters are equal; left out, as the base class has it.
            Networks are equal only to themselves.
    """

    if isinstance(name, type):
        raise TypeError("write @gf.component(...) with its parentheses")

    def decorate(cls: type[C]) -> type[C]:
        by_value = cls.equal_by_value if eq is None else eq
        made = attrs.define(cls, frozen=True, kw_only=True, slots=False, eq=by_value, field_transformer=_with_checks)
        made.declaration = Declaration(name, version)
        made.equal_by_value = by_value
        if not by_value:
            made.__eq__, made.__hash__ = object.__eq__, object.__hash__  # type: ignore[method-assign]
        made.__init__ = _checking(made, made.__init__)  # type: ignore[method-assign]
        pass_over(made)
        return made

    return decorate


def _checking(cls: type[Component], generated: Callable[..., None]) -> Callable[..., None]:
    """Wrap the generated ``__init__`` so that what does not fit is a recipe problem with a place."""
    fields = [field for field in _fields(cls) if field.init]
    known = [field.alias or field.name for field in fields]
    first = [field.alias or field.name for field in fields if not field.kw_only]
    needed = [field.alias or field.name for field in fields if field.default is attrs.NOTHING]

    @functools.wraps(generated)
    def __init__(self: Component, *args: Any, **kwargs: Any) -> None:
        name, takes = type(self).component_name(), f"it takes: {', '.join(known) or 'nothing'}"
        for value in args[len(first) :]:
            words = " and ".join(first) or "nothing"
            report(f"{name} takes {words} by position; received also {received(value)}.", hint=takes)
        values = dict(zip(first, args, strict=False))
        for key, value in kwargs.items():
            if key not in known:
                near = suggestion(key, known)
                report(f"{name} has no parameter '{key}'. It takes: {', '.join(known) or 'nothing'}.", hint=near)
            elif key in values:
                report(f"{name} is given '{key}' twice, by position and by name.")
            else:
                values[key] = value
        missing = [key for key in needed if key not in values]
        if missing:
            words = " and ".join(f"'{key}'" for key in missing)
            raise RecipeError(f"{name} needs a value for {words}.", takes, here())
        _initialise(self, name, generated, values)

    return __init__


def _initialise(self: Component, name: str, generated: Callable[..., None], values: dict[str, Any]) -> None:
    before = noted()
    try:
        generated(self, **values)
    except ValueError as error:
        problem = f"{name}: {_text(error)}."
        # Without all its fields (a converter refused one) the object is of no use to what follows.
        if len(vars(self)) < len(_fields(type(self))):
            raise RecipeError(problem, site=here()) from None
        report(problem)
    except (TypeError, AttributeError, ArithmeticError, LookupError):
        # What a component's own checks stumble over was reported before they ran.
        if noted() == before:
            raise


def _text(error: ValueError) -> str:
    # The validators of attrs give the attribute and the value as further arguments.
    return str(error.args[0]).rstrip(".") if error.args else "a value does not fit"


def _with_checks(cls: type, fields: list[attrs.Attribute[Any]]) -> list[attrs.Attribute[Any]]:
    """Give each new parameter the check of its type, to run before the validator that it may have."""
    inherited = {field.name for field in fields} - set(vars(cls).get("__annotations__", {}))
    return [
        field if field.name in inherited or not field.init else field.evolve(validator=_check(field.validator))
        for field in fields
    ]


def _check(validator: Callable[..., Any] | None) -> Callable[..., None]:
    def check(self: Component, field: attrs.Attribute[Any], value: object) -> None:
        owner: type = type(self)
        name, annotation = type(self).component_name(), field_types(owner)[field.name]
        if not accepts(value, annotation):
            report(f"{name}: '{field.name}' must be {describe(annotation)}; received {received(value)}.")
        # What a schedule will say is known only when the game is played.
        elif validator and not any(isinstance(v, Quantity) for v in (value if isinstance(value, tuple) else (value,))):
            try:
                validator(self, field, value)
            except ValueError as error:
                report(f"{name}: {_text(error)}.")

    return check


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


def suggestion(word: str, known: typing.Iterable[str]) -> str:
    """The nearest known word as a question, or nothing."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"did you mean '{near[0]}'?" if near else ""


@component()
class Component:
    """Base of everything a registry can name. Importing a component imports no torch."""

    kind: ClassVar[str] = ""
    declaration: ClassVar[Declaration] = Declaration("", 1)
    equal_by_value: ClassVar[bool] = True
    """Whether two of one class with equal parameters are equal."""
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
