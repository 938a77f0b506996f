"""Fidelity of the image-to-image recipes: networks, losses, order and number of updates, optimizers, schedules."""

from __future__ import annotations

import copy
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from recipes_settings import SMALL
from torch import Tensor, nn
from torch.nn import functional as F

import ganforge as gf
from ganforge.engine.batches import Batches
from ganforge.engine.device import Machine
from ganforge.engine.draw import seed_turn
from ganforge.engine.loop import Loop
from ganforge.engine.modules import trial
from ganforge.language.graph import game_batches
from ganforge.language.recipe import load_recipe
from ganforge.registry.catalogue import Catalogue
from ganforge.registry.discovery import installed

RECIPES = Path(__file__).resolve().parents[2] / "recipes"
CPU = Machine(torch.device("cpu"))
SEED = 3


def game_of(name: str, **changes: str) -> gf.Game:
    """A recipe's game with its own settings but for some."""
    return load_recipe(RECIPES / f"{name}.py").read(changes, Catalogue(installed()))


def optimizers(game: gf.Game) -> dict[str, dict[str, Any]]:
    return {player.name: player.optimizer.values() for player in game.players}


class Doubled(Batches):
    """Batches in double precision."""

    def draw(self, position: int) -> tuple[Tensor, ...]:
        return tuple(field.double() if field.is_floating_point() else field for field in super().draw(position))


class Hand:
    """What a hand-written loop needs: the initial networks, the same batches and the same random numbers.

    Everything is in double precision but the losses: Adam divides the gradients of weights that do not matter,
    such as biases in front of a normalisation, by their own rounding errors.
    """

    def __init__(self, name: str, steps: int, **changes: str) -> None:
        game = game_of(name, **{**SMALL[name], **changes})
        data = {
            origin: Doubled(
                origin,
                origin.data.open(Path()),
                seed=SEED,
                stream=stream,
                batch_size=game.batch_size,
                device=CPU.device,
                keep_channels_last=False,
            )
            for stream, origin in enumerate(game_batches(game))
        }
        self.loop = Loop(game, CPU, SEED, data)
        state = self.loop.state
        self.nets = {
            name: copy.deepcopy(state.modules[network].double()).requires_grad_(True)
            for name, network in state.networks.items()
        }
        for _ in range(steps):
            self.loop.step()

    def __getitem__(self, name: str) -> nn.Module:
        return self.nets[name]

    def batch(self, position: int) -> tuple[Tensor, ...]:
        (batches,) = self.loop.data.values()
        return batches.draw(position)

    def turn(self, step: int, player: str, turn: int = 0) -> None:
        seed_turn(SEED, step, player, turn)

    def adam(self, *names: str, **options: Any) -> torch.optim.Adam:
        return torch.optim.Adam([weight for name in names for weight in self.nets[name].parameters()], **options)

    def expect_same(self) -> None:
        """The engine's weights are those of the hand-written loop."""
        for name, network in self.loop.state.networks.items():
            mine = dict(self.nets[name].named_parameters())
            assert mine
            for key, theirs in self.loop.state.modules[network].named_parameters():
                torch.testing.assert_close(
                    mine[key].detach(),
                    theirs,
                    rtol=1e-5,
                    atol=1e-7,
                    msg=lambda text, at=f"{name}.{key}": f"{at}: {text}",
                )


def update(optimizer: torch.optim.Optimizer, loss: Tensor, lr: float | None = None) -> None:
    """One update by the gradients of the optimizer's own weights and of nothing else."""
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    for weight, gradient in zip(weights, torch.autograd.grad(loss, weights), strict=True):
        weight.grad = gradient
    if lr is not None:
        optimizer.param_groups[0]["lr"] = lr
    optimizer.step()


def bce(logits: Tensor, label: float) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


# pix2pix


def test_pix2pix_has_the_networks_of_the_paper() -> None:
    encoder = 16 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 4 * 512 * 512) + 2 * (128 + 256 + 4 * 512)
    decoder = 16 * (512 * 512 + 3 * 1024 * 512 + 1024 * 256 + 512 * 128 + 256 * 64 + 128 * 3) + 3
    norms = 2 * (4 * 512 + 256 + 128 + 64)
    # D sees source and target, six channels; the first convolution and the last have biases.
    judge = 16 * (6 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 512) + 64 + 2 * (128 + 256 + 512) + 1
    game = game_of("pix2pix_facades")
    assert trial(game) == {"D": judge, "G": encoder + decoder + norms} == {"D": 2_768_705, "G": 54_413_955}
    (score,) = {signal.shape for part in game.players[0].minimizes.parts for signal in part.measure.signals}
    assert score == (1, 30, 30)


