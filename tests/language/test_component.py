"""Tests of components: frozen declarations whose parameters are checked where they are given."""

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from ganforge_toys import Adam, Classes, Critic, Folder, Gen, Hinge, Images, Plain, Ramp, Shelf, told

import ganforge as gf
from ganforge.language.component import field_types, suggestion

if TYPE_CHECKING:
    from torch import nn

ADAM = "it takes: clip_value, clip_norm, lr, betas"
RATE = "a number or a schedule"

MISTAKES = [
    (lambda: Adam(lrr=1),
     "adam has no parameter 'lrr'. It takes: clip_value, clip_norm, lr, betas.", "did you mean 'lr'?"),
    (lambda: Plain(zzz=1), "plain has no parameter 'zzz'. It takes: nothing.", ""),
    (lambda: Adam(1e-3), "adam takes nothing by position; received also 0.001.", ADAM),
    (lambda: Gen("G", 3), "gen takes name by position; received also 3.", "it takes: name, weights, frozen, shape"),
    (lambda: Gen("G", name="H"), "gen is given 'name' twice, by position and by name.", ""),
    (lambda: Folder(), "folder needs a value for 'root'.", "it takes: size, root, flip"),
    (lambda: gf.Generator(), "Generator needs a value for 'name'.", "it takes: name, weights, frozen"),
    (lambda: Adam(lr="fast"), f"adam: 'lr' must be {RATE}; received 'fast'.", ""),
    (lambda: Adam(lr=math.nan), f"adam: 'lr' must be {RATE}; received nan.", ""),
    (lambda: Adam(lr=True), f"adam: 'lr' must be {RATE}; received True.", ""),
    (lambda: Adam(lr=-1), "adam: 'lr' must be > 0: -1.", ""),
    (lambda: Adam(betas=0.5), f"adam: 'betas' must be ({RATE}, {RATE}); received 0.5.", ""),
    (lambda: Adam(betas=(0.5, math.nan)), f"adam: 'betas' must be ({RATE}, {RATE}); received (0.5, nan).", ""),
    (lambda: Adam(clip_norm=0), "adam: 'clip_norm' must be > 0: 0.", ""),
    (lambda: Images(size=8.0), "images: 'size' must be int; received 8.0.", ""),
    (lambda: Gen("G", shape=[3, 8, 8]), "gen: 'shape' must be a tuple of int; received [3, 8, 8].", ""),
    (lambda: Gen("G", frozen=1), "gen: 'frozen' must be bool; received 1.", ""),
    (lambda: Gen(3), "gen: 'name' must be str; received 3.", ""),
    (lambda: Gen("a b"), "a network's name is a letter, then letters, digits or '_'; received 'a b'.", ""),
]  # fmt: skip


@pytest.mark.parametrize("make, message, hint", MISTAKES)
def test_what_does_not_fit_is_told_with_what_would(make, message, hint):
    assert told(make) == (message, hint)


def test_all_mistakes_in_one_component_are_told(problems):
    lines = {9: "adam = Adam(lr=-1, betas=3, lrr=2, clip_norm='x')"}
    assert [message.split(";")[0] for _, message, _ in problems(lines=lines)] == [
        "adam has no parameter 'lrr'. It takes: clip_value, clip_norm, lr, betas.",
        "adam: 'clip_norm' must be float or None",
        "adam: 'lr' must be > 0: -1.",
        f"adam: 'betas' must be ({RATE}, {RATE})",
    ]


def test_validators_see_neither_schedules_nor_values_of_another_type():
    seen = []

    @gf.component("watched")
    class Watched(gf.Loss):
        number: gf.Number = attrs.field(default=1, validator=lambda self, field, value: seen.append(value))

    ramp = Ramp()
    assert Watched(number=2).number == 2 and Watched(number=ramp).number is ramp
    told(lambda: Watched(number="x"))
    assert seen == [2]


def test_the_error_of_a_validator_or_of_a_converter_is_told_and_their_bugs_are_not_hidden():
    @gf.component("odd")
    class Odd(gf.Loss):
        number: int = attrs.field(default=1, converter=lambda value: int(value))
        text: str = ""

        @number.validator
        def _(self, field: object, value: int) -> None:
            if value % 2 == 0:
                raise ValueError if value == 0 else ValueError("an odd number is wanted.")

        def __attrs_post_init__(self) -> None:
            if self.text == "late":
                raise ValueError("too late")
            self.text + "x" if self.text != "bug" else self.text + 1

    assert Odd(number="3").number == 3
    assert told(lambda: Odd(number=2)) == ("odd: an odd number is wanted.", "")
    assert told(lambda: Odd(number=0)) == ("odd: a value does not fit.", "")
    assert told(lambda: Odd(number="x")) == ("odd: invalid literal for int() with base 10: 'x'.", "")
    assert told(lambda: Odd(text="late")) == ("odd: too late.", "")
    with pytest.raises(TypeError, match="can only concatenate str"):
        Odd(text="bug")


