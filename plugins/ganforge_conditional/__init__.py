"""Networks and losses that know classes: conditional, semi-supervised and with auxiliary classifiers."""

from collections.abc import Sequence

import ganforge as gf

from .auxiliary import ACGANDiscriminator, Verdict
from .infogan import InfoGANDiscriminator, InfoGANGenerator, Recovered
from .likelihoods import (
    ErrorRate,
    ExtraClass,
    FeatureMatching,
    GaussianLikelihood,
    ImplicitClass,
    error_rate,
    feature_matching,
    gaussian_likelihood,
)
from .perceptrons import ConditionalGenerator, ConditionalMaxout
from .semi_supervised import Classified, NoisyClassifier, SoftplusGenerator

__all__ = [
    "ACGANDiscriminator",
    "Classified",
    "ConditionalGenerator",
    "ConditionalMaxout",
    "ErrorRate",
    "ExtraClass",
    "FeatureMatching",
    "GaussianLikelihood",
    "ImplicitClass",
    "InfoGANDiscriminator",
    "InfoGANGenerator",
    "NoisyClassifier",
    "Recovered",
    "SoftplusGenerator",
    "Verdict",
    "error_rate",
    "feature_matching",
    "ganforge_components",
    "gaussian_likelihood",
]


@gf.hookimpl
def ganforge_components() -> Sequence[type[gf.Component]]:
    """Return the networks and losses that know classes."""
    generators = [ConditionalGenerator, SoftplusGenerator, InfoGANGenerator]
    discriminators = [ConditionalMaxout, ACGANDiscriminator, NoisyClassifier, InfoGANDiscriminator]
    return [
        *generators,
        *discriminators,
        ExtraClass,
        ImplicitClass,
        FeatureMatching,
        GaussianLikelihood,
        ErrorRate,
    ]
