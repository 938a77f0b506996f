"""Tests of values typed on a command line, read by the annotation of their parameter."""

from typing import Annotated, Any, Literal

import pytest
from ganforge_toys import Adam, Folder, Hinge, Images, Pieces, Ramp, Shelf, WarmUp, told

import ganforge as gf
from ganforge.errors import OverrideError, PluginError
from ganforge.language.graph import game_batches
from ganforge.language.override import read_value

READ = [
    (int, "64", 64),
    (int, "-3", -3),
    (int, "1_000", 1000),
    (int, "2e3", 2000),
    (float, "1e-4", 1e-4),
    (float, "3", 3.0),
    (float, "-.5", -0.5),
    (bool, "true", True),
    (bool, "False", False),
    (bool, "yes", True),
    (bool, "0", False),
    (str, "a=b", "a=b"),
    (str, "3", "3"),
    (str, "", ""),
    (Literal["a", "b"], "b", "b"),
    (Literal[1, 2], "2", 2),
    (float | None, "none", None),
    (float | None, "0.5", 0.5),
    (int | str, "3", 3),
    (int | str, "three", "three"),
    (str | None, "None", None),
    (type(None), "none", None),
    (tuple[int, ...], "(3, 64, 64)", (3, 64, 64)),
    (tuple[float, float], "0.5, 0.9", (0.5, 0.9)),
    (Any, "[1, 'x']", [1, "x"]),
    (Any, "plain text", "plain text"),
    (Annotated[Any, "text"], "3", 3),
    (gf.Length, "2000steps", gf.steps(2000)),
    (gf.Length, "2e3 steps", gf.steps(2000)),
    (gf.Length, "1_000.5epochs", gf.epochs(1000.5)),
    (gf.Length, "25,000kimg", gf.kimg(25_000)),
    (gf.Length | None, "50kimg", gf.kimg(50)),
    (gf.AdversarialLoss, "hinge", Hinge()),
    (gf.AdversarialLoss, " hinge ", Hinge()),
    (gf.AdversarialLoss, "hinge()", Hinge()),
    (gf.AdversarialLoss, "hinge(margin=0.5)", Hinge(margin=0.5)),
    (gf.AdversarialLoss | None, "hinge", Hinge()),
    (gf.ImageData, 'folder(root="~/cats", size=64)', Folder(root="~/cats", size=64)),
    (gf.ImageData, 'folder(root="a=b, (c)", flip=true)', Folder(root="a=b, (c)", flip=True)),
    (gf.Optimizer, "adam(clip_norm=none, betas=(0.0, ramp(start=0.9)))", Adam(betas=(0.0, Ramp(start=0.9)))),
    (gf.Optimizer, "adam(lr=ramp(start=1e-3, until=epochs(5)))", Adam(lr=Ramp(start=1e-3, until=gf.epochs(5)))),
    (gf.Optimizer, "adam(lr=warm-up(to=ramp()))", Adam(lr=WarmUp(to=Ramp()))),
    (gf.Schedule, "pieces(ends=(steps(3), kimg(1.5)))", Pieces(ends=(gf.steps(3), gf.kimg(1.5)))),
    (gf.Number, "1e-3", 1e-3),
    (gf.Number, "ramp(start=2.0)", Ramp(start=2.0)),
    (gf.Number, "ramp", Ramp()),
    (float | gf.Schedule | None, "none", None),
]


@pytest.mark.parametrize("annotation, text, value", READ)
def test_a_value_is_read_by_its_annotation(annotation, text, value):
    found = read_value(f"p={text}", text, annotation, Shelf())
    assert found == value and type(found) is type(value)


