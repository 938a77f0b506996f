"""The command ``ganforge sample``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import RecipeError, StorageError
from ..report.stream import say
from .completing import complete_run
from .session import Session

if TYPE_CHECKING:
    from torch import Tensor

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("run", type=click.Path(path_type=Path, file_okay=False), shell_complete=complete_run)
@click.option("-n", "--count", type=click.IntRange(min=1), default=64, show_default=True, help="Examples of each.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the noise.")
@click.option("--label", type=click.IntRange(min=0), help="Class of every example. [one class after the other]")
@click.option("--out", type=_PATH, metavar="FILE.png", help="Save a grid. [RUN/samples/seed-SEED.png]")
@click.option("--images", type=_PATH, metavar="DIR", help="Save every image by itself.")
@click.option("--tensors", type=_PATH, metavar="FILE.safetensors", help="Save the values as they are.")
@click.option("--device", default="auto", show_default=True, metavar="DEVICE", help="auto, cpu, cuda or cuda:INDEX.")
@click.option("--data-root", metavar="DIR", help="Cache folder of data sets, for samples that show real examples.")
@click.pass_context
def sample(
    ctx: click.Context,
    run: Path,
    count: int,
    seed: int,
    label: int | None,
    out: Path | None,
    images: Path | None,
    tensors: Path | None,
    device: str,
    data_root: str | None,
) -> None:
    """Draw samples from RUN, a run folder, with its newest weights; its recipe is not executed."""
    session = Session.of(ctx)
    session.warn()
    from ..engine.trained import TrainedRun

    trained = TrainedRun(run, session.catalogue, device, data_root)
    drawn = trained.sample(count, seed, label)
    if out is None and images is None and tensors is None:
        out = run / "samples" / f"seed-{seed}{'' if label is None else f'-label-{label}'}.png"
    if tensors is not None:
        _save_tensors(drawn, tensors)
    if out is not None or images is not None:
        _save_pictures(drawn, out, images, trained.value_range)


def _save_tensors(drawn: dict[str, Tensor], path: Path) -> None:
    from ..engine.checkpoint import write

    _make_folder(path.parent)
    write(path, drawn, {}, allow_nonfinite=True)
    say(f"{path}")


def _save_pictures(
    drawn: dict[str, Tensor], out: Path | None, folder: Path | None, value_range: tuple[float, float]
) -> None:
    from ..report.pictures import images, save_grid, save_images

    shown = images(drawn)
    if not shown:
        shapes = ", ".join(f"{name} {tuple(value.shape[1:])}" for name, value in drawn.items())
        raise RecipeError(f"the run's samples are no images: {shapes}.", "save them with --tensors FILE.safetensors")
    if out is not None:
        _make_folder(out.parent)
        save_grid(shown, out, value_range)
        say(f"{out}")
    if folder is not None:
        paths = save_images(shown, folder, value_range)
        say(f"{folder} ({len(paths)} images)")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"the folder {folder} cannot be made: {error.strerror}.") from None
