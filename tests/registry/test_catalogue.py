"""The catalogue: what a name means, and what is said where it means nothing or too much."""

from __future__ import annotations

from typing import Any

import pytest

import ganforge as gf
from ganforge.errors import OverrideError, PluginError
from ganforge.language.override import Resolver, read_value
from ganforge.registry.catalogue import KINDS, Catalogue
from ganforge.registry.kinds import kind_base

LOSSES = "ganforge_components = offer(make('hinge', gf.AdversarialLoss), make('l1'))"


def test_kinds_are_fourteen_and_each_has_a_class_of_the_language() -> None:
    classes = [cls for cls in vars(gf).values() if isinstance(cls, type) and issubclass(cls, gf.Component)]
    kinds = {cls.kind for cls in classes} - {"", "data"}
    assert len(KINDS) == 14 and kinds == set(KINDS)
    assert all(kind_base(cls) is cls for cls in classes)


def test_short_and_full_names_are_found_with_underscores_as_hyphens(installation: Any) -> None:
    source = "ganforge_components = offer(make('least-squares', gf.AdversarialLoss))"
    installation.offer("ganforge", "classic-parts", source)
    catalogue: Resolver = Catalogue(installation.discover())
    (cls,) = installation.discover().records[0].classes
    for name in ("least-squares", "least_squares", "classic-parts/least-squares", "classic_parts/least_squares"):
        assert catalogue.find(gf.AdversarialLoss, name) is cls
        assert catalogue.find(gf.Component, name) is cls


def test_a_short_name_is_the_bundled_ones_whatever_else_is_installed(installation: Any) -> None:
    installation.offer("ganforge", "classic", LOSSES)
    before = Catalogue(installation.discover()).find(gf.AdversarialLoss, "hinge")
    installation.offer("aaa", "aaa", LOSSES)
    catalogue = Catalogue(installation.discover())
    assert catalogue.find(gf.AdversarialLoss, "hinge") is before
    other = catalogue.find(gf.AdversarialLoss, "aaa/hinge")
    assert other is not before and catalogue.key_of(other) == "aaa/hinge"
    shorts = {entry.key: entry.short for entry in catalogue.entries()}
    assert shorts == {"classic/hinge": True, "classic/l1": True, "aaa/hinge": False, "aaa/l1": False}


def test_a_short_name_is_the_only_plugins_that_offers_it(installation: Any) -> None:
    installation.offer("ganforge", "classic", LOSSES)
    installation.offer("ganforge-foo", "foo", "ganforge_components = offer(make('hinge', gf.Generator))")
    catalogue = Catalogue(installation.discover())
    assert catalogue.key_of(catalogue.find(gf.Generator, "hinge")) == "foo/hinge"
    assert catalogue.key_of(catalogue.find(gf.AdversarialLoss, "hinge")) == "classic/hinge"


def test_two_plugins_of_one_component_name_are_an_error_at_use_only(installation: Any) -> None:
    installation.offer("ganforge-foo", "foo", LOSSES, version="1.2")
    installation.offer("ganforge-bar", "bar", LOSSES)
    plugins = installation.discover()
    assert plugins.warnings() == []
    catalogue = Catalogue(plugins)
    assert [entry.short for entry in catalogue.entries()] == [False] * 4
    with pytest.raises(PluginError) as caught:
        catalogue.find(gf.AdversarialLoss, "hinge")
    problem = caught.value.problems[0]
    assert problem.message == (
        "AdversarialLoss 'hinge' may be bar/hinge (ganforge-bar 1.0) and foo/hinge (ganforge-foo 1.2)."
    )
    assert problem.hint == "write bar/hinge or foo/hinge"
    assert catalogue.find(gf.AdversarialLoss, "foo/hinge") in plugins.named("foo")[0].classes


DATA = """
ganforge_components = offer(*(
    make("shapes", base) for base in (gf.UnpairedData, gf.LabelledData, gf.CaptionedData, gf.PairedData)
))
"""


def test_one_name_of_several_kinds_is_told_apart_by_the_annotation(installation: Any) -> None:
    installation.offer("ganforge", "data", DATA)
    catalogue = Catalogue(installation.discover())
    for kind in (gf.LabelledData, gf.CaptionedData, gf.PairedData, gf.UnpairedData):
        assert catalogue.find(kind, "shapes").kind == kind.kind
    assert catalogue.find(gf.ImageData, "shapes").kind == "labelled-data"
    assert [entry.short for entry in catalogue.named("shapes")] == [True] * 4
    with pytest.raises(PluginError, match=r"Data 'shapes' may be any of several kinds: captioned-data, paired-data,"):
        catalogue.find(gf.Data, "shapes")


def test_the_kind_nearest_to_the_annotation_is_preferred(installation: Any) -> None:
    source = "ganforge_components = offer(make('shapes', gf.LabelledData), make('shapes', gf.ImageData))"
    installation.offer("ganforge", "data", source)
    catalogue = Catalogue(installation.discover())
    assert catalogue.find(gf.ImageData, "shapes").kind == "image-data"
    assert catalogue.find(gf.LabelledData, "shapes").kind == "labelled-data"


def test_a_deeper_class_is_as_near_as_its_kind(installation: Any) -> None:
    source = """
    Base = gf.component()(type("Base", (gf.ImageData,), {}))
    ganforge_components = offer(make("shapes", Base), make("shapes", gf.LabelledData))
    """
    installation.offer("ganforge", "data", source)
    assert Catalogue(installation.discover()).find(gf.ImageData, "shapes").kind == "image-data"