def test_pix2pix_reads_facades_as_the_authors_do() -> None:
    (batch,) = game_batches(game_of("pix2pix_facades"))
    values = batch.data.values()
    assert (values["size"], values["load_size"], values["flip"], values["direction"]) == (256, 286, True, "b-to-a")


def test_pix2pix_has_the_hyperparameters_of_its_sources() -> None:
    game = game_of("pix2pix_facades")
    assert game.batch_size == 1 and str(game.phases[0].length) == "200 epochs"
    assert [(player.name, player.updates) for player in game.players] == [("D", 1), ("G", 1)]
    assert [[(part.label, part.factor) for part in player.minimizes.parts] for player in game.players] == [
        [("non-saturating", 0.5)],
        [("non-saturating", 1), ("l1", 100)],
    ]
    for values in optimizers(game).values():
        assert values["betas"] == (0.5, 0.999)
        rates = [values["lr"].at(gf.Progress(0, 0, epoch)) for epoch in (0, 99.9, 100, 150, 200)]
        assert rates == pytest.approx([2e-4, 2e-4, 2e-4, 1e-4, 0])


def test_pix2pix_keeps_dropout_and_batch_statistics_in_its_samples() -> None:
    game = game_of("pix2pix_facades", **SMALL["pix2pix_facades"])
    assert list(game.samples) == ["source", "fake", "target"]
    assert game.samples["fake"].origin.mode == "train"  # type: ignore[attr-defined]


def test_pix2pix_plays_like_a_hand_written_loop() -> None:
    # 24 pairs by twos: an epoch has 12 steps, and the decay begins in the middle of the third.
    hand = Hand("pix2pix_facades", steps=4, batch_size="2", epochs=str(5 / 12))
    d, g = hand["D"], hand["G"]
    adam_d, adam_g = (hand.adam(name, betas=(0.5, 0.999)) for name in "DG")
    for step in range(4):
        lr = 2e-4 * min(1, (5 - step) / 2.5)
        source, target = hand.batch(step)
        hand.turn(step, "D")
        fake = g(source)
        on_real, on_fake = d(torch.cat([source, target], 1)), d(torch.cat([source, fake.detach()], 1))
        update(adam_d, 0.5 * (bce(on_real, 1) + bce(on_fake, 0)), lr)
        # The same fake, judged by the D that has just moved.
        loss = bce(d(torch.cat([source, fake], 1)), 1) + 100 * (fake - target).abs().mean()
        update(adam_g, loss, lr)
    hand.expect_same()


# CycleGAN


def test_cyclegan_has_six_blocks_up_to_128_pixels() -> None:
    block = 2 * (3 * 3 * 256 * 256 + 256)
    counts = trial(game_of("cyclegan_horse2zebra", data="shapes(size=128)"))
    assert counts["G_AB"] == counts["G_BA"] == 11_378_179 - 3 * block


def test_cyclegan_reads_its_images_as_the_authors_do() -> None:
    game = game_of("cyclegan_horse2zebra")
    (batch,) = game_batches(game)
    values = batch.data.values()
    assert (values["size"], values["load_size"], values["flip"]) == (256, 286, True)
    assert game.batch_size == 1 and str(game.phases[0].length) == "200 epochs"
    assert all(values["betas"] == (0.5, 0.999) for values in optimizers(game).values())
    assert list(game.samples) == ["a", "fake_b", "cycle_a", "b", "fake_a", "cycle_b"]


def literal_pool(pool: list[Tensor], size: int, fakes: Tensor) -> Tensor:
    """The authors' image pool, one image after another."""
    keep, slots = torch.rand(len(fakes)) < 0.5, torch.randint(size, (len(fakes),))
    returned = []
    for number, image in enumerate(fakes):
        slot = int(slots[number])
        if len(pool) < size:
            pool.append(image)
            returned.append(image)
        elif keep[number]:
            returned.append(image)
        else:
            returned.append(pool[slot])
            pool[slot] = image
    return torch.stack(returned)


