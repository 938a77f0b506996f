"""The rows of the gallery: how each bundled recipe is shown, and where others' numbers are."""

from __future__ import annotations

from pathlib import Path

import attrs

from .criteria import Captions, Codes, Criterion, Difference, Labels, Modes, Monitor, Pairs, Sharpness, Translation

RECIPES = Path(__file__).resolve().parents[2] / "recipes"


@attrs.frozen(kw_only=True)
class Row:
    """One recipe's place in the gallery.

    Args:
        name: The recipe's file, without its ending.
        shows: What it shows.
        overrides: Parameters, as typed on the command line.
        steps: Steps to play; None plays the game's own length, of all phases.
        criteria: What is measured; the first decides whether it learned.
        published: Published numbers, with their source, and where users can compare.
        breaks: Players whose loss has its sign turned round in the broken variant.
        picture: Samples in the picture, by name; all if left out.
        tiles: Examples in it.
    """

    name: str
    shows: str
    overrides: dict[str, str]
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


_COLLECTIONS = "[pytorch-gan-collections](https://github.com/w86763777/pytorch-gan-collections)"
_MIMICRY = "[mimicry](https://github.com/kwotsin/mimicry)"
_STUDIO = "[StudioGAN](https://github.com/POSTECH-CVLab/PyTorch-StudioGAN)"
_CHAINER = "[chainer-gan-lib](https://github.com/pfnet-research/chainer-gan-lib)"
_EDITING = "[MMGeneration](https://github.com/open-mmlab/mmgeneration)"
_DIGITS, _FAKE = Modes(kind="digits"), Modes(sample="fake")