def test_an_unknown_name_lists_what_is_installed(installation: Any) -> None:
    installation.offer("ganforge", "classic", LOSSES)
    installation.offer("ganforge-foo", "foo", "ganforge_components = offer(make('soft', gf.AdversarialLoss))")
    catalogue = Catalogue(installation.discover())
    with pytest.raises(OverrideError) as caught:
        catalogue.find(gf.AdversarialLoss, "hinge2")
    problem = caught.value.problems[0]
    assert problem.message == "no AdversarialLoss is called 'hinge2'. Installed: hinge, soft."
    assert (problem.hint, caught.value.exit_code) == ("did you mean 'hinge'?", 2)
    with pytest.raises(OverrideError, match=r"The installed 'l1' is of kind loss\."):
        catalogue.find(gf.AdversarialLoss, "l1")
    with pytest.raises(OverrideError, match=r"'classic/hinge2'\. Installed: classic/hinge, foo/soft\."):
        catalogue.find(gf.AdversarialLoss, "classic/hinge2")
    with pytest.raises(PluginError, match=r"no plugin is called 'clasic'\. Installed: classic, foo\.") as missing:
        catalogue.find(gf.AdversarialLoss, "clasic/hinge")
    assert missing.value.problems[0].hint == "did you mean 'classic'?"


def test_a_failed_plugin_is_mentioned_where_it_might_have_helped(installation: Any) -> None:
    installation.offer("ganforge", "classic", LOSSES)
    path = installation.offer("ganforge-foo", "foo", "raise RuntimeError('boom')")
    catalogue = Catalogue(installation.discover())
    number = len(path.read_text().splitlines())
    why = f"plugin 'foo' (ganforge-foo 1.0) cannot be imported: RuntimeError: boom. ({path}:{number})"
    with pytest.raises(OverrideError) as caught:
        catalogue.find(gf.AdversarialLoss, "soft")
    assert caught.value.problems[0].message.endswith(f"Installed: hinge. Not searched: {why}")
    with pytest.raises(OverrideError) as elsewhere:
        catalogue.find(gf.AdversarialLoss, "classic/soft")
    assert "foo" not in str(elsewhere.value)
    with pytest.raises(PluginError) as named:
        catalogue.find(gf.AdversarialLoss, "foo/soft")
    assert str(named.value) == why and named.value.exit_code == 3
    blocked = Catalogue(installation.discover(blocked=["foo"]))
    with pytest.raises(PluginError, match="is left out by --no-plugin"):
        blocked.find(gf.AdversarialLoss, "foo/soft")


def test_a_broken_plugin_never_stops_what_does_not_need_it(installation: Any) -> None:
    installation.offer("ganforge", "classic", LOSSES)
    for number, source in enumerate(["raise RuntimeError", "def (", "import sys; sys.exit()", "x = 1"]):
        installation.offer(f"sick-{number}", f"sick-{number}", source)
    plugins = installation.discover()
    assert len(plugins.broken) == len(plugins.warnings()) == 4
    catalogue = Catalogue(plugins)
    assert catalogue.find(gf.AdversarialLoss, "hinge").component_name() == "hinge"
    assert len(catalogue.entries()) == 2


def test_entries_say_who_offers_what(installation: Any) -> None:
    source = '''
    @gf.component("soft", version=3)
    class Soft(gf.Loss):
        """A soft loss.

        Args:
            margin: A number.
        """
        margin: float = 1.0
    ganforge_components = offer(Soft, make("a-net", gf.Generator))
    '''
    installation.offer("ganforge-foo", "foo", source, version="2.0")
    network, loss = Catalogue(installation.discover()).entries()
    assert (network.kind, network.key) == ("generator", "foo/a-net")
    assert (loss.key, loss.kind, loss.name, loss.plugin) == ("foo/soft", "loss", "soft", "foo")
    assert (loss.distribution, loss.version, loss.component_version) == ("ganforge-foo", "2.0", 3)
    assert (loss.summary, loss.bundled, loss.short) == ("A soft loss.", False, True)


def test_a_class_that_no_plugin_offers_has_no_key(installation: Any) -> None:
    assert Catalogue(installation.discover()).key_of(gf.Loss) is None


def test_a_class_that_a_second_plugin_offers_too_stays_the_first_ones(installation: Any) -> None:
    installation.offer("ganforge", "classic", "Soft = make('soft')\nganforge_components = offer(Soft)")
    installation.offer("aaa", "aaa", "from ganforge_classic import Soft\nganforge_components = offer(Soft)")
    catalogue = Catalogue(installation.discover())
    assert catalogue.key_of(catalogue.find(gf.Loss, "aaa/soft")) == "classic/soft"
    assert [(entry.key, entry.short) for entry in catalogue.entries()] == [("aaa/soft", False), ("classic/soft", True)]


def test_overrides_are_read_through_the_catalogue(installation: Any) -> None:
    source = """
    @gf.component("soft")
    class Soft(gf.AdversarialLoss):
        margin: float = 1.0
    ganforge_components = offer(Soft)
    """
    installation.offer("ganforge-foo", "foo", source)
    catalogue = Catalogue(installation.discover())
    value = read_value("adv=foo/soft(margin=2)", "foo/soft(margin=2)", gf.AdversarialLoss, catalogue)
    assert value.values() == {"margin": 2}
