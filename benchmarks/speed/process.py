"""One contender in a process of its own: builds it, plays a first step, and then plays when told."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from speed.channel import Channel


def main() -> None:
    order = json.loads(sys.argv[1])
    channel = Channel(order["device"] == "cuda", order["spawned"])
    import torch

    _prepare(order)
    name = order["contender"]
    if name in ("torchgan", "mimicry"):
        from speed import peers

        peers.serve(order, channel)
        return
    contender = _built(order, torch.device(order["device"]))
    imported = order["imported"]
    channel.forget_peak()
    contender.step()
    channel.answer(**{"import": imported, "first_step": channel.age()})
    channel.flops = lambda: _flops(contender)
    for count in channel.plays():
        for _ in range(count):
            contender.step()


def _prepare(order: dict[str, Any]) -> None:
    import torch

    if order["threads"]:
        torch.set_num_threads(order["threads"])
    if order["device"] == "cuda" and (order["precision"] == "fp32" or order["contender"] in ("tuned", "peak")):
        # Else loops as people write them keep torch's own setting, which is tf32 for convolutions.
        allowed = order["precision"] != "fp32"
        torch.backends.cuda.matmul.allow_tf32 = allowed
        torch.backends.cudnn.allow_tf32 = allowed


def _built(order: dict[str, Any], device: Any) -> Any:
    """The contender; notes how old the process is when everything is imported."""
    import time

    def imported() -> None:
        order["imported"] = time.time() - order["spawned"]

    if order["contender"] == "peak":
        from speed.peak import Convolution

        imported()
        return Convolution(device, order["precision"])

    from speed.games import GAMES

    game = GAMES[order["game"]]
    if order["contender"] == "ganforge":
        from speed import engine

        imported()
        return engine.loop(game, device, order["precision"], order["without"])

    from speed.data import batches
    from speed.setting import Setting

    path, _, kind = game.loops[order["contender"]].partition(":")
    made = getattr(importlib.import_module(f"speed.{path}"), kind)
    imported()
    tuned = path.startswith("tuned")
    data = batches(Path(order["data"]), game.sizes["batch"], device, channels_last=tuned)
    return made(Setting(sizes=game.sizes, data=data, device=device, precision=order["precision"]))


def _flops(contender: Any) -> int:
    """Floating-point operations of one step, as torch counts those of matrix products and convolutions."""
    from speed.operations import Operations

    with Operations() as counted:
        contender.step()
    return counted.total


if __name__ == "__main__":
    main()
