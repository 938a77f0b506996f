"""Kinds: the closed set of what a component can be."""

from __future__ import annotations

from ..language.component import Component

KINDS = (
    "generator",
    "discriminator",
    "network",
    "text-encoder",
    "loss",
    "adversarial-loss",
    "schedule",
    "optimizer",
    "constraint",
    "image-data",
    "labelled-data",
    "captioned-data",
    "paired-data",
    "unpaired-data",
)
_LANGUAGE = Component.__module__.rpartition(".")[0] + "."


def kind_base(cls: type[Component]) -> type[Component] | None:
    """The class of the language that gives a component its kind; None where the kind is only asserted."""
    for base in cls.__mro__:
        if base.__module__.startswith(_LANGUAGE) and vars(base).get("kind") == cls.kind:
            assert issubclass(base, Component)
            return base
    return None
