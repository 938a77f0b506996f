"""Tests of samples: in evaluation mode, from averages, with fixed noise, and without disturbing the training."""

from __future__ import annotations

import copy

import pytest
import torch
from engine_toys import CPU, Points, Sgd, conv, expect_bits, fool, mean, mlp, module_of, play
from torch import nn

import ganforge as gf
from ganforge.engine.loop import Loop
from ganforge.engine.samples import Sampler


def sampler(loop: Loop, batch_size: int = 6) -> Sampler:
    return Sampler(loop.game.samples, loop.state.modules, CPU, loop.data, batch_size)


def game(size: int = 2) -> gf.Game:
    x, z = Points().batch().x, gf.noise(size)
    G, D = mlp("G", size, 8, 3, norm=True, dropout=0.5), mlp("D", 3, 1)
    fake, from_data = G(z), D(x)
    return gf.Game(
        gf.Player("D", trains=D, minimizes=mean(from_data), optimizer=Sgd()),
        gf.Player("G", trains=G, minimizes=fool(D(fake)), optimizer=Sgd()),
        batch_size=6,
        length=gf.steps(9),
        samples={
            "plain": fake,
            "average": gf.ema(G, decay=0.5)(z),
            "kept": gf.sampling(fake, mode="train"),
            "off": gf.sampling(G(z), mode="eval"),
            "judged": from_data,
            "noise": z,
            "x": x,
        },
    )


def test_samples_are_drawn_in_evaluation_mode_and_from_the_average() -> None:
    loop = play(game(), 3)
    drawn = sampler(loop, 50).draw(9, seed=3)
    module = copy.deepcopy(module_of(loop, "G")).eval()
    average = copy.deepcopy(loop.state.modules[loop.state.averages["G"]]).eval()
    with torch.no_grad():
        expect_bits(drawn["off"], module(drawn["noise"]))
        expect_bits(drawn["average"], average(drawn["noise"]))
        expect_bits(drawn["judged"], module_of(loop, "D")(drawn["x"]))
    assert not torch.equal(drawn["average"], drawn["off"])
    # The data's own fixed examples, in no order of an epoch.
    expect_bits(drawn["x"], loop.data[loop.state.batches[0]].fixed(9)[0])
    # This evaluation is read by "kept" too, which keeps dropout and batch statistics on.
    expect_bits(drawn["plain"], drawn["kept"])
    assert not torch.allclose(drawn["kept"], drawn["off"])
    assert (module_of(loop, "G").training, average.training) == (True, False)


def test_samples_in_training_mode_leave_the_statistics_alone() -> None:
    loop = play(game(), 3)
    before = copy.deepcopy(module_of(loop, "G").state_dict())
    drawn = sampler(loop, 9).draw(9, seed=3)["kept"]
    for key, value in module_of(loop, "G").state_dict().items():
        expect_bits(value, before[key])
    # By hand: batch statistics of these very examples, dropout by the seed of the samples.
    module = copy.deepcopy(module_of(loop, "G"))
    assert module.training
    norm = module[1]
    assert isinstance(norm, nn.BatchNorm1d)
    norm.track_running_stats, norm.running_mean, norm.running_var = False, None, None
    z = sampler(loop, 9).draw(9, seed=3)["noise"]
    sampler(loop, 9)._sources(9, 3)  # Seeds torch's generator.
    torch.testing.assert_close(drawn, module(z).detach(), rtol=1e-5, atol=1e-6)


def test_the_same_seed_gives_the_same_samples() -> None:
    loop = play(game(), 2)
    one, again, other = (sampler(loop).draw(5, seed) for seed in (1, 1, 2))
    for name in one:
        expect_bits(one[name], again[name])
    assert not torch.equal(one["noise"], other["noise"])


def test_a_sample_in_training_mode_is_the_same_whatever_the_count() -> None:
    loop = play(game(), 2)
    many = sampler(loop).draw(18, seed=0)
    for count in (1, 6, 7, 17):
        few = sampler(loop).draw(count, seed=0)
        for name, value in few.items():
            expect_bits(value, many[name][:count])


@pytest.mark.parametrize("size", [1, 2, 7, 100])
@pytest.mark.parametrize("prior", ["normal", "uniform"])
def test_a_sample_is_the_same_whatever_the_count(size: int, prior: str) -> None:
    z, labels = gf.noise(size, prior=prior), gf.random_labels(10)  # type: ignore[arg-type]
    G = mlp("G", size, 4)
    loop = play(
        gf.Game(
            gf.Player("G", trains=G, minimizes=mean(G(z)), optimizer=Sgd()),
            batch_size=6,
            length=gf.steps(9),
            samples={"z": z, "labels": labels, "fake": G(z)},
        )
    )
    many = sampler(loop).draw(40, seed=0)
    for count in (1, 2, 3, 5, 15, 16, 17, 39):
        few = sampler(loop).draw(count, seed=0)
        assert [len(value) for value in few.values()] == [count] * 3
        expect_bits(few["z"], many["z"][:count])
        expect_bits(few["labels"], many["labels"][:count])
        # The last batch is a smaller one, whose products may be summed in another order.
        torch.testing.assert_close(few["fake"], many["fake"][:count], rtol=1e-5, atol=1e-6)
    assert many["labels"].unique().numel() == 10


def test_drawing_samples_does_not_disturb_training() -> None:
    plain, sampled = play(game()), play(game())
    for _ in range(4):
        plain.step()
        sampled.step()
        sampler(sampled).draw(7, seed=0)
    for name, value in plain.state.tensors().items():
        expect_bits(value, sampled.state.tensors()[name])
    assert plain.scalars() == sampled.scalars()
    assert plain.state.scalars() == sampled.state.scalars()


def test_frozen_networks_stay_in_evaluation_mode_in_every_sample() -> None:
    z = gf.noise(3)
    G, F = mlp("G", 3, 3), mlp("F", 3, 5, 3, norm=True, dropout=0.5, frozen=True)
    loop = play(
        gf.Game(
            gf.Player("G", trains=G, minimizes=mean(F(G(z))), optimizer=Sgd()),
            batch_size=6,
            length=gf.steps(9),
            samples={"fake": gf.sampling(F(G(z)), mode="train"), "z": z},
        )
    )
    drawn = sampler(loop, 50).draw(8, seed=0)
    with torch.no_grad():
        expect_bits(drawn["fake"], module_of(loop, "F")(module_of(loop, "G")(drawn["z"])))


def test_pictures_are_sampled_on_the_host_in_full_precision() -> None:
    z = gf.noise(1, 4, 4)
    G = conv("G", 1, 2, 1)
    loop = play(
        gf.Game(
            gf.Player("G", trains=G, minimizes=mean(G(z)), optimizer=Sgd()),
            batch_size=3,
            length=gf.steps(9),
            samples=gf.image_pool(gf.per_step(G(z)), size=4),
        )
    )
    drawn = sampler(loop).draw(7, seed=0)["samples"]
    assert (drawn.shape, drawn.dtype, drawn.requires_grad) == ((7, 1, 4, 4), torch.float32, False)
    # Samples pass the pool by.
    assert loop.state.pools
    assert all(pool.images is None for pool in loop.state.pools.values())
