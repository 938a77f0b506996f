"""The rows of the gallery: how each bundled recipe is shown, and where others' numbers are."""

from __future__ import annotations

import shlex
from pathlib import Path

import attrs

from .criteria import Captions, Codes, Criterion, Difference, Labels, Modes, Monitor, Pairs, Sharpness, Translation

RECIPES = Path(__file__).resolve().parents[2] / "recipes"


@attrs.frozen
class Row:
    """One recipe's place in the gallery.

    Args:
        name: The recipe's file, without its ending.
        shows: What it shows.
        typed: Parameters, as they are typed in a shell.
        steps: Steps to play; None plays the game's own length, of all phases.
        criteria: What is measured; the first decides whether it learned.
        published: Published numbers with their source, or where users can compare.
        breaks: Players whose loss has its sign turned round in the broken variant.
        picture: Samples in the picture, by name; all if left out.
        tiles: Examples in it.
    """

    name: str
    shows: str
    typed: str
    steps: int | None
    criteria: tuple[Criterion, ...]
    published: str
    breaks: tuple[str, ...] = ("G",)
    picture: tuple[str, ...] = ()
    tiles: int = 36

    @property
    def recipe(self) -> Path:
        """The recipe's file."""
        return RECIPES / f"{self.name}.py"

    @property
    def overrides(self) -> dict[str, str]:
        """The parameters by name."""
        return dict(word.split("=", 1) for word in shlex.split(self.typed))


_COLLECTIONS = "[pytorch-gan-collections](https://github.com/w86763777/pytorch-gan-collections)"
_MIMICRY = "[mimicry](https://github.com/kwotsin/mimicry)"
_STUDIO = "[StudioGAN](https://github.com/POSTECH-CVLab/PyTorch-StudioGAN)"
_CHAINER = "[chainer-gan-lib](https://github.com/pfnet-research/chainer-gan-lib)"
_EDITING = "[MMGeneration](https://github.com/open-mmlab/mmgeneration)"
_DIGITS, _FAKE = Modes(kind="digits"), Modes(sample="fake")

