"""Tests of compiled turns: the same numbers, piece by piece, and only where it pays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import pytest
import torch
from engine_toys import Adam, Pictures, Sgd, conv, critic, distance, expect_equal_states, fool, mean, mlp, play, slope
from torch import Tensor

import ganforge as gf
from ganforge.engine import compiling
from ganforge.engine.compiling import Choice, Compiler
from ganforge.engine.device import Machine
from ganforge.engine.loop import Loop

COMPILED = Machine(torch.device("cpu"), compiled=True)


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything but the generation of machine code, which takes long."""
    monkeypatch.setattr(compiling, "_BACKEND", {"backend": "aot_eager"})
    torch._dynamo.reset()


def played(game: gf.Game, steps: int = 3) -> tuple[Loop, Loop, list[str]]:
    """The same game compiled and not, and what the compiler told."""
    loop, plain = play(game, machine=COMPILED), play(game, machine=attrs.evolve(COMPILED, compiled=False))
    told: list[str] = []
    loop.play._compiler = Compiler(told.append)
    for _ in range(steps):
        loop.step()
        plain.step()
    return loop, plain, told


def expect_alike(loop: Loop, plain: Loop) -> None:
    networks = (*plain.state.networks.values(), *plain.state.averages.values())
    others = (*loop.state.networks.values(), *loop.state.averages.values())
    for network, other in zip(networks, others, strict=True):
        expect_equal_states(loop.state.modules[other], plain.state.modules[network], network.name, nearly)


def nearly(one: Tensor, other: Tensor) -> None:
    torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def compiled_parts(loop: Loop) -> int:
    parts = [part for tape in loop.play._tapes.values() for part in tape.parts]
    found = [part for part in parts if isinstance(part, compiling._Compiled)]
    assert all(part._is_proved and part._function is not None for part in found)
    return len(found)


def shared_pass(dropout: float = 0.0) -> gf.Game:
    """DCGAN's sharing of a pass, with batch norm and an average."""
    real, z = Pictures().batch().images, gf.noise(1, 4, 4)
    G, D = conv("G", 1, 3, 1, norm=True), conv("D", 1, 3, 1, norm=True, dropout=dropout)
    fake = gf.per_step(G(z))
    return gf.Game(
        gf.Player("D", trains=D, minimizes=critic(D(real), D(fake)), optimizer=Adam()),
        gf.Player("G", trains=G, minimizes=fool(D(fake)), optimizer=Adam()),
        batch_size=4,
        length=gf.steps(9),
        samples=gf.ema(G, decay=0.5)(z),
    )


def test_compiled_turns_give_the_same_numbers(traced: None) -> None:
    loop, plain, told = played(shared_pass(dropout=0.3))
    expect_alike(loop, plain)
    # In D's turn D on real, the pass through G, which G's turn goes on with, and the rest; G's turn.
    assert compiled_parts(loop) == 4
    assert told == []
    assert not any(isinstance(part, compiling._Compiled) for tape in plain.play._tapes.values() for part in tape.parts)


def test_what_is_differentiated_twice_is_left_between_compiled_pieces_and_told_once(traced: None) -> None:
    real, z = Pictures().batch().images, gf.noise(1, 4, 4)
    G, C = conv("G", 1, 3, 1), conv("C", 1, 3, 1)
    fake = G(z)
    point = gf.interpolate(real, fake)
    game = gf.Game(
        gf.Player(
            "C", trains=C, minimizes=critic(C(real), C(fake)) + slope(C(point), wrt=point), optimizer=Adam(), updates=2
        ),
        gf.Player("G", trains=G, minimizes=fool(C(fake)), optimizer=Adam()),
        batch_size=4,
        length=gf.steps(9),
    )
    loop, plain, told = played(game)
    expect_alike(loop, plain)
    assert compiled_parts(loop) >= 3
    assert told == [
        "not compiled: evaluating C(…), which is differentiated twice or keeps a history",
        "not compiled: computing slope_loss, which is differentiated twice or keeps a history",
    ]


def test_pools_and_feedback_are_played_beside_compiled_pieces(traced: None) -> None:
    real, z = Pictures().batch().images, gf.noise(1, 4, 4)
    G, D = conv("G", 1, 3, 1), conv("D", 1, 3, 1)
    fake = gf.per_step(G(z))
    on_real, on_fake = mean(D(real)).named("real"), mean(D(gf.image_pool(fake, size=5))).named("fake")
    k = gf.integral(0.5 * on_real - on_fake, gain=0.1, start=0.3, bounds=(0.0, 1.0))
    game = gf.Game(
        gf.Player("G", trains=G, minimizes=fool(D(fake)), optimizer=Sgd()),
        gf.Player("D", trains=D, minimizes=on_real + k * on_fake, optimizer=Sgd()),
        batch_size=4,
        length=gf.steps(9),
        monitors={"k": k},
    )
    loop, plain, told = played(game, 4)
    expect_alike(loop, plain)
    assert told == ["not compiled: evaluating image pool, which is differentiated twice or keeps a history"]
    assert loop.scalars()["k"] == pytest.approx(plain.scalars()["k"], rel=1e-5) != 0.3


