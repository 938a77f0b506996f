"""Tests of schedules wherever a number stands."""

from ganforge_toys import Adam, Gen, Plain, Ramp, WarmUp, play, score

import ganforge as gf
from ganforge.language.graph import player_quantities


def test_a_schedule_reads_as_its_call():
    assert str(Ramp(start=2.0)) == "ramp(start=2.0, until=100 steps)"


def test_a_schedule_gives_its_number_for_the_step_that_begins():
    assert [Ramp(until=gf.steps(4)).at(gf.Progress(step)) for step in (0, 1, 4, 9)] == [1.0, 0.75, 0.0, 0.0]


def test_schedules_stand_wherever_numbers_do():
    rate, beta, weight, turns, decay = (Ramp(start=float(number)) for number in range(1, 6))
    fake = score("D")
    discriminator = fake.origin.network
    player = gf.Player(
        "D",
        trains=discriminator,
        minimizes=weight * _loss(fake),
        optimizer=Adam(lr=rate, betas=(0.0, WarmUp(to=beta))),
        updates=turns,
    )
    assert list(player_quantities(player)) == [weight, turns, rate, WarmUp(to=beta), beta]
    generator = fake.origin.inputs[0].origin.network
    trainer = gf.Player("G", trains=generator, minimizes=_loss(fake), optimizer=Adam())
    game = play(player, trainer, samples=gf.ema(generator, decay=decay)(gf.noise(3)))
    assert game.samples["samples"].origin.network.average.decay is decay
    assert isinstance(generator, Gen)


def _loss(fake):
    return Plain().generator(fake=fake)
