"""ganforge: declare a GAN as a game of players, and let one engine train it.

Importing this package imports no torch; what trains or loads is imported when it is first asked for.
"""

from typing import TYPE_CHECKING, Any

from .language.component import Component as Component, component as component
from .language.data import (
    CaptionedBatch as CaptionedBatch,
    CaptionedData as CaptionedData,
    Chance as Chance,
    Data as Data,
    Examples as Examples,
    ImageBatch as ImageBatch,
    ImageData as ImageData,
    LabelledBatch as LabelledBatch,
    LabelledData as LabelledData,
    PairedBatch as PairedBatch,
    PairedData as PairedData,
    UnpairedBatch as UnpairedBatch,
    UnpairedData as UnpairedData,
)
from .language.feedback import (
    Feedback as Feedback,
    Reading as Reading,
    integral as integral,
    plateau as plateau,
    reading as reading,
)
from .language.game import Game as Game
from .language.length import (
    Length as Length,
    Progress as Progress,
    epochs as epochs,
    kimg as kimg,
    steps as steps,
)
from .language.loss import (
    AdversarialLoss as AdversarialLoss,
    Loss as Loss,
    expect_same_shape as expect_same_shape,
    loss as loss,
)
from .language.network import (
    Discriminator as Discriminator,
    Generator as Generator,
    Network as Network,
    TextEncoder as TextEncoder,
    ema as ema,
    module as module,
)
from .language.number import Number as Number
from .language.operation import (
    interpolate as interpolate,
    one_hot as one_hot,
    resize as resize,
    together as together,
)
from .language.optimizer import Constraint as Constraint, Optimizer as Optimizer
from .language.player import Phase as Phase, Player as Player
from .language.recipe import Recipe as Recipe, recipe as recipe
from .language.schedule import Schedule as Schedule
from .language.signal import (
    Shape as Shape,
    Signal as Signal,
    expect as expect,
    image_pool as image_pool,
    noise as noise,
    op as op,
    per_step as per_step,
    random_labels as random_labels,
    sampling as sampling,
    stop_gradient as stop_gradient,
)
from .language.term import Term as Term
from .registry.hooks import hookimpl as hookimpl, recipe_folder as recipe_folder

if TYPE_CHECKING:
    from .api import load as load, train as train

__version__ = "0.1.0"

_LATER = {"train": "api", "load": "api"}


def __getattr__(name: str) -> Any:
    if name in _LATER:
        from importlib import import_module

        return getattr(import_module(f".{_LATER[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
