"""Tests of players, phases and games, and of what they do not take."""

import math

import pytest
from ganforge_toys import Adam, Clip, Critic, Gen, Plain, Ramp, play, score, term, told

import ganforge as gf
from ganforge.errors import RecipeError

LENGTH = gf.steps(5)
TURNS = "player 'P' takes a whole number of turns a step, one or more; received updates="


def player(name: str = "P", **options) -> gf.Player:
    fake = score()
    given = {"trains": fake.origin.network, "minimizes": Plain().generator(fake=fake), "optimizer": Adam()} | options
    return gf.Player(name, **given)


def frozen(name: str = "F") -> gf.Signal:
    return Gen(name, frozen=True)(gf.noise(3))


def alone(name: str = "P") -> gf.Player:
    """A player whose game breaks no rule."""
    fake = Critic("D")(frozen())
    return gf.Player(name, trains=fake.origin.network, minimizes=Plain().generator(fake=fake), optimizer=Adam())


def test_a_player_takes_one_network_or_several_and_one_constraint_or_several():
    one, two, clip = Gen("A"), Gen("B"), Clip()
    assert player(trains=one, constraints=clip).trains == (one,)
    assert player(trains=one, constraints=clip).constraints == (clip,)
    assert player(trains=[one, two]).trains == player(trains=(n for n in (one, two))).trains == (one, two)
    assert player().constraints == () and player().updates == 1 and player(updates=5.0).updates == 5.0


def test_players_and_a_length_are_one_phase():
    first = alone()
    game = play(first, length=gf.kimg(3), samples={"x": frozen("S")})
    (phase,) = game.phases
    assert (phase.name, phase.players, phase.length) == ("train", (first,), gf.kimg(3))
    assert game.players == (first,) and list(game.samples) == ["x"] and game.monitors == {} and game.batch_size == 2


def test_one_sample_is_called_samples():
    sample = frozen("S")
    assert play(alone(), samples=sample).samples == {"samples": sample}


def test_phases_follow_one_another():
    first = alone("P")
    generator = first.minimizes.parts[0].measure.signals[0].origin.inputs[0]
    shared = Critic("E")(generator)
    second = gf.Player("Q", trains=shared.origin.network, minimizes=Plain().generator(fake=shared), optimizer=Adam())
    phases = [gf.Phase("one", first, length=LENGTH), gf.Phase("two", second, length=gf.epochs(0.5))]
    with pytest.raises(RecipeError, match=r"phase 'two' lasts 0\.5 epochs, but its players draw no data"):
        gf.Game(*phases, batch_size=2)
    game = gf.Game(phases[0], gf.Phase("two", second, length=LENGTH), batch_size=2)
    assert [phase.name for phase in game.phases] == ["one", "two"] and game.players == (first, second)


NAME = "name is a letter, then letters, digits, '_' or '-'; received "
MISTAKES = [
    (lambda: player("1"), f"a player's {NAME}'1'."),
    (lambda: player(3), f"a player's {NAME}3."),
    (lambda: player("x" * 65), f"a player's {NAME}a str."),
    (lambda: player(minimizes=score()), "player 'P': minimizes must be a term; received <signal D(…) (1,)>."),
    (lambda: player(optimizer=3), "player 'P': optimizer must be an optimizer; received 3."),
    (lambda: player(trains=score()), "player 'P': trains must be networks; received <signal D(…) (1,)>."),
    (lambda: player(trains="G"), "player 'P': trains must be networks; received 'G'."),
    (lambda: player(trains=[]), "player 'P' trains no network."),
    (lambda: player(constraints=3), "player 'P': constraints must be constraints; received 3."),
    (lambda: player(updates=0), f"{TURNS}0."),
    (lambda: player(updates=1.5), f"{TURNS}1.5."),
    (lambda: player(updates=True), f"{TURNS}True."),
    (lambda: player(updates="x"), f"{TURNS}'x'."),
    (lambda: player(updates=math.nan), f"{TURNS}nan."),
    (lambda: player(updates=math.inf), f"{TURNS}inf."),
    (lambda: gf.Phase("a b", player(), length=LENGTH), f"a phase's {NAME}'a b'."),
    (lambda: gf.Phase("a", length=LENGTH), "phase 'a' has no players."),
    (lambda: gf.Phase("a", 3, length=LENGTH), "phase 'a': every player must be a gf.Player; received 3."),
    (lambda: gf.Phase("a", player(), length=5),
     "phase 'a': length must be a length such as gf.steps(20_000); received 5."),
    (lambda: gf.Phase("a", player(), length=gf.steps(1.5)),
     "phase 'a' lasts a whole number of steps; received 1.5 steps."),
    (lambda: play(alone(), batch_size=0), "batch_size is a whole number, one or more; received 0."),
    (lambda: play(alone(), batch_size=2.0), "batch_size is a whole number, one or more; received 2.0."),
    (lambda: play(alone(), batch_size=True), "batch_size is a whole number, one or more; received True."),
    (lambda: play("G"), "phase 'train': every player must be a gf.Player; received 'G'."),
    (lambda: play(gf.Phase("a", alone(), length=LENGTH)),
     "a game is played by phases, each with its length, or by players and a length."),
    (lambda: play(gf.Phase("a", alone(), length=LENGTH), alone(), length=None),
     "a game is played by phases, each with its length, or by players and a length."),
    (lambda: play(alone(), samples=[score()]),
     "game: samples must be a signal, or signals by name; received [<signal D(…) (1,)>]."),
    (lambda: play(alone(), samples=term()),
     "game: samples must be a signal, or signals by name; received <term plain>."),
    (lambda: play(alone(), samples={"a": 3}), "game: sample 'a' must be a signal; received 3."),
    (lambda: play(alone(), samples={"../a": frozen()}), f"a sample's {NAME}'../a'."),
    (lambda: play(alone(), samples={3: frozen()}), f"a sample's {NAME}3."),
    (lambda: play(alone(), monitors={"a b": Ramp()}), f"a monitor's {NAME}'a b'."),
    (lambda: play(alone(), monitors={"a": score()}),
     "game: monitor 'a' must be a term, a reading or a schedule; received <signal D(…) (1,)>."),
    (lambda: play(alone(), monitors=3), "game: monitors must be terms, readings or schedules by name; received 3."),
]  # fmt: skip


@pytest.mark.parametrize("make, message", MISTAKES)
def test_what_a_game_is_not_made_of_is_told(make, message):
    assert told(make) == (message, "")


def test_a_game_of_players_needs_a_length():
    hint = "length=gf.epochs(25) or length=gf.steps(20_000)"
    assert told(lambda: play(alone(), length=None)) == ("a game of players needs a length.", hint)