_ROWS = (
    Row(
        name="vanilla_mnist",
        shows="two perceptrons draw digits",
        overrides={"batch_size": "128"},
        steps=1_500,
        criteria=(_DIGITS,),
        published="—; of the paper's own networks: see `goodfellow_mnist`",
    ),
    Row(
        name="vanilla_mnist_minimal",
        shows="one hidden layer on each side is enough for digits",
        overrides={},
        steps=10_000,
        criteria=(_DIGITS,),
        published="—",
    ),
    Row(
        name="goodfellow_mnist",
        shows="the 2014 game: maxout, dropout, momentum",
        overrides={"hidden": "400", "units": "120"},
        steps=5_000,
        criteria=(_DIGITS,),
        published="Parzen log-likelihood on MNIST 225 ± 2 (paper, table 1)",
    ),
    Row(
        name="dcgan_cifar",
        shows="convolutions and batch norm: 64 kinds of shapes",
        overrides={"data": "shapes(size=16)", "base_channels": "32", "batch_size": "64"},
        steps=5_000,
        criteria=(Modes(),),
        published=f"CIFAR-10: FID 42.7, IS 6.01 ({_COLLECTIONS}); best FID 48.3, 137 at the end ({_STUDIO})",
    ),
    Row(
        name="dcgan_cifar_keras",
        shows="a textbook's DCGAN without normalisation",
        overrides={"data": "shapes(size=16)", "base_channels": "32"},
        steps=2_000,
        criteria=(Modes(),),
        published="—",
    ),
    Row(
        name="dcgan_mnist_keras",
        shows="upsampling in place of strides",
        overrides={"base_channels": "8", "batch_size": "64"},
        steps=2_000,
        criteria=(_DIGITS,),
        published="—",
    ),
    Row(
        name="lsgan",
        shows="least squares in place of the logarithm",
        overrides={"data": "shapes(size=16)", "base_channels": "32", "latent_dim": "64", "lr": "2e-4"},
        steps=2_500,
        criteria=(Modes(),),
        published=f"CIFAR-10: best FID 40.2, 331 at the end ({_STUDIO}); CelebA 64: FID 11.9 ({_EDITING})",
    ),
    Row(
        name="wgan_mnist",
        shows="a critic held by clipping its weights",
        overrides={"base_channels": "8", "lr": "2e-4"},
        steps=1_000,
        criteria=(_DIGITS,),
        published=f"CIFAR-10: FID 40.0, IS 6.62 ({_COLLECTIONS}, clip 0.1)",
    ),
    Row(
        name="wgan_gp_cifar",
        shows="a critic held by a penalty on its gradient",
        overrides={"data": "shapes(size=16)", "base_channels": "32"},
        steps=800,
        criteria=(Modes(),),
        published=f"CIFAR-10: FID 19.8, IS 7.66 ({_COLLECTIONS}, CNN)",
    ),
    Row(
        name="wgan_gp_resnet",
        shows="the same penalty on residual networks",
        overrides={"data": "shapes(size=16)", "base_channels": "16", "steps": "500"},
        steps=None,
        criteria=(Modes(),),
        published=f"CIFAR-10: IS 7.86 ± .07 (paper, table 3), FID 17.0 ({_COLLECTIONS}), 22.3 ({_MIMICRY})",
    ),
    Row(
        name="sgan_mnist",
        shows="a classifier of digits learns from 100 labels",
        overrides={},
        steps=1_500,
        criteria=(Monitor(monitor="error", words="error on test images"), Modes(kind="digits", count=1024)),
        published="MNIST with 100 labels: Salimans et al. 2016, table 1",
        breaks=("D",),
    ),
    Row(
        name="acgan",
        shows="each column is a colour that was asked for",
        overrides={
            "data": 'shapes(size=16, labels="colour")',
            "generator_channels": "32",
            "discriminator_channels": "8",
            "batch_size": "64",
        },
        steps=3_500,
        criteria=(Labels(head="colour"), Modes()),
        published=f"CIFAR-10: IS 8.25 ± .07 (paper), best FID 33.4, 201 at the end ({_STUDIO})",
        tiles=64,
    ),
    Row(
        name="cgan_mnist",
        shows="each column is a digit that was asked for",
        overrides={},
        steps=2_500,
        criteria=(Labels(kind="digits", head="digit"), _DIGITS),
        published="Parzen log-likelihood on MNIST 132 ± 1.8 (paper, table 1)",
        tiles=100,
    ),
    Row(
        name="began",
        shows="a discriminator that is an auto-encoder, kept in balance",
        overrides={"data": "shapes(size=16)", "base_channels": "16"},
        steps=4_000,
        criteria=(_FAKE, Difference(first="real", second="reconstruction", words="error of D's reconstruction")),
        published=f"CIFAR-10: IS 5.62 (paper); IS 5.4, FID 84.0 ({_CHAINER})",
    ),
    Row(
        name="pix2pix_facades",
        shows="outlines become pictures",
        overrides={"data": "shapes(size=32)", "base_channels": "16", "patch_layers": "2", "batch_size": "4", "epochs": "4"},
        steps=None,
        criteria=(Difference(first="fake", second="target"), Labels(sample="fake", source="target", kept=("shape",))),
        published=f"facades: FID 119 of the authors' weights, 125 retrained ({_EDITING})",
        tiles=6,
    ),
    Row(
        name="cyclegan_horse2zebra",
        shows="plain shapes become striped, striped ones plain, without a single pair",
        overrides={
            "data": "shapes(size=32, count=1000)",
            "base_channels": "12",
            "patch_layers": "2",
            "batch_size": "4",
            "epochs": "4",
        },
        steps=None,
        criteria=(Translation(), Difference(first="a", second="cycle_a", words="cycle error")),
        published=f"horse → zebra: FID 62.1 of the authors' weights, 64.5 retrained ({_EDITING})",
        tiles=6,
    ),
    Row(
        name="stackgan",
        shows="captions become sketches, and sketches pictures",
        overrides={
            "data": "shapes(size=32, count=10000)",
            "ratio": "2",
            "base_channels": "16",
            "critic_channels": "12",
            "condition_dim": "32",
            "batch_size": "32",
            "epochs": "5",
        },
        steps=None,
        criteria=(Captions(),),
        published="IS 3.70 on CUB, 8.45 on COCO (paper, table 1)",
        breaks=("G1", "G2"),
        tiles=6,
    ),
    Row(
        name="sngan_cifar",
        shows="spectral normalisation and the hinge loss",
        overrides={"data": "shapes(size=16)", "base_channels": "16", "batch_size": "32", "steps": "500"},
        steps=None,
        criteria=(Modes(),),
        published=f"CIFAR-10: FID 14.3, IS 8.31 ({_COLLECTIONS}), FID 16.8 ({_MIMICRY})",
    ),
    Row(
        name="dragan",
        shows="a penalty around real images only",
        overrides={"data": "shapes(size=16)", "base_channels": "32", "batch_size": "64", "lr": "2e-4"},
        steps=3_000,
        criteria=(Modes(),),
        published=f"CIFAR-10: FID 31.5, IS 7.1 ({_CHAINER})",
    ),
    Row(
        name="infogan_mnist",
        shows="each column is one value of a code that found the digits without labels",
        overrides={"base_channels": "16", "hidden": "256", "batch_size": "64"},
        steps=2_500,
        criteria=(Codes(), _DIGITS),
        published="the code as a classifier of MNIST: 5 % error (paper, section 7.2)",
        tiles=100,
    ),
    Row(
        name="bigan_mnist",
        shows="an encoder that inverts G, learnt without comparing images",
        overrides={"units": "512"},
        steps=4_000,
        criteria=(
            Labels(kind="digits", sample="reconstruction", source="real", kept=("digit",)),
            Modes(kind="digits", sample="fake"),
        ),
        published="nearest neighbours in E's codes of MNIST: Donahue et al. 2016, table 1",
        breaks=("GE",),
        tiles=6,
    ),
    Row(
        name="cogan_mnist",
        shows="digits and their edges, in pairs that were never seen",
        overrides={"base_channels": "8", "batch_size": "64"},
        steps=2_000,
        criteria=(Pairs(), Modes(kind="digits", sample="a")),
        published="agreement of digits and edges: Liu & Tuzel 2016, figure 3",
        tiles=6,
    ),
    Row(
        name="ebgan",
        shows="an energy in place of a probability",
        overrides={"g_widths": "(400, 400)", "d_widths": "(512,)"},
        steps=2_500,
        criteria=(Modes(kind="digits", sample="fake"),),
        published="a grid of modified IS on MNIST: Zhao et al. 2016, figure 2",
        tiles=6,
    ),
    Row(
        name="discogan",
        shows="two looks exchanged by translators without skips",
        overrides={"data": "shapes(size=32)", "base_channels": "16", "curriculum": "300", "batch_size": "16"},
        steps=1_200,
        criteria=(Translation(), Difference(first="a", second="cycle_a", words="cycle error")),
        published="turned cars and faces: Kim et al. 2017, section 4",
        tiles=6,
    ),
    Row(
        name="stargan",
        shows="one translator gives shapes any of eight colours",
        overrides={
            "data": 'shapes(size=16, labels="colour")',
            "base_channels": "16",
            "blocks": "2",
            "n_critic": "2",
            "steps": "2000",
        },
        steps=None,
        criteria=(Labels(head="colour", sample="fake", source="source", kept=("shape",)),),
        published="classification error of RaFD's expressions: Choi et al. 2017, table 3",
        tiles=8,
    ),
    Row(
        name="srgan",
        shows="images four times as high and wide, sharper than interpolation",
        overrides={
            "data": "shapes(size=32)",
            "base_channels": "16",
            "blocks": "2",
            "lr": "1e-3",
            "pretrain": "3000",
            "steps": "500",
        },
        steps=None,
        criteria=(Sharpness(),),
        published="Set5: PSNR 29.4 dB, SRResNet more (paper, table 2)",
        breaks=("SRResNet", "G"),
        tiles=6,
    ),
    Row(
        name="r3gan",
        shows="a relativistic loss and two zero-centred penalties",
        overrides={
            "data": "shapes(size=16)",
            "base_channels": "32",
            "blocks": "1",
            "cardinality": "8",
            "batch_size": "32",
            "ema_kimg": "2",
            "burn_in": "20",
            "kimg": "20",
        },
        steps=None,
        criteria=(Modes(),),
        published="CIFAR-10: FID 1.96; Stacked-MNIST: all 1000 modes (paper)",
    ),
)

ROWS = {row.name: row for row in _ROWS}
