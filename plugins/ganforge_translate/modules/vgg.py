"""VGG19's features, with weights from a file."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from ganforge.errors import DataError

SCALE = 1 / 12.75
"""What Ledig et al. multiply features by."""

_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's images from 0 to 1, as torchvision's networks expect them."""


def content(prediction: Tensor, target: Tensor, layers: int, weights: str) -> Tensor:
    """Mean squared difference of two images' features.

    Args:
        prediction: Images (batch, C, H, W) from -1 to 1, C one or three.
        target: The same.
        layers: How many of VGG19's layers are applied.
        weights: File of the weights; empty for torchvision's.

    Raises:
        DataError: The file is missing, damaged, or holds something else.
    """
    features = _features(layers, _found(weights), prediction.device)
    return mse_loss(SCALE * features(_normalised(prediction)), SCALE * features(_normalised(target)))


def _normalised(images: Tensor) -> Tensor:
    mean, std = (images.new_tensor(values)[:, None, None] for values in (_MEAN, _STD))
    return ((images + 1) / 2 - mean) / std


def _found(weights: str) -> Path:
    """The file of the weights, which exists."""
    from torchvision.models import VGG19_Weights

    own = VGG19_Weights.IMAGENET1K_V1.url
    path = Path(weights).expanduser() if weights else Path(torch.hub.get_dir(), "checkpoints", Path(own).name)
    if not path.is_file():
        raise DataError(
            f"vgg-content: the weights of VGG19 are not at {path}.",
            f'fetch {own} and put it there, or name another file: vgg-content(weights="PATH")',
        )
    return path


@lru_cache(maxsize=4)
def _features(layers: int, path: Path, device: torch.device) -> nn.Module:
    """The first layers of VGG19, held still; on the meta device without their weights."""
    from torchvision.models import vgg19

    with torch.device("meta"):
        features = nn.Sequential(*list(vgg19(weights=None).features.children())[:layers])
    if device.type != "meta":
        given = _read(path)
        try:
            wanted = {key: given[f"features.{key}"].float() for key in features.state_dict()}
            features.load_state_dict(wanted, assign=True)
        except (KeyError, AttributeError, RuntimeError) as error:
            raise DataError(f"vgg-content: {path} does not hold the weights of VGG19: {error}.") from error
        features.to(device)
    return features.requires_grad_(False).eval()


def _read(path: Path) -> dict[str, Tensor]:
    """The tensors of a file; anything but tensors is refused."""
    if path.suffix == ".safetensors":
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            return load_file(path)
        except SafetensorError as error:
            raise DataError(f"vgg-content: {path} cannot be read: {error}.") from error
    _check_digest(path)
    try:
        given = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # A file of something else may fail anywhere in torch's reader.
        reason = (str(error).splitlines() or ["no reason given"])[0]
        raise DataError(f"vgg-content: {path} cannot be read: {type(error).__name__}: {reason}") from error
    return given if isinstance(given, dict) else {}


def _check_digest(path: Path) -> None:
    """Compare a file with the beginning of its SHA-256 digest, which torchvision's own carries in its name."""
    stem, _, asked = path.stem.partition("-")
    if stem == "vgg19" and asked:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if not found.startswith(asked):
            raise DataError(
                f"vgg-content: {path} is damaged: its SHA-256 digest begins with {found[: len(asked)]}.",
                "remove it and fetch it again",
            )