def test_cyclegan_plays_like_a_hand_written_loop() -> None:
    hand = Hand("cyclegan_horse2zebra", steps=4, batch_size="2", pool_size="3")
    ab, ba, d_a, d_b = hand["G_AB"], hand["G_BA"], hand["D_A"], hand["D_B"]
    adam_g = hand.adam("G_AB", "G_BA", lr=2e-4, betas=(0.5, 0.999))
    adam_d = hand.adam("D_A", "D_B", lr=2e-4, betas=(0.5, 0.999))
    pools: tuple[list[Tensor], list[Tensor]] = ([], [])
    for step in range(4):
        a, b = hand.batch(step)
        fake_b, fake_a = ab(a), ba(b)
        # The authors' losses: plain squared errors for G, halved ones for each D.
        loss = (d_a(fake_a) - 1).square().mean() + (d_b(fake_b) - 1).square().mean()
        loss = loss + 10 * (ba(fake_b) - a).abs().mean() + 10 * (ab(fake_a) - b).abs().mean()
        loss = loss + 5 * (ba(a) - a).abs().mean() + 5 * (ab(b) - b).abs().mean()
        update(adam_g, loss)
        hand.turn(step, "D")
        old_a, old_b = (
            literal_pool(pool, 3, fake.detach()) for pool, fake in zip(pools, (fake_a, fake_b), strict=True)
        )
        on_a = 0.5 * ((d_a(a) - 1).square().mean() + d_a(old_a).square().mean())
        update(adam_d, on_a + 0.5 * ((d_b(b) - 1).square().mean() + d_b(old_b).square().mean()))
    hand.expect_same()


# DiscoGAN


def test_discogan_has_the_networks_of_the_authors_code() -> None:
    down = 16 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512) + 2 * (128 + 256 + 512)
    up = 16 * (512 * 256 + 256 * 128 + 128 * 64 + 64 * 3) + 2 * (256 + 128 + 64)
    judge = down + 512 * 4 * 4
    game = game_of("discogan")
    assert trial(game) == {"D_A": judge, "D_B": judge, "G_AB": down + up, "G_BA": down + up}
    assert (judge, down + up) == (2_765_568, 5_513_856)
    matched = {part.label: part.measure.inputs for part in game.players[1].minimizes.parts if "features" in part.label}
    maps = {"1": (128, 16, 16), "2": (256, 8, 8), "3": (512, 4, 4)}
    assert {label: {signal.shape for signal in inputs} for label, inputs in matched.items()} == {
        f"features_{domain}{layer}": {shape} for domain in "ab" for layer, shape in maps.items()
    }


def test_discogan_weighs_its_losses_as_the_authors_code_does() -> None:
    game = game_of("discogan")
    critics, translators = game.players
    assert [(player.name, player.updates) for player in game.players] == [("D", 1), ("G", 2)]
    assert [(part.label, part.factor) for part in critics.minimizes.parts] == [("adv_a", 0.5), ("adv_b", 0.5)]
    weights = []
    for step in (0, 3332, 3333, 90_000):
        now = gf.Progress(step, step * 64, 0.0)
        weights.append([part.factor * part.quantities[0].at(now) for part in translators.minimizes.parts])
    # Two adversarial terms, three layers of features in each domain, and two reconstructions.
    early = [0.1 * 0.99] * 2 + [0.9 * 0.99] * 6 + [0.25 * 0.01] * 2
    late = [0.1 * 0.5] * 2 + [0.9 * 0.5] * 6 + [0.25 * 0.5] * 2
    assert weights == [pytest.approx(each) for each in (early, early, late, late)]
    assert game.batch_size == 64
    for values in optimizers(game).values():
        assert (values["lr"], values["betas"], values["weight_decay"]) == (2e-4, (0.5, 0.999), 1e-5)
    (batch,) = game_batches(game)
    assert batch.data.values()["size"] == 64


def shown(critic: nn.Module, images: Tensor) -> tuple[Tensor, list[Tensor]]:
    """A discriminator's logits, and the maps after the activations of all its convolutions but the first."""
    maps = [images]
    for stage in critic.stages:  # type: ignore[union-attr]
        maps.append(stage(maps[-1]))
    return critic.judge(maps[-1]), maps[2:]  # type: ignore[operator]