_ROWS = (
    Row(
        "vanilla_mnist",
        "two perceptrons draw digits",
        "batch_size=128",
        4_000,
        (_DIGITS,),
        "—; for the paper's networks see `goodfellow_mnist`",
    ),
    Row(
        "vanilla_mnist_minimal",
        "one hidden layer on each side is enough for digits",
        "",
        10_000,
        (_DIGITS,),
        "—",
    ),
    Row(
        "goodfellow_mnist",
        "the 2014 game: maxout, dropout, momentum",
        "hidden=300 units=60",
        4_000,
        (_DIGITS,),
        "Parzen log-likelihood on MNIST 225 ± 2 (paper, table 1)",
    ),
    Row(
        "dcgan_cifar",
        "convolutions and batch norm: 64 kinds of shapes",
        "'data=shapes(size=16)' base_channels=32 batch_size=64",
        5_000,
        (Modes(),),
        f"CIFAR-10: FID 42.7, IS 6.01 ({_COLLECTIONS}); best FID 48.3, 137 at the end ({_STUDIO})",
    ),
    Row(
        "dcgan_cifar_keras",
        "a textbook's DCGAN without normalisation, held by noise on labels",
        "'data=shapes(size=16)' base_channels=16 'adv=non-saturating(noise=0.3, smooth=0.1)'",
        2_500,
        (Modes(),),
        "—",
    ),
    Row(
        "dcgan_mnist_keras",
        "upsampling in place of strides",
        "base_channels=8 batch_size=64",
        2_000,
        (_DIGITS,),
        "—",
    ),
    Row(
        "lsgan",
        "least squares in place of the logarithm",
        "'data=shapes(size=16)' base_channels=32 latent_dim=64 lr=2e-4",
        2_500,
        (Modes(),),
        f"CIFAR-10: best FID 40.2, 331 at the end ({_STUDIO}); CelebA 64: FID 11.9 ({_EDITING})",
    ),
    Row(
        "wgan_mnist",
        "a critic held by clipping its weights",
        "base_channels=8 lr=2e-4",
        1_000,
        (_DIGITS,),
        f"CIFAR-10: FID 40.0, IS 6.62 ({_COLLECTIONS}, clip 0.1)",
    ),
    Row(
        "wgan_gp_cifar",
        "a critic held by a penalty on its gradient",
        "'data=shapes(size=16)' base_channels=32",
        800,
        (Modes(),),
        f"CIFAR-10: FID 19.8, IS 7.66 ({_COLLECTIONS}, CNN)",
    ),
    Row(
        "wgan_gp_resnet",
        "the same penalty on residual networks",
        "'data=shapes(size=16)' base_channels=16 batch_size=32 n_critic=3 lr=1e-3 steps=800",
        None,
        (Modes(),),
        f"CIFAR-10: IS 7.86 ± .07 (paper), FID 17.0 ({_COLLECTIONS}), 22.3 ({_MIMICRY})",
    ),
    Row(
        "sgan_mnist",
        "a classifier of digits learns from 100 labels",
        "'classifier_widths=(500, 250, 250)' 'generator_widths=(250, 250)'",
        2_400,
        (Monitor(monitor="error", words="error on test images"), Modes(kind="digits", count=1024)),
        "—; error with 100 labels: Salimans et al. 2016",
        breaks=("D",),
    ),
    Row(
        "acgan",
        "each column is a colour that was asked for",
        "'data=shapes(size=16, labels=\"colour\")' generator_channels=32 dropout=0.2 batch_size=50",
        3_500,
        (Labels(head="colour"), Modes()),
        f"CIFAR-10: IS 8.25 ± .07 (paper), best FID 33.4, 201 at the end ({_STUDIO})",
        tiles=64,
    ),
    Row(
        "cgan_mnist",
        "each column is a digit that was asked for",
        "'generator_widths=(64, 128, 400)' 'maxout_widths=(120, 30, 60)'",
        4_000,
        (Labels(kind="digits", head="digit"), _DIGITS),
        "Parzen log-likelihood on MNIST 132 ± 1.8 (paper, table 1)",
        tiles=100,
    ),
    Row(
        "began",
        "a discriminator that is an auto-encoder, kept in balance",
        "'data=shapes(size=16, count=4000)' base_channels=16 latent_dim=32 lr=5e-4 gamma=0.7",
        5_000,
        (_FAKE, Difference(first="real", second="reconstruction", words="error of D's reconstruction")),
        f"CIFAR-10: IS 5.62 (paper); IS 5.4, FID 84.0 ({_CHAINER})",
    ),
    Row(
        "pix2pix_facades",
        "pictures become their outlines",
        "'data=shapes(size=32, direction=\"b-to-a\", count=1000)' base_channels=16 patch_layers=2 batch_size=4 "
        "epochs=15",
        None,
        (Difference(first="fake", second="target"),),
        f"facades: FID 119 of the authors' weights, 125 retrained ({_EDITING})",
        tiles=6,
    ),
    Row(
        "cyclegan_horse2zebra",
        "plain shapes become striped, striped ones plain, without a single pair",
        "'data=shapes(size=32, count=1000)' base_channels=12 patch_layers=2 batch_size=4 lr=5e-4 epochs=3",
        None,
        (Translation(), Difference(first="a", second="cycle_a", words="cycle error")),
        f"horse → zebra: FID 62.1 of the authors' weights, 64.5 retrained ({_EDITING})",
        tiles=6,
    ),
    Row(
        "stackgan",
        "captions become sketches, and sketches pictures",
        "'data=shapes(size=32, count=4096)' ratio=2 base_channels=16 critic_channels=12 batch_size=32 lr=5e-4 "
        "epochs=12",
        None,
        (Captions(),),
        "IS 3.70 on CUB, 8.45 on COCO (paper)",
        breaks=("G1", "G2"),
        tiles=6,
    ),
    Row(
        "sngan_cifar",
        "spectral normalisation and the hinge loss",
        "'data=shapes(size=16)' base_channels=16 batch_size=32 n_dis=2 lr=1e-3 steps=1200",
        None,
        (Modes(),),
        f"CIFAR-10: FID 14.3, IS 8.31 ({_COLLECTIONS}), FID 16.8 ({_MIMICRY})",
    ),
    Row(
        "dragan",
        "a penalty around real images only",
        "'data=shapes(size=16)' base_channels=32 batch_size=64 lr=2e-4",
        3_000,
        (Modes(),),
        f"CIFAR-10: FID 31.5, IS 7.1 ({_CHAINER})",
    ),
    Row(
        "infogan_mnist",
        "each column is one value of a code that found the digits without labels",
        "base_channels=32 hidden=256 lr_discriminator=5e-4 batch_size=64",
        1_000,
        (Codes(), _DIGITS),
        "the code as a classifier of MNIST: 5 % error (paper)",
        tiles=100,
    ),
    Row(
        "bigan_mnist",
        "an encoder that inverts G, learnt without comparing images",
        "units=512",
        4_000,
        (
            Labels(kind="digits", sample="reconstruction", source="real", kept=("digit",)),
            Modes(kind="digits", sample="fake"),
        ),
        "—",
        breaks=("GE",),
        tiles=6,
    ),
    Row(
        "cogan_mnist",
        "digits and their negatives, in pairs that were never seen",
        "'data=transformed(of=mnist(size=16), look=\"negative\")' base_channels=16 batch_size=64",
        1_500,
        (Pairs(), Modes(kind="digits", sample="a")),
        "—; pixels of both domains that agree: Liu & Tuzel 2016",
        tiles=6,
    ),
    Row(
        "ebgan",
        "an energy in place of a probability",
        "'g_widths=(256, 256)' 'd_widths=(256,)' margin=5",
        3_000,
        (Modes(kind="digits", sample="fake"),),
        "—",
        tiles=6,
    ),
    Row(
        "discogan",
        "two looks exchanged by translators without skips",
        "'data=shapes(size=16)' base_channels=16 curriculum=100 batch_size=32 lr=1e-3",
        800,
        (Translation(), Difference(first="a", second="cycle_a", words="cycle error")),
        "—",
        tiles=6,
    ),
    Row(
        "stargan",
        "one translator gives shapes any of eight colours",
        "'data=shapes(size=16, labels=\"colour\")' base_channels=16 blocks=2 n_critic=2 lr=1e-3 lambda_rec=50 "
        "steps=2500",
        None,
        (Labels(head="colour", sample="fake", source="source", kept=("shape",)),),
        "—",
        tiles=8,
    ),
    Row(
        "srgan",
        "images four times as high and wide, sharper than interpolation",
        "'data=shapes(size=32)' base_channels=16 blocks=2 lr=1e-3 pretrain=3000 steps=500",
        None,
        (Sharpness(),),
        "Set5: PSNR 29.40 dB (paper)",
        breaks=("SRResNet", "G"),
        tiles=6,
    ),
    Row(
        "r3gan",
        "a relativistic loss and two zero-centred penalties",
        "'data=shapes(size=16)' base_channels=32 blocks=1 cardinality=8 batch_size=32 lr=2e-3 ema_kimg=1 burn_in=30 "
        "kimg=30 augmentation=0",
        None,
        (Modes(),),
        "CIFAR-10: FID 1.96; Stacked-MNIST: all 1000 modes (paper)",
    ),
)

ROWS = {row.name: row for row in _ROWS}
