"""Networks that encode: auto-encoding discriminators, encoders, and pairs that share weights."""

from collections.abc import Sequence

import ganforge as gf

from .autoencoder import Autoencoded as Autoencoded
from .autoencoder import ConvolutionalAutoencoder as ConvolutionalAutoencoder
from .autoencoder import ConvolutionalDecoder as ConvolutionalDecoder
from .autoencoder import DenseAutoencoder as DenseAutoencoder
from .bigan import BiGANDiscriminator as BiGANDiscriminator
from .bigan import BiGANEncoder as BiGANEncoder
from .bigan import BiGANGenerator as BiGANGenerator
from .coupled import Coupled as Coupled
from .coupled import CoupledDiscriminator as CoupledDiscriminator
from .coupled import CoupledGenerator as CoupledGenerator
from .distances import Distance as Distance
from .distances import distance as distance
from .energy import EnergyMargin as EnergyMargin
from .energy import PullingAway as PullingAway
from .energy import pulling_away as pulling_away


@gf.hookimpl
def ganforge_components() -> Sequence[type[gf.Component]]:
    """Return the components of this package."""
    autoencoders = [ConvolutionalAutoencoder, ConvolutionalDecoder, DenseAutoencoder]
    bidirectional = [BiGANGenerator, BiGANEncoder, BiGANDiscriminator]
    return [
        *autoencoders,
        *bidirectional,
        CoupledGenerator,
        CoupledDiscriminator,
        EnergyMargin,
        PullingAway,
        Distance,
    ]
