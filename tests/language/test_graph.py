"""Tests of walks over the expressions of a game."""

from ganforge_toys import Adam, Clip, Critic, Gen, Images, Plain, Ramp, WarmUp, l1, play

import ganforge as gf
from ganforge.language import graph
from ganforge.language.signal import ImagePool


def small_game() -> tuple[gf.Game, dict[str, object]]:
    real, z = Images().batch().images, gf.noise(4)
    g, d = Gen("G"), Critic("D")
    fake = g(z)
    pooled = gf.image_pool(fake, size=3)
    balance = Plain().generator(fake=d(fake))
    inner, read = gf.integral(balance, gain=1.0), gf.integral(balance, gain=Ramp())
    turns, decay = gf.integral(balance, gain=0.5), gf.integral(balance, gain=0.1)
    average = gf.ema(g, decay=decay)
    game = play(
        gf.Player("D", trains=d, minimizes=Plain().discriminator(real=d(real), fake=d(pooled)), optimizer=Adam(),
                  constraints=Clip(limit=WarmUp(to=turns))),
        gf.Player("G", trains=g, minimizes=balance + inner * l1(fake, real), optimizer=Adam()),
        samples=average(z),
        monitors={"k": 2 * read, "b": balance},
    )  # fmt: skip
    return game, locals()


def test_expressions_are_listed_once_inputs_first():
    game, names = small_game()
    fake, z = names["fake"], names["z"]
    assert graph.ordered([fake, fake, z]) == [z.origin, fake.origin]
    pooled = names["pooled"]
    assert graph.ordered([pooled]) == [z.origin, fake.origin, pooled.origin]
    assert graph.ordered([pooled], ends=(ImagePool,)) == [pooled.origin]
    assert graph.networks_behind([pooled]) == [names["g"]] and graph.networks_behind([pooled], (ImagePool,)) == []
    assert len(graph.ordered(graph.game_signals(game))) == 8


def test_a_game_knows_its_networks_averages_batches_and_pools():
    game, names = small_game()
    assert graph.game_networks(game) == {"D": names["d"], "G": names["g"]}
    assert graph.game_averages(game) == {"G": names["average"]} and graph.averages_behind(game) == [names["average"]]
    assert graph.game_batches(game) == [names["real"].origin] and graph.game_pools(game) == [names["pooled"].origin]
    assert [measure.name for measure in graph.game_measures(game)] == ["plain", "plain", "l1"]


def test_every_feedback_of_a_game_is_found_also_inside_schedules_averages_and_monitors():
    game, names = small_game()
    assert graph.game_feedbacks(game) == [names["turns"], names["inner"], names["decay"], names["read"]]


def test_the_numbers_of_a_number_are_found_at_any_depth():
    ramp = Ramp()
    feedback = gf.integral(Plain().generator(fake=Critic("D")(gf.noise(1, 8, 8))) * WarmUp(to=ramp), gain=2 * ramp)
    assert list(graph.quantities_of((0.5 * feedback, 3))) == [feedback, ramp, WarmUp(to=ramp), ramp]
    assert list(graph.monitor_quantities(feedback.balance)) == [WarmUp(to=ramp), ramp]
    assert list(graph.quantities_of("x")) == []