def test_discogan_plays_like_a_hand_written_loop() -> None:
    data = "shapes(size=32, count=24)"
    hand = Hand("discogan", steps=4, data=data, curriculum="2")
    ab, ba, d_a, d_b = hand["G_AB"], hand["G_BA"], hand["D_A"], hand["D_B"]
    options: dict[str, Any] = {"lr": 2e-4, "betas": (0.5, 0.999), "weight_decay": 1e-5}
    adam_g, adam_d = hand.adam("G_AB", "G_BA", **options), hand.adam("D_A", "D_B", **options)
    for step in range(4):
        rate = 0.01 if step < 2 else 0.5
        for turn, player in enumerate("DGG"):
            # The first turn of each player sees the step's batch, the second of the translators another.
            a, b = hand.batch(2 * step + max(turn - 1, 0))
            fake_b, fake_a = ab(a), ba(b)
            (real_a, maps_a), (real_b, maps_b) = shown(d_a, a), shown(d_b, b)
            (on_a, fakes_a), (on_b, fakes_b) = shown(d_a, fake_a), shown(d_b, fake_b)
            assert len(maps_a) == len(fakes_b) == 2
            if player == "D":
                halves = [bce(real_a, 1), bce(on_a, 0), bce(real_b, 1), bce(on_b, 0)]
                update(adam_d, torch.stack(halves).sum() / 2)
                continue
            # In the code's units: images from 0 to 1, and a hinge embedding with targets of one.
            back_a, back_b = ba(fake_b), ab(fake_a)
            recon = F.mse_loss((back_a + 1) / 2, (a + 1) / 2) + F.mse_loss((back_b + 1) / 2, (b + 1) / 2)
            gaps = [
                (one.mean(0) - two.mean(0)) ** 2 for one, two in zip(maps_a + maps_b, fakes_a + fakes_b, strict=True)
            ]
            fm = sum((F.hinge_embedding_loss(gap, torch.ones_like(gap)) for gap in gaps), torch.zeros(()))
            update(adam_g, (0.1 * (bce(on_a, 1) + bce(on_b, 1)) + 0.9 * fm) * (1 - rate) + recon * rate)
    hand.expect_same()


# StarGAN


def test_stargan_has_the_networks_of_the_paper() -> None:
    down = 49 * (3 + 8) * 64 + 16 * (64 * 128 + 128 * 256) + 2 * (64 + 128 + 256)
    blocks = 6 * 2 * (9 * 256 * 256 + 2 * 256)
    up = 16 * (256 * 128 + 128 * 64) + 2 * (128 + 64) + 49 * 64 * 3
    widths = [64, 128, 256, 512, 1024, 2048]
    hidden = 16 * 3 * 64 + 64 + sum(16 * n * 2 * n + 2 * n for n in widths[:-1])
    heads = 9 * 2048 + 2 * 2 * 2048 * 8
    game = game_of("stargan")
    assert trial(game) == {"D": hidden + heads, "G": down + blocks + up} == {"D": 44_786_624, "G": 8_439_936}
    (adversarial,) = [part for part in game.players[0].minimizes.parts if part.label == "wasserstein"]
    assert {signal.shape for signal in adversarial.measure.signals} == {(1, 2, 2)}


def test_stargan_has_the_hyperparameters_of_the_authors_code() -> None:
    game = game_of("stargan")
    critic, translator = game.players
    assert [(player.name, player.updates) for player in game.players] == [("D", 5), ("G", 1)]
    assert [(part.label, part.factor) for part in critic.minimizes.parts] == [
        ("wasserstein", 1),
        ("class_real", 1),
        ("gradient-penalty", 10),
    ]
    assert [(part.label, part.factor) for part in translator.minimizes.parts] == [
        ("wasserstein", 1),
        ("class_fake", 1),
        ("cycle", 10),
    ]
    # 200,000 updates of D are 40,000 steps, in the second half of which the rate falls.
    assert game.batch_size == 16 and str(game.phases[0].length) == "40,000 steps"
    for values in optimizers(game).values():
        assert values["betas"] == (0.5, 0.999)
        rates = [values["lr"].at(gf.Progress(step, 0, 0.0)) for step in (0, 20_000, 30_000, 40_000)]
        assert rates == pytest.approx([1e-4, 1e-4, 5e-5, 0])


def test_stargan_plays_like_a_hand_written_loop() -> None:
    hand = Hand("stargan", steps=2, n_critic="2")
    d, g = hand["D"], hand["G"]
    adam_d, adam_g = (hand.adam(name, lr=1e-4, betas=(0.5, 0.999)) for name in "DG")
    for step in range(2):
        for turn in range(2):
            hand.turn(step, "D", turn)
            real, labels = hand.batch(2 * step + turn)
            wanted = torch.randint(8, (4,))
            fake = g(real, F.one_hot(wanted, 8).float()).detach()
            (score, logits), (on_fake, _) = d(real), d(fake)
            share = torch.rand(4, 1, 1, 1, dtype=torch.float64)
            point = (share * real + (1 - share) * fake).requires_grad_()
            (slope,) = torch.autograd.grad(d(point)[0].sum(), point, create_graph=True)
            penalty = (slope.square().sum((1, 2, 3)).sqrt() - 1).square().mean()
            update(adam_d, on_fake.mean() - score.mean() + F.cross_entropy(logits, labels) + 10 * penalty)
        hand.turn(step, "G")
        real, labels = hand.batch(2 * step)
        wanted = torch.randint(8, (4,))
        fake = g(real, F.one_hot(wanted, 8).float())
        score, logits = d(fake)
        back = g(fake, F.one_hot(labels, 8).float())
        update(adam_g, -score.mean() + F.cross_entropy(logits, wanted) + 10 * (back - real).abs().mean())
    hand.expect_same()


