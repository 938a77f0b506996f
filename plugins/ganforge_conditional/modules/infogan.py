"""The networks of InfoGAN as torch modules."""

from __future__ import annotations

from torch import Tensor, nn

from ganforge_classic.modules.dcgan import ConvolutionalGenerator
from ganforge_classic.modules.layers import initialise, joined

_STD = 0.02
_SLOPE = 0.1


def _dense(before: int, after: int, activation: nn.Module) -> nn.Sequential:
    # The shift of batch normalisation stands in for the bias.
    return nn.Sequential(nn.Linear(before, after, bias=False), nn.BatchNorm1d(after), activation)


class CodedGenerator(nn.Module):
    """Noise and codes, joined, through a hidden layer, then to an image as DCGAN's generator does.

    Args:
        length: Sum of the inputs' lengths.
        shape: Channels, height and width of the image.
        base: Channels of the map before the image.
        hidden: Units of the hidden layer.
    """

    def __init__(self, length: int, shape: tuple[int, int, int], *, base: int, hidden: int) -> None:
        super().__init__()
        self.hidden = _dense(length, hidden, nn.ReLU(inplace=True))
        self.paint = ConvolutionalGenerator(
            hidden,
            shape,
            widths=[base, 2 * base],
            kernel=4,
            norm="batch",
            norm_per_unit=True,
            output="sigmoid",
            dropout=0.0,
            bias=True,
            init_std=None,
        )
        initialise(self, _STD, gain_std=_STD)

    def forward(self, *inputs: Tensor) -> Tensor:
        images: Tensor = self.paint(self.hidden(joined(inputs)))
        return images


class CodeReader(nn.Module):
    """An image through a trunk to a logit of validity, logits of a category, and means of codes.

    Args:
        shape: Channels, height and width of the image.
        categories: Values of the categorical code.
        codes: Number of continuous codes.
        base: Channels of the first map.
        hidden: Units of the trunk's linear layer.
        reader: Units of the layer before the codes.
    """

    def __init__(
        self, shape: tuple[int, int, int], categories: int, codes: int, *, base: int, hidden: int, reader: int
    ) -> None:
        super().__init__()
        channels, height, width = shape
        self.trunk = nn.Sequential(
            nn.Conv2d(channels, base, 4, stride=2, padding=1),
            nn.LeakyReLU(_SLOPE, inplace=True),
            nn.Conv2d(base, 2 * base, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(2 * base),
            nn.LeakyReLU(_SLOPE, inplace=True),
            nn.Flatten(),
            *_dense(2 * base * (height // 4) * (width // 4), hidden, nn.LeakyReLU(_SLOPE, inplace=True)),
        )
        self.validity = nn.Linear(hidden, 1)
        self.reader = _dense(hidden, reader, nn.LeakyReLU(_SLOPE, inplace=True))
        self.category, self.codes = nn.Linear(reader, categories), nn.Linear(reader, codes)
        initialise(self, _STD, gain_std=_STD)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        features = self.trunk(images)
        read = self.reader(features)
        return self.validity(features), self.category(read), self.codes(read)
