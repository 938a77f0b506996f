"""Tests of the image pool against the sequential form of the CycleGAN authors' code."""

from __future__ import annotations

import pytest
import torch
from engine_reference import LiteralPool
from engine_toys import (
    Hand,
    Pictures,
    Sgd,
    conv,
    critic,
    critic_loss,
    expect_bits,
    fool,
    fool_loss,
    mean,
    mean_loss,
    play,
    slope,
)

import ganforge as gf
from ganforge.engine.pool import Pool


@pytest.mark.parametrize("batch", [1, 2, 5, 8])
@pytest.mark.parametrize("size", [0, 1, 3, 6])
def test_a_pool_mixes_as_the_sequential_code_does(batch: int, size: int) -> None:
    pool, literal = Pool(size), LiteralPool(size)
    kept = replaced = 0
    for number in range(12):
        # Every image is filled with its own number.
        fake = torch.arange(batch * number, batch * (number + 1)).float()[:, None, None, None].expand(batch, 1, 2, 2)
        torch.manual_seed(number)
        mine = pool.mix(fake)
        torch.manual_seed(number)
        theirs = literal.query(fake)
        expect_bits(mine, theirs)
        fresh = (mine[:, 0, 0, 0] == fake[:, 0, 0, 0]).sum().item()
        kept, replaced = kept + fresh, replaced + batch - fresh
    assert pool.count == len(literal.images)
    if size:
        assert pool.images is not None
        expect_bits(pool.images[: pool.count], torch.stack(literal.images))
        assert replaced > 0
    else:
        assert replaced == 0
    assert kept > 0


def test_a_pool_that_is_not_yet_full_returns_what_it_is_given() -> None:
    pool = Pool(5)
    for number in range(2):
        fake = torch.randn(2, 1, 2, 2)
        expect_bits(pool.mix(fake), fake)
        assert pool.count == 2 * (number + 1)


def test_a_full_pool_returns_older_images_half_of_the_time() -> None:
    torch.manual_seed(0)
    pool = Pool(50)
    fresh = total = 0
    for number in range(400):
        fake = torch.full((4, 1, 1, 1), float(number)) + torch.arange(4)[:, None, None, None] / 10
        out = pool.mix(fake)
        if number >= 13:
            fresh += (out == fake).sum().item()
            total += 4
    assert fresh / total == pytest.approx(0.5, abs=0.05)  # Four deviations of 1548 draws.


def test_the_layout_of_pictures_survives_a_pool() -> None:
    fake = torch.randn(3, 4, 5, 5).contiguous(memory_format=torch.channels_last)
    assert Pool(2).mix(fake).is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize(("batch_size", "size"), [(1, 2), (3, 4), (3, 0)])
def test_critics_judge_pooled_fakes_and_nothing_flows_back(batch_size: int, size: int) -> None:
    data = Pictures()
    real = data.batch().images
    G, D = conv("G", 1, 2, 1), conv("D", 1, 2, 1)
    fake = gf.per_step(G(real))
    pooled = gf.image_pool(fake, size=size)
    game = gf.Game(
        gf.Player("G", trains=G, minimizes=fool(D(fake)), optimizer=Sgd()),
        # The second player could train G too, if a gradient came through the pool.
        gf.Player("D", trains=[D, G], minimizes=critic(D(real), D(pooled)) + 0.0 * fool(G(real)), optimizer=Sgd()),
        batch_size=batch_size,
        length=gf.steps(9),
    )
    loop = play(game)
    hand = Hand(loop)
    g, d, pool = hand.sgd("G"), hand.sgd("D"), LiteralPool(size)
    mixed = 0
    for step in range(8):
        x = hand.batch(step)
        made = hand["G"](x)
        hand.update(g, fool_loss(hand["D"](made)))
        hand.turn(step, "D")
        shown = pool.query(made.detach())
        mixed += not torch.equal(shown, made)
        hand.update(d, critic_loss(hand["D"](x), hand["D"](shown)))
        loop.step()
    assert (mixed > 0) == (size > 0)
    for name in "GD":
        for one, other in zip(
            loop.state.modules[loop.state.networks[name]].parameters(), hand[name].parameters(), strict=True
        ):
            expect_bits(one, other)


def test_a_penalty_at_pooled_fakes_does_not_reach_behind_the_pool() -> None:
    G, D = conv("G", 1, 2, 1), conv("D", 1, 2, 1)
    fake = G(gf.noise(1, 4, 4))
    pooled = gf.image_pool(fake, size=2)
    game = gf.Game(
        gf.Player("P", trains=[D, G], minimizes=slope(D(pooled), wrt=pooled) + mean(fake), optimizer=Sgd()),
        batch_size=2,
        length=gf.steps(9),
    )
    loop = play(game)
    hand = Hand(loop)
    optimizer, pool = hand.sgd("D", "G"), LiteralPool(2)
    for step in range(4):
        hand.turn(step, "P")
        made = hand["G"](torch.randn(2, 1, 4, 4))
        point = pool.query(made.detach()).requires_grad_()
        (gradient,) = torch.autograd.grad(hand["D"](point).sum(), point, create_graph=True)
        hand.update(optimizer, gradient.square().flatten(1).sum(1).mean() + mean_loss(made))
        loop.step()
    hand.expect_same()


def test_a_pool_written_twice_holds_two_histories() -> None:
    real = Pictures().batch().images
    D = conv("D", 1, 2, 1)
    pools = [gf.image_pool(real, size=2) for _ in range(2)]
    game = gf.Game(
        gf.Player("D", trains=D, minimizes=critic(D(pools[0]), D(pools[1])), optimizer=Sgd()),
        batch_size=2,
        length=gf.steps(9),
    )
    loop = play(game, 4)
    one, other = loop.state.pools.values()
    assert one.images is not None
    assert other.images is not None
    assert not torch.equal(one.images, other.images)