def test_what_stumbles_over_a_reported_value_is_not_told_again(problems):
    text = (
        '"""Doc."""\nimport ganforge as gf\nfrom ganforge_toys import *\n'
        '@gf.component("twice")\nclass Twice(gf.Loss):\n    number: int = 1\n'
        "    def __attrs_post_init__(self):\n        self.number + 1\n"
        "@gf.recipe\ndef toys() -> gf.Game:\n    Twice(number='x')\n    return None\n"
    )
    assert problems(text) == [
        (9, "recipe 'toys' returns a gf.Game; received None.", ""),
        (11, "twice: 'number' must be int; received 'x'.", ""),
    ]


def test_a_component_is_frozen():
    hinge = Hinge(margin=2.0)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        hinge.margin = 3.0
    assert hinge.margin == 2.0


def test_components_are_equal_by_value_and_networks_only_to_themselves():
    assert Hinge(margin=2.0) == Hinge(margin=2.0) != Hinge(margin=3.0)
    assert hash(Ramp()) == hash(Ramp()) and Ramp() == Ramp(start=1.0) and Plain() != Hinge()
    for cls in (Critic, gf.Generator, gf.Network):
        one, two = cls("D"), cls("D")
        assert one == one and one != two and len({one, two}) == 2


def test_a_class_may_say_itself_whether_equal_parameters_make_it_equal():
    @gf.component("unlike", eq=False)
    class Unlike(gf.Loss):
        number: int = 1

    assert Unlike() != Unlike()


def test_a_component_remembers_where_it_was_written():
    assert Path(Hinge().site.file).name == "test_component.py"
    assert Hinge().site.text == "assert Hinge().site.text == " + Hinge().site.text.split(" == ", 1)[1]


def test_the_decorator_needs_its_parentheses():
    with pytest.raises(TypeError, match=r"write @gf.component\(\.\.\.\) with its parentheses"):

        @gf.component
        class Forgotten(gf.Loss):
            """No parentheses."""


def test_declarations_are_read_from_the_class():
    @gf.component("named", version=3)
    class Named(gf.Loss):
        pass

    assert (Named.declaration.name, Named.declaration.version, Named.component_name()) == ("named", 3, "named")
    assert gf.Loss.component_name() == "Loss" and gf.Loss.declaration.name == ""
    assert Folder(root="x").values() == {"size": 8, "root": "x", "flip": False}
    assert Folder(root="x").with_values(size=4) == Folder(root="x", size=4)
    assert [field.name for field in Adam.parameters()] == ["clip_value", "clip_norm", "lr", "betas"]


def test_annotations_are_evaluated_and_what_only_checkers_know_accepts_anything():
    @gf.component("typed")
    class Typed(gf.Loss):
        factory: "Callable[[], nn.Module]"
        count: "int" = 1

    assert field_types(Typed) == {"factory": Any, "count": int}
    assert Typed(factory=3).factory == 3
    assert told(lambda: Typed(factory=3, count="x"))[0] == "typed: 'count' must be int; received 'x'."


def test_abstract_methods_say_what_is_missing():
    calls = [
        (lambda: gf.Optimizer().build([]), "Optimizer has no build()"),
        (lambda: gf.Constraint().apply(None), "Constraint has no apply()"),
        (lambda: gf.Loss().compute(), "Loss has no compute()"),
        (lambda: gf.AdversarialLoss().discriminator_loss(), "AdversarialLoss has no discriminator_loss()"),
        (lambda: gf.AdversarialLoss().generator_loss(), "AdversarialLoss has no generator_loss()"),
        (lambda: gf.Network("N").build(), "Network has no build()"),
        (lambda: gf.Schedule().at(gf.Progress(0)), "Schedule has no at()"),
        (lambda: gf.Data().open(Path()), "Data has no open()"),
        (lambda: gf.ImageData().shape, "ImageData has no shape"),
        (lambda: gf.LabelledData().num_classes, "LabelledData has no num_classes"),
        (lambda: gf.CaptionedData().shape, "CaptionedData has no shape"),
        (lambda: gf.CaptionedData().vocabulary_size, "CaptionedData has no vocabulary_size"),
        (lambda: gf.CaptionedData().caption_length, "CaptionedData has no caption_length"),
        (lambda: gf.PairedData().source_shape, "PairedData has no source_shape"),
        (lambda: gf.PairedData().target_shape, "PairedData has no target_shape"),
        (lambda: gf.UnpairedData().a_shape, "UnpairedData has no a_shape"),
        (lambda: gf.UnpairedData().b_shape, "UnpairedData has no b_shape"),
    ]
    for call, sentence in calls:
        with pytest.raises(NotImplementedError) as caught:
            call()
        assert str(caught.value) == sentence


def test_the_nearest_known_word_is_suggested():
    assert suggestion("latnt", ["latent_dim", "latent", "lr"]) == "did you mean 'latent'?"
    assert suggestion("xyz", ["latent"]) == ""


def test_ten_thousand_components_are_declared_in_two_seconds():
    begin = time.process_time()
    made = [Folder(root=str(number), size=number) for number in range(10_000)]
    assert time.process_time() - begin < 2.0
    assert len({component.site.line for component in made}) == 1


def test_the_toys_cover_every_kind_a_recipe_uses():
    from ganforge_toys import TOYS

    assert len(TOYS) == 19 and {toy.kind for toy in TOYS} >= {"optimizer", "schedule", "loss", "generator"}
    assert Shelf().find(gf.LabelledData, "classes") is Classes
