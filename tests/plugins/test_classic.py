"""Tests of the classic components as a whole: their names, their documentation, what importing them costs."""

import inspect
import re
import subprocess
import sys

import ganforge as gf
import ganforge_classic
from ganforge.language import docstring

# Importing this module is the test's own business; a fresh process shows what a user's would do.
IMPORT = "import sys, ganforge_classic; ganforge_classic.ganforge_components(); sys.exit('torch' in sys.modules)"


def described(component: type[gf.Component]) -> dict[str, str]:
    """The documented parameters of a component, its bases' included."""
    found: dict[str, str] = {}
    for base in reversed(component.__mro__):
        if "__doc__" in vars(base) and vars(base)["__doc__"]:
            found |= docstring.arguments(base)
    return found


def test_every_parameter_of_a_classic_component_is_documented() -> None:
    components = list(ganforge_classic.ganforge_components())
    for component in components:
        names = {field.name for field in component.parameters()}
        documented = described(component)
        assert names - set(documented) == set(), component
        assert all(documented[name] for name in names), component
        own = docstring.arguments(component) if "__doc__" in vars(component) else {}
        assert set(own) - names == set(), component
    assert len(components) == 34


def test_every_classic_component_begins_with_a_sentence_of_its_own() -> None:
    summaries = [docstring.summary(component) for component in ganforge_classic.ganforge_components()]
    assert all(len(summary) > 20 for summary in summaries)
    assert len(set(summaries)) == 34


def test_every_classic_loss_states_its_formula() -> None:
    losses = [
        component
        for component in ganforge_classic.ganforge_components()
        if issubclass(component, gf.Loss | gf.AdversarialLoss)
    ]
    for component in losses:
        assert re.search(r"^L(_D)? = ", inspect.getdoc(component) or "", re.MULTILINE), component
    assert len(losses) == 12


def test_classic_names_are_unique_within_their_kind() -> None:
    names = [(component.kind, component.declaration.name) for component in ganforge_classic.ganforge_components()]
    assert len(set(names)) == len(names) == 34
    assert all(kind and re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name) for kind, name in names)


def test_the_classic_components_import_no_torch() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