def test_stargan_draws_translations_to_one_class_where_asked(tmp_path: Path) -> None:
    run = gf.train(game_of("stargan", **SMALL["stargan"]), out=tmp_path / "run", steps=1, device="cpu", quiet=True)
    one, same, other = (run.sample(3, label=label) for label in (5, 5, 2))
    assert torch.equal(one["fake"], same["fake"]) and torch.equal(one["source"], other["source"])
    assert not torch.equal(one["fake"], other["fake"])


# SRGAN


def test_srgan_has_the_networks_of_the_paper() -> None:
    ends = (81 * 3 * 64 + 64) + (81 * 64 * 3 + 3)
    blocks = 16 * (2 * (9 * 64 * 64 + 2 * 64) + 64) + 9 * 64 * 64 + 2 * 64
    doublings = 2 * (9 * 64 * 256 + 256 + 64)
    widths = [64, 64, 128, 128, 256, 256, 512, 512]
    judge = 9 * 3 * 64 + 64 + sum(9 * a * b + 2 * b for a, b in pairwise(widths))
    judge += 512 * 6 * 6 * 1024 + 1024 + 1024 + 1
    slopes = 64
    assert trial(game_of("srgan")) == {"G": ends + slopes + blocks + doublings, "D": judge}
    assert (ends + slopes + blocks + doublings, judge) == (1_548_547, 23_563_649)


def test_srgan_has_the_hyperparameters_of_the_paper() -> None:
    game = game_of("srgan")
    assert game.batch_size == 16
    assert [(phase.name, str(phase.length)) for phase in game.phases] == [
        ("pretrain", "1,000,000 steps"),
        ("adversarial", "200,000 steps"),
    ]
    assert [[player.name for player in phase.players] for phase in game.phases] == [["SRResNet"], ["D", "G"]]
    found = optimizers(game)
    assert found["SRResNet"]["lr"] == 1e-4 and all(values["betas"] == (0.9, 0.999) for values in found.values())
    for name in "DG":
        rates = [found[name]["lr"].at(gf.Progress(step, 0, 0.0)) for step in (0, 99_999, 100_000, 200_000)]
        assert rates == pytest.approx([1e-4, 1e-4, 1e-5, 1e-5])
    parts = game.players[2].minimizes.parts
    assert [(part.label, part.factor) for part in parts] == [("content", 1), ("non-saturating", 1e-3)]
    assert game.samples["low"].shape == (3, 24, 24) and game.samples["target"].shape == (3, 96, 96)


def test_srgan_without_a_first_phase_has_one_phase() -> None:
    (phase,) = game_of("srgan", pretrain="0").phases
    assert phase.name == "adversarial"


def test_srgan_takes_another_content_loss() -> None:
    game = game_of("srgan", content="vgg-content(block=2, convolution=2)")
    part = game.players[2].minimizes.parts[0]
    assert part.label == "content" and part.measure.name == "vgg-content"


def test_srgan_plays_both_phases_like_a_hand_written_loop() -> None:
    hand = Hand("srgan", steps=5, pretrain="2", data="shapes(size=16, count=24)")
    d, g = hand["D"], hand["G"]
    alone = hand.adam("G", lr=1e-4, betas=(0.9, 0.999))
    adam_d, adam_g = (hand.adam(name, lr=1e-4, betas=(0.9, 0.999)) for name in "DG")
    for step in range(5):
        large = hand.batch(step)[0]
        small = F.interpolate(large, (4, 4), mode="bilinear", antialias=True)
        if step < 2:
            update(alone, (g(small) - large).square().mean())
            continue
        fake = g(small)
        update(adam_d, bce(d(large), 1) + bce(d(fake.detach()), 0))
        update(adam_g, (fake - large).square().mean() + 1e-3 * bce(d(fake), 1))
    hand.expect_same()


def test_srgan_watches_its_gain_over_bilinear_enlargement(tmp_path: Path) -> None:
    game = game_of("srgan", **SMALL["srgan"])
    one, other = 0.01, 0.1
    gain = game.monitors["gain"].function(torch.tensor(one), torch.tensor(other))  # type: ignore[union-attr]
    assert gain.item() == pytest.approx(10)
    gf.train(game, out=tmp_path / "run", steps=1, device="cpu", quiet=True)
    assert "gain" in (tmp_path / "run" / "metrics.jsonl").read_text()