LENGTH = "expected a length such as 2000steps, 25epochs or 500kimg."
PAIRS = "Installed: hinge, plain, relative."
LITERAL = "write it as name(parameter=value, …)"
UNREAD = [
    (int, "1.5", "expected int.", ""),
    (int, "True", "expected int.", ""),
    (int, "(" * 9000, "expected int.", ""),
    (float, "fast", "expected float.", ""),
    (float, "nan", "expected float.", ""),
    (float, "", "expected float.", ""),
    (bool, "maybe", "expected bool.", ""),
    (type(None), "x", "expected None.", ""),
    (float | None, "fast", "expected float or None.", ""),
    (gf.Number, "fast", "expected a number or a schedule.", ""),
    (tuple[float, float], "0.5", "expected (float, float).", ""),
    (Literal["batch", "none"], "bach", "expected one of batch, none.", "did you mean 'batch'?"),
    (gf.Length, "50", LENGTH, ""),
    (gf.Length, "-5steps", LENGTH, ""),
    (gf.Length, "1e999steps", "a length is a finite number.", ""),
    (gf.AdversarialLoss, "hnge", f"no AdversarialLoss is called 'hnge'. {PAIRS}", "did you mean 'hinge'?"),
    (gf.AdversarialLoss | None, "hnge", f"no AdversarialLoss is called 'hnge'. {PAIRS}", "did you mean 'hinge'?"),
    (gf.Number, "rmp(start=1)",
     "no Schedule is called 'rmp'. Installed: pieces, ramp, warm-up.", "did you mean 'ramp'?"),
    (gf.AdversarialLoss, "", f"no AdversarialLoss is called ''. {PAIRS}", ""),
    (gf.AdversarialLoss, "adam", f"no AdversarialLoss is called 'adam'. {PAIRS}", ""),
    (gf.AdversarialLoss, "hinge(margn=1)",
     "hinge has no parameter 'margn'. It takes: margin.", "did you mean 'margin'?"),
    (gf.AdversarialLoss, "hinge(margin='x')", "hinge: 'margin' must be float; received 'x'.", ""),
    (gf.AdversarialLoss, "hinge(0.5)", "parameters of hinge are given as parameter=value.", ""),
    (gf.AdversarialLoss, "hinge(**{'margin': 1})", "parameters of hinge are given as parameter=value.", ""),
    (gf.AdversarialLoss, "hinge(margin=1) + 1", "parameters of hinge are given as parameter=value.", ""),
    (gf.AdversarialLoss, "hinge(margin=1, margin=2)", "'margin' is given twice.", ""),
    (gf.AdversarialLoss, "hinge(margin=1", "'(' was never closed.", LITERAL),
    (gf.AdversarialLoss, "hinge(margin=\0)", "source code string cannot contain null bytes.", LITERAL),
    (gf.ImageData, "folder(root=cats)", "cats is not a literal.", 'write text in quotes: "cats"'),
    (gf.ImageData, "folder(root=1 + x)", "1 + x is not a literal.", 'write text in quotes: "1 + x"'),
    (gf.ImageData, "folder(size=8)", "folder needs a value for 'root'.", "it takes: size, root, flip"),
    (gf.Schedule, "ramp(until=steps(x))", LENGTH, ""),
    (gf.Optimizer, "adam(lr=rump())",
     "no Schedule is called 'rump'. Installed: pieces, ramp, warm-up.", "did you mean 'ramp'?"),
    (gf.Optimizer, "adam(lr=ramp(x=1))", "ramp has no parameter 'x'. It takes: start, until.", ""),
    (gf.Schedule, "ramp(until=epochs(1__0))", "invalid decimal literal.", LITERAL),
]  # fmt: skip


@pytest.mark.parametrize("annotation, text, message, hint", UNREAD)
def test_a_value_that_does_not_fit_is_told_with_what_was_typed(annotation, text, message, hint):
    with pytest.raises(OverrideError) as caught:
        read_value(f"p={text}", text, annotation, Shelf())
    (problem,) = caught.value.problems
    assert (problem.message, problem.hint, problem.site) == (f"p={text}: {message}", hint, None)


def test_every_mistake_in_one_component_is_told():
    text = "adam(lr=-1, betas=3, lrr=2)"
    with pytest.raises(OverrideError) as caught:
        read_value(f"o={text}", text, gf.Optimizer, Shelf())
    assert [problem.message.removeprefix(f"o={text}: ") for problem in caught.value.problems] == [
        "adam has no parameter 'lrr'. It takes: clip_value, clip_norm, lr, betas.",
        "adam: 'lr' must be > 0: -1.",
        "adam: 'betas' must be (a number or a schedule, a number or a schedule); received 3.",
    ]


def test_an_error_of_a_plugin_keeps_its_exit_code():
    class Broken:
        def find(self, kind: object, name: str) -> type[gf.Component]:
            raise PluginError("plugin 'x' is broken.")

    for annotation in (gf.AdversarialLoss, gf.AdversarialLoss | None):
        with pytest.raises(PluginError, match="plugin 'x' is broken"):
            read_value("adv=x", "x", annotation, Broken())


def test_overrides_reach_the_recipe(read):
    game = read(data='folder(root="~/cats", size=64)', adv="hinge(margin=0.5)", lr="1e-2")
    (batch,) = game_batches(game)
    assert batch.data == Folder(root="~/cats", size=64) and batch.data.site is None
    assert game.players[0].optimizer == Adam(lr=0.01) and game.players[0].minimizes.parts[0].label == "hinge"
    plain = read()
    assert game_batches(plain)[0].data == Images() and plain.players[0].minimizes.parts[0].label == "plain"


def test_several_bad_overrides_are_told_at_once_before_the_problems_of_the_file(problems):
    found = problems(
        lines={7: "G, D = Gen('G'), Critic('D', x=1)"}, lr="fast", adv="hnge", dta="mnist", data="images(size='x')"
    )
    assert found == [
        (0, "lr=fast: expected float.", ""),
        (0, f"adv=hnge: no AdversarialLoss is called 'hnge'. {PAIRS}", "did you mean 'hinge'?"),
        (0, "toys has no parameter 'dta'. It takes: data, adv, lr.", "did you mean 'data'?"),
        (0, "data=images(size='x'): images: 'size' must be int; received 'x'.", ""),
        (7, "critic has no parameter 'x'. It takes: name, weights, frozen.", ""),
    ]


def test_a_value_out_of_range_is_told_at_the_line_that_uses_it(problems):
    assert problems(lr="-1") == [(9, "adam: 'lr' must be > 0: -1.0.", "")]


def test_the_shelf_tells_what_it_lacks_as_the_registry_does():
    assert told(lambda: Shelf().find(gf.Optimizer, "adm")) == (
        "no Optimizer is called 'adm'. Installed: adam.",
        "did you mean 'adam'?",
    )
