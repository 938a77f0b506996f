"""A run's folder from outside: begun once, locked while it is written, read back without its recipe."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest
import torch

import ganforge as gf
from ganforge.engine.folder import RunFolder
from ganforge.errors import BusyError, CheckpointError, DataError, RecipeError
from ganforge_classic import Adam, MLPDiscriminator, MLPGenerator, NonSaturating
from ganforge_data import Folder, Shapes


def game(**networks: gf.Network) -> gf.Game:
    real, z = Shapes(size=8, count=16).batch().images, gf.noise(4)
    G = networks.get("G") or MLPGenerator("G", shape=real.shape, widths=(8,))
    D = MLPDiscriminator("D", widths=(8,))
    fake, adv = G(z), NonSaturating()  # type: ignore[operator]
    return gf.Game(
        gf.Player("D", trains=D, minimizes=adv.discriminator(real=D(real), fake=D(fake)), optimizer=Adam()),
        gf.Player("G", trains=G, minimizes=adv.generator(fake=D(fake)), optimizer=Adam()),
        batch_size=4,
        length=gf.steps(2),
        samples={"now": fake, "average": gf.ema(G, decay=0.5)(z)},  # type: ignore[operator]
    )


def train(out: Path, played: gf.Game | None = None, **settings: object) -> None:
    gf.train(played or game(), out=out, device="cpu", quiet=True, **settings)  # type: ignore[arg-type]


def test_a_folder_that_holds_a_run_is_not_overwritten(tmp_path: Path) -> None:
    train(tmp_path / "run")
    before = (tmp_path / "run" / "metrics.jsonl").read_bytes()
    with pytest.raises(RecipeError, match="already holds a run") as caught:
        train(tmp_path / "run")
    assert f"ganforge resume {tmp_path / 'run'}" in str(caught.value)
    assert (tmp_path / "run" / "metrics.jsonl").read_bytes() == before


def test_a_folder_in_use_is_refused_with_its_user(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    with folder.locked(), pytest.raises(BusyError, match=r"is being written by process \d+ on") as caught:
        train(tmp_path, resume=True)
    assert caught.value.exit_code == 8
    train(tmp_path, resume=True)


def test_a_run_that_cannot_begin_leaves_no_folder(tmp_path: Path) -> None:
    data = Folder(root=str(tmp_path / "nowhere"), size=8)
    G, D, adv = MLPGenerator("G", shape=data.shape, widths=(8,)), MLPDiscriminator("D", widths=(8,)), NonSaturating()
    fake = G(gf.noise(4))
    absent = gf.Game(
        gf.Player(
            "D", trains=D, minimizes=adv.discriminator(real=D(data.batch().images), fake=D(fake)), optimizer=Adam()
        ),
        gf.Player("G", trains=G, minimizes=adv.generator(fake=D(fake)), optimizer=Adam()),
        batch_size=4,
        length=gf.steps(2),
    )
    with pytest.raises(DataError, match="nowhere"):
        train(tmp_path / "run", absent)
    assert not (tmp_path / "run").exists()


def test_a_loaded_run_draws_the_samples_that_training_drew(tmp_path: Path) -> None:
    train(tmp_path / "run")
    run = gf.load(tmp_path / "run", device="cpu")
    samples, again = run.sample(5, seed=3), gf.load(tmp_path / "run", device="cpu").sample(9, seed=3)
    for name in ("now", "average"):
        assert samples[name].shape == (5, 3, 8, 8)
        torch.testing.assert_close(samples[name], again[name][:5])
    # The samples named 'now' are G's own, on the noise of the fixed seed.
    generator = run.network("G")
    assert not generator.training
    assert not torch.equal(samples["now"], samples["average"])
    state, average = generator.state_dict(), run.network("G", average=True).state_dict()
    assert any(not torch.equal(state[name], average[name]) for name in state)


def test_a_network_written_in_a_recipe_is_said_to_need_it(tmp_path: Path) -> None:
    def factory() -> torch.nn.Module:
        return torch.nn.Sequential(torch.nn.Linear(4, 192), torch.nn.Unflatten(1, (3, 8, 8)))

    train(tmp_path / "run", game(G=gf.module("G", factory, shape=(3, 8, 8))))
    with pytest.raises(CheckpointError, match=r"sample 'now' of .* needs its recipe|network 'G' needs the recipe"):
        gf.load(tmp_path / "run", device="cpu").sample(1)


def test_another_seed_is_another_run(tmp_path: Path) -> None:
    train(tmp_path / "run")
    with pytest.raises(CheckpointError, match="seed 0, not 1"):
        train(tmp_path / "run", resume=True, seed=1)


def test_a_changed_game_is_refused_with_the_tensors_that_differ(tmp_path: Path) -> None:
    train(tmp_path / "run")
    wider = game(G=MLPGenerator("G", shape=(3, 8, 8), widths=(9,)))
    with pytest.raises(CheckpointError, match=r"does not fit this game: these tensors do not fit: net\.G\."):
        train(tmp_path / "run", wider, resume=True, steps=3)


def test_settings_decide_every_interval() -> None:
    from ganforge.engine.run import Settings

    resolved = Settings(log_every=7).resolved(2000)
    assert attrs.asdict(resolved) | {"log_every": 7, "sample_every": 200, "checkpoint_every": 400} == attrs.asdict(
        resolved
    )


def test_a_loss_that_leads_nowhere_is_told_before_data_is_opened(tmp_path: Path) -> None:
    real, z = Folder(root=str(tmp_path / "nowhere"), size=8).batch().images, gf.noise(4)
    G, D = MLPGenerator("G", shape=real.shape, widths=(8,)), MLPDiscriminator("D", widths=(8,))
    adv, on_fake = NonSaturating(), gf.per_step(D(gf.per_step(G(z))))
    # G's turn updates G; D's turn then sees scores whose graph is gone, and has nothing else.
    stale = gf.Game(
        gf.Player("G", trains=[G, D], minimizes=adv.generator(fake=on_fake), optimizer=Adam()),
        gf.Player("D", trains=D, minimizes=adv.generator(fake=on_fake), optimizer=Adam()),
        batch_size=4,
        length=gf.steps(2),
        samples=real,
    )
    with pytest.raises(RecipeError, match="none of which leads to D"):
        train(tmp_path / "run", stale)
    assert not (tmp_path / "run").exists()


def test_a_later_phase_in_epochs_needs_data_of_its_own() -> None:
    whole = game()
    G, z, D = MLPGenerator("G2", shape=(3, 8, 8), widths=(8,)), gf.noise(4), MLPDiscriminator("D2", widths=(8,))
    alone = gf.Player(
        "alone", trains=[G, D], minimizes=NonSaturating().generator(fake=D(G(z))), optimizer=Adam()
    )  # It draws noise only.
    first = gf.Phase("first", *whole.players, length=gf.epochs(1))
    with pytest.raises(RecipeError, match="phase 'second' lasts 2 epochs, but its players draw no data"):
        gf.Game(first, gf.Phase("second", alone, length=gf.epochs(2)), batch_size=4)
    gf.Game(first, gf.Phase("second", alone, length=gf.steps(2)), batch_size=4)


def test_samples_read_back_share_what_they_shared_while_training(tmp_path: Path) -> None:
    real, z = Shapes(size=8, count=16).batch().images, gf.noise(4)
    G = MLPGenerator("G", shape=real.shape, widths=(8,))
    D = MLPDiscriminator("D", widths=(8,))
    fake, again, adv = G(z), G(z), NonSaturating()
    play = gf.Game(
        gf.Player("D", trains=D, minimizes=adv.discriminator(real=D(real), fake=D(fake)), optimizer=Adam()),
        gf.Player("G", trains=G, minimizes=adv.generator(fake=D(fake)), optimizer=Adam()),
        batch_size=4,
        length=gf.steps(2),
        samples={
            "real": real,
            "judged": D(real),
            "fake": fake,
            "twin": again,
            "other": G(gf.noise(4)),
            "held": gf.stop_gradient(gf.resize(gf.per_step(fake), 4)),
        },
    )
    run = gf.train(play, out=tmp_path / "run", device="cpu", quiet=True)
    drawn = run.sample(6, seed=3)
    with torch.no_grad():
        torch.testing.assert_close(drawn["judged"], run.network("D")(drawn["real"]))
    assert torch.equal(drawn["fake"], drawn["twin"]) and not torch.equal(drawn["fake"], drawn["other"])
    assert tuple(drawn["held"].shape) == (6, 3, 4, 4)
    torch.testing.assert_close(
        drawn["held"], torch.nn.functional.interpolate(drawn["fake"], (4, 4), mode="bilinear", antialias=True)
    )


def test_a_loss_that_lacks_its_weights_says_so_itself(tmp_path: Path) -> None:
    def lost(fake: torch.Tensor) -> torch.Tensor:
        raise DataError("no weights at weights.pth", "put them there")

    G = MLPGenerator("G", shape=(1, 8, 8), widths=(8,))
    play = gf.Game(
        gf.Player("G", trains=G, minimizes=gf.loss(lost)(G(gf.noise(4))), optimizer=Adam()),
        batch_size=4,
        length=gf.steps(2),
    )
    with pytest.raises(DataError, match=r"no weights at weights\.pth"):
        gf.train(play, out=tmp_path / "run", device="cpu", quiet=True)
