"""Sizes, ranges and counts as parameters of data sets: how they are written and checked, without torch."""

from __future__ import annotations

from typing import Any, TypeAlias

Size: TypeAlias = int | tuple[int, int]
Range: TypeAlias = tuple[float, float]


def sides(size: Size) -> tuple[int, int]:
    """Height and width in pixels."""
    return (size, size) if isinstance(size, int) else size


def check_size(component: Any, attribute: Any, value: Any) -> None:
    """Refuse sides below one pixel; values of another type are refused by their annotation."""
    numbers = value if isinstance(value, tuple) else (value,)
    if any(isinstance(number, int) and number < 1 for number in numbers):
        raise ValueError(f"'{attribute.name}' is one pixel or more; received {value}")


def check_drawable(component: Any, attribute: Any, value: Any) -> None:
    """Refuse sides below eight pixels, on which no shape can be told from another."""
    numbers = value if isinstance(value, tuple) else (value,)
    if any(isinstance(number, int) and number < 8 for number in numbers):
        raise ValueError(f"'{attribute.name}' is eight pixels or more; received {value}")


def check_load_size(component: Any, attribute: Any, value: Any) -> None:
    """Refuse images that are loaded smaller than the crop that is taken from them."""
    check_size(component, attribute, value)
    if value is not None and any(have < need for have, need in zip(sides(value), sides(component.size), strict=True)):
        raise ValueError(f"'{attribute.name}' {value} is smaller than 'size' {component.size}")


def check_count(component: Any, attribute: Any, value: Any) -> None:
    """Refuse a data set without examples."""
    if isinstance(value, int) and value < 1:
        raise ValueError(f"'{attribute.name}' is one or more; received {value}")


def check_range(component: Any, attribute: Any, value: Any) -> None:
    """Refuse ranges that do not rise."""
    if isinstance(value, tuple) and len(value) == 2 and not value[0] < value[1]:
        raise ValueError(f"'{attribute.name}' rises from black to white; received {value}")


def check_classes(component: Any, attribute: Any, value: Any) -> None:
    """Refuse a negative number of classes."""
    if isinstance(value, int) and value < 0:
        raise ValueError(f"'{attribute.name}' is the number of sub-folders, or 0; received {value}")