def test_a_pass_that_several_players_go_on_with_is_not_compiled(traced: None) -> None:
    x = gf.noise(3)
    shared, heads = mlp("E", 3, 4, 3), [mlp(name, 3, 3) for name in "PQR"]
    code = gf.per_step(shared(x))
    players = [
        gf.Player(head.name, trains=head, minimizes=distance(head(code), x), optimizer=Sgd())  # type: ignore[operator]
        for head in heads[:1]
    ]
    both = [
        gf.Player(
            head.name,
            trains=[head, shared] if head is heads[2] else head,
            minimizes=distance(head(code), x),  # type: ignore[operator]
            optimizer=Sgd(),
        )
        for head in heads[1:]
    ]
    game = gf.Game(*players, *both, batch_size=4, length=gf.steps(9))
    loop, plain, _ = played(game)
    expect_alike(loop, plain)


def test_what_cannot_be_compiled_is_played_as_it_is_and_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_compiler(*_: Any) -> Any:
        raise OSError("there is no C++ compiler here")

    monkeypatch.setattr(compiling, "_BACKEND", {"backend": no_compiler})
    torch._dynamo.reset()
    real = Pictures().batch().images
    D = conv("D", 1, 3, 1)
    game = gf.Game(gf.Player("D", trains=D, minimizes=mean(D(real)), optimizer=Sgd()), batch_size=4, length=gf.steps(9))
    loop, plain, told = played(game)
    expect_alike(loop, plain)
    (line,) = told
    assert line.startswith("not compiled: evaluating D(…), computing mean_loss: BackendCompilerFailed: ")
    assert "there is no C++ compiler here" in line


def test_an_error_in_a_compiled_turn_is_told_with_the_recipes_line(traced: None) -> None:
    @gf.loss
    def broken(scores: Tensor) -> Tensor:
        return scores @ torch.ones(9, 9)

    D = mlp("D", 3, 1)
    game = gf.Game(
        gf.Player("D", trains=D, minimizes=broken(D(gf.noise(3))), optimizer=Sgd()), batch_size=4, length=gf.steps(9)
    )
    loop = play(game, machine=COMPILED)
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied") as caught:
        loop.step()
    assert any("recipe line" in note and "broken" in note for note in caught.value.__notes__)


@pytest.mark.parametrize(("compiled", "pays"), [(0.8, True), (1.2, False)])
def test_compiling_is_chosen_where_it_was_measured_to_pay(compiled: float, pays: bool) -> None:
    switched: list[bool] = []
    told: list[str] = []
    choice = Choice(10_000, switched.append, told.append)
    answers: list[bool | None] = []
    while not answers or answers[-1] is None:
        slow = 1.0 if not switched else (20.0 if len(answers) < 10 else compiled)
        answers.append(choice.stepped(slow))
    assert answers[-1] is pays
    assert switched == ([True] if pays else [True, False])
    assert len(told) == 1 and "1000.0 ms" in told[0] and f"{compiled * 1000:.1f} ms" in told[0]


def test_a_short_run_is_not_compiled() -> None:
    told: list[str] = []
    choice = Choice(100, lambda on: pytest.fail("not to be tried"), told.append)
    answers: list[Any] = [choice.stepped(0.1) for _ in range(8)]
    assert answers == [None] * 7 + [False]
    assert told == ["not compiled: the run will be over in 9 s"]


# What torch 2.11's compiler imports.
@pytest.mark.filterwarnings("ignore:.torch.jit.script_method. is deprecated:DeprecationWarning")
def test_machine_code_gives_the_same_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    torch._dynamo.reset()
    z = gf.noise(3)
    G, D = mlp("G", 3, 4, 3), mlp("D", 3, 4, 1, dropout=0.3)
    game = gf.Game(
        gf.Player("D", trains=D, minimizes=critic(D(gf.noise(3)), D(G(z))), optimizer=Adam()),
        gf.Player("G", trains=G, minimizes=fool(D(G(z))), optimizer=Adam()),
        batch_size=4,
        length=gf.steps(9),
    )
    loop, plain, told = played(game)
    expect_alike(loop, plain)
    assert compiled_parts(loop) == 2 and told == []
    assert list(tmp_path.rglob("*.so")), "compiled kernels are kept for the next run"
