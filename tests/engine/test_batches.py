"""Tests of batches: what they hold is a function of (seed, epoch, position), wherever and however they are read."""

from __future__ import annotations

import itertools
import os
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import ganforge as gf
from ganforge.engine.batches import Batches, Order
from ganforge.engine.chance import Chance, derived_seed
from ganforge.errors import DataError

CPU = torch.device("cpu")


class Numbers(gf.Examples):
    """Images whose every pixel is the example's number, and that number as label."""

    def __init__(self, length: int, field: str = "images", broken: int | None = None, process: str = "") -> None:
        self.length, self.field, self.broken, self.process = length, field, broken, process

    def __len__(self) -> int:
        return self.length

    def read(self, indices: Tensor) -> dict[str, Tensor]:
        if self.broken is not None and self.broken in indices.tolist():
            raise OSError(f"/pictures/{self.broken}.png is gone")
        images = indices[:, None, None, None].expand(-1, 3, 4, 5).to(torch.uint8)
        return {self.field: images, **({"labels": indices} if self.field == "images" else {})}


@gf.component("numbers")
class NumbersData(gf.LabelledData):
    """Numbers as images, not changed but for a number added by chance."""

    augment: bool = False
    classes: int = 1000
    sides: tuple[int, int] = (4, 5)

    @property
    def shape(self) -> tuple[int, ...]:
        return (3, *self.sides)

    @property
    def num_classes(self) -> int:
        return self.classes

    def open(self, root: Path) -> Sequence[gf.Examples]:
        return [Numbers(20)]

    def finish(self, batch: dict[str, Tensor], chance: gf.Chance | None) -> dict[str, Tensor]:
        images = batch["images"].float()
        if self.augment and chance is not None:
            images = images + chance.uniform("more")[:, None, None, None]
        return {**batch, "images": images}


@gf.component("two-numbers")
class TwoNumbers(gf.UnpairedData):
    """Two collections of numbers."""

    @property
    def a_shape(self) -> tuple[int, ...]:
        return (3, 4, 5)

    b_shape = a_shape

    def finish(self, batch: dict[str, Tensor], chance: gf.Chance | None) -> dict[str, Tensor]:
        return {name: field.float() for name, field in batch.items()}


def opened(examples: Sequence[gf.Examples], data: Any = None, **options: Any) -> Batches:
    data = data or NumbersData()
    origin = next(iter(data.batch())).origin
    settings: dict[str, Any] = {"seed": 3, "stream": 0, "batch_size": 6, "device": CPU, **options}
    return Batches(origin, examples, **settings)


def labels(batches: Batches, positions: Sequence[int]) -> list[int]:
    return [label for position in positions for label in batches.draw(position)[1].tolist()]


@pytest.fixture
def streams() -> Iterator[list[Batches]]:
    made: list[Batches] = []
    yield made
    for batches in made:
        batches.close()


# --- order --------------------------------------------------------------------------------------------------


def test_every_example_is_seen_once_in_each_epoch_though_batches_span_the_edge() -> None:
    seen = labels(opened([Numbers(20)]), range(20))  # 120 places: six epochs of 20, batches of 6.
    epochs = [seen[start : start + 20] for start in range(0, 120, 20)]
    assert [sorted(epoch) for epoch in epochs] == [list(range(20))] * 6
    assert len({tuple(epoch) for epoch in epochs}) == 6


def test_an_order_is_a_function_of_seed_and_stream() -> None:
    once, again = (labels(opened([Numbers(20)]), range(4)) for _ in range(2))
    assert once == again
    assert labels(opened([Numbers(20)], seed=4), range(4)) != once
    assert labels(opened([Numbers(20)], stream=1), range(4)) != once


def test_an_order_leaves_the_global_generator_alone(streams: list[Batches]) -> None:
    torch.manual_seed(0)
    before = torch.get_rng_state()
    for workers in (0, 1):
        streams.append(opened([Numbers(20)], memory=0, workers=workers))
        streams[-1].draw(0)
    opened([Numbers(20)]).draw(0)
    assert torch.equal(torch.get_rng_state(), before)


def test_batches_of_a_collection_smaller_than_a_batch_repeat_it() -> None:
    batches = opened([Numbers(4)], batch_size=10)
    seen = labels(batches, [0, 1])
    assert [sorted(seen[start : start + 4]) for start in range(0, 20, 4)] == [[0, 1, 2, 3]] * 5
    assert batches.draw(1)[0].shape == (10, 3, 4, 5)


def test_a_single_example_fills_every_batch() -> None:
    assert labels(opened([Numbers(1)], batch_size=3), range(2)) == [0] * 6


def test_unpaired_collections_of_other_lengths_are_shuffled_each_by_itself() -> None:
    batches = opened([Numbers(6, "a"), Numbers(15, "b")], TwoNumbers(), batch_size=5)
    drawn = [batches.draw(position) for position in range(6)]
    a, b = ([int(image[0, 0, 0]) for batch in drawn for image in batch[side]] for side in (0, 1))
    assert [sorted(a[start : start + 6]) for start in range(0, 30, 6)] == [list(range(6))] * 5
    assert [sorted(b[start : start + 15]) for start in (0, 15)] == [list(range(15))] * 2
    assert len(batches) == 15
    assert batches.epochs(6) == 6 * 5 / 15


def test_collections_of_one_length_do_not_share_their_order() -> None:
    a, b = opened([Numbers(50, "a"), Numbers(50, "b")], TwoNumbers(), batch_size=50).draw(0)
    assert not torch.equal(a, b)
    assert torch.equal(a.sort(0).values, b.sort(0).values)


def test_any_place_of_an_order_is_found_without_the_places_before_it() -> None:
    whole_epochs, whole_indices = Order(5, 7, CPU).take(0, 60)
    for place, count in itertools.product((0, 3, 7, 20, 41), (1, 7, 18)):
        epochs, indices = Order(5, 7, CPU).take(place, count)
        assert torch.equal(epochs, torch.arange(place, place + count) // 7)
        assert torch.equal(epochs, whole_epochs[place : place + count])
        assert torch.equal(indices, whole_indices[place : place + count])


# --- memory and workers -------------------------------------------------------------------------------------


def test_batches_are_bit_equal_from_memory_and_for_any_number_of_workers(streams: list[Batches]) -> None:
    data = NumbersData(augment=True)
    memory = opened([Numbers(20)], data)
    assert memory.in_memory
    streams += [opened([Numbers(20)], data, memory=0, workers=workers) for workers in (0, 1, 2)]
    assert not any(batches.in_memory for batches in streams)
    for position in range(9):
        expected = memory.draw(position)
        for batches in streams:
            for field, wanted in zip(batches.draw(position), expected, strict=True):
                assert torch.equal(field, wanted)
                assert field.stride() == wanted.stride()


@pytest.mark.parametrize("workers", [0, 2])
def test_drawing_goes_on_at_any_position(streams: list[Batches], workers: int) -> None:
    expected = labels(opened([Numbers(20)]), range(12))
    for start in (0, 3, 7, 11):
        streams.append(opened([Numbers(20)], memory=0, workers=workers))
        assert labels(streams[-1], range(start, 12)) == expected[start * 6 :]


def test_jumping_back_and_forth_gives_the_same_batches(streams: list[Batches]) -> None:
    streams.append(opened([Numbers(20)], memory=0, workers=1))
    positions = [5, 0, 1, 9, 1]
    assert labels(streams[0], positions) == labels(opened([Numbers(20)]), positions)


class Counted(Numbers):
    """Numbers that remember which of them were read."""

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.seen: list[int] = []

    def read(self, indices: Tensor) -> dict[str, Tensor]:
        self.seen += indices.tolist()
        return super().read(indices)


def test_an_example_on_the_host_is_decoded_when_it_is_first_drawn_and_never_again() -> None:
    counted = Counted(1000)
    batches = opened([counted], at_once=False)
    counted.seen.clear()  # The first example was read to learn the shapes.
    first = labels(batches, [0])
    # Six for the batch, and some hundred more, for many at once take less time.
    assert sorted(counted.seen) == sorted({*first, *range(512)}) and max(first) > 512
    labels(batches, range(1, 167))
    assert sorted(counted.seen) == list(range(1000))
    assert sorted(batches.fixed(1000)[1].tolist()) == list(range(1000))
    assert len(counted.seen) == 1000


def test_decoding_everything_leaves_out_what_was_drawn_and_changes_no_batch() -> None:
    counted, plain = Counted(1000), opened([Numbers(1000)])
    batches = opened([counted], at_once=False)
    counted.seen.clear()
    assert torch.equal(batches.draw(0)[0], plain.draw(0)[0])
    batches.load()
    assert sorted(counted.seen) == list(range(1000))
    for position in (1, 100, 170):
        for field, wanted in zip(batches.draw(position), plain.draw(position), strict=True):
            assert torch.equal(field, wanted)
            assert field.stride() == wanted.stride()
    assert len(counted.seen) == 1000


def test_an_example_that_could_not_be_read_is_read_again() -> None:
    numbers = Numbers(20, broken=13)
    batches = opened([numbers], at_once=False)
    with pytest.raises(DataError):
        batches.load()
    numbers.broken = None
    assert sorted(labels(batches, range(10))) == sorted([*range(20)] * 3)


def test_reading_on_keeps_its_worker_processes(streams: list[Batches]) -> None:
    streams.append(opened([Numbers(20)], memory=0, workers=2))
    streams[0].draw(0)
    before = children()
    for position in range(1, 10):
        streams[0].draw(position)
    assert len(before) == 2
    assert children() == before


def test_closing_ends_the_worker_processes() -> None:
    batches = opened([Numbers(20)], memory=0, workers=2)
    batches.draw(0)
    assert len(children()) == 2
    batches.close()
    assert children() == set()


def test_workers_outlive_signals_that_are_not_from_their_parent(streams: list[Batches]) -> None:
    streams.append(opened([Numbers(20)], memory=0, workers=1))
    streams[0].draw(0)
    (worker,) = children()
    time.sleep(0.3)  # The worker sets its signals while the first batch is read.
    for sent in ("-INT", "-TERM"):
        assert os.system(f"kill {sent} {worker}") == 0
    time.sleep(0.3)
    assert labels(streams[0], range(1, 8)) == labels(opened([Numbers(20)]), range(1, 8))
    assert children() == {worker}


def test_a_killed_worker_is_a_data_error_at_the_next_read_and_not_before(streams: list[Batches]) -> None:
    streams.append(opened([Numbers(20)], memory=0, workers=1))
    streams[0].draw(0)
    (worker,) = children()
    os.kill(worker, signal.SIGKILL)
    time.sleep(0.3)  # An exception raised by the ended child's signal would appear here.
    with pytest.raises(DataError, match=f"numbers.*{worker}"):
        for position in range(1, 20):
            streams[0].draw(position)
    assert labels(streams[0], [1]) == labels(opened([Numbers(20)]), [1])


def children() -> set[int]:
    """Processes that this one started and that still run."""
    tasks = Path("/proc/self/task").glob("*/children")
    found = {int(pid) for task in tasks for pid in task.read_text().split()}
    return {pid for pid in found if "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()}


@pytest.mark.parametrize("workers", [None, 0, 2])
def test_an_example_that_cannot_be_read_is_a_data_error_with_the_readers_own_words(workers: int | None) -> None:
    with pytest.raises(DataError) as caught:
        batches = opened([Numbers(20, broken=13)], memory=None if workers is None else 0, workers=workers)
        try:
            for position in range(4):
                batches.draw(position)
        finally:
            batches.close()
    assert "numbers" in str(caught.value)
    assert "/pictures/13.png is gone" in str(caught.value)
    assert "Traceback" not in str(caught.value)
    assert caught.value.exit_code == 4


# --- what is in a batch -------------------------------------------------------------------------------------


def test_fields_come_in_the_order_of_the_batch_with_channels_last_where_that_is_wanted() -> None:
    images, numbers = opened([Numbers(20)]).draw(0)
    assert images.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(images[:, 0, 0, 0].long(), numbers)
    plain, _ = opened([Numbers(20)], keep_channels_last=False).draw(0)
    assert plain.is_contiguous()
    assert torch.equal(plain, images)


def test_fixed_examples_are_always_the_same_and_not_augmented(streams: list[Batches]) -> None:
    data = NumbersData(augment=True)
    batches = opened([Numbers(20)], data)
    first = batches.fixed(5)
    batches.draw(3)
    assert [torch.equal(a, b) for a, b in zip(first, batches.fixed(5), strict=True)] == [True, True]
    assert torch.equal(first[0][:, 0, 0, 0], first[1].float())
    assert torch.equal(batches.fixed(30)[1][:5], first[1])
    assert sorted(batches.fixed(20)[1].tolist()) == list(range(20))
    streams.append(opened([Numbers(20)], data, memory=0, workers=0))
    assert torch.equal(streams[0].fixed(5)[0], first[0])


def test_augmentation_changes_with_the_epoch_and_goes_by_the_example() -> None:
    data = NumbersData(augment=True)

    def added(batches: Batches, positions: range) -> dict[int, float]:
        drawn = [batches.draw(position) for position in positions]
        return {
            int(label): float(image[0, 0, 0] - label)
            for images, numbers in drawn
            for image, label in zip(images, numbers, strict=True)
        }

    small = added(opened([Numbers(20)], data, batch_size=5), range(4))
    large = added(opened([Numbers(20)], data, batch_size=20), range(1))
    second = added(opened([Numbers(20)], data, batch_size=20), range(1, 2))
    assert small == large
    assert sum(small[number] == second[number] for number in range(20)) == 0


def test_a_fingerprint_follows_length_and_content(streams: list[Batches]) -> None:
    streams.append(opened([Numbers(20)], memory=0, workers=0))
    fingerprint = opened([Numbers(20)], seed=9, batch_size=2).fingerprint
    assert streams[0].fingerprint == fingerprint
    assert opened([Numbers(21)]).fingerprint != fingerprint

    class Changed(Numbers):
        def read(self, indices: Tensor) -> dict[str, Tensor]:
            fields = super().read(indices)
            fields["images"] = fields["images"].clone()
            fields["images"][indices == 10, 0, 0, 0] += 1
            return fields

    assert opened([Changed(20)]).fingerprint not in ("", fingerprint)


# --- what does not fit --------------------------------------------------------------------------------------


def test_data_of_another_shape_than_the_recipe_was_told_is_refused_with_both_shapes() -> None:
    with pytest.raises(DataError, match=r"'images'.*\(3, 4, 5\).*\(3, 8, 8\)") as caught:
        opened([Numbers(20)], NumbersData(sides=(8, 8)))
    assert caught.value.problems[0].site is not None


def test_an_empty_collection_is_refused() -> None:
    with pytest.raises(DataError, match="'numbers' has no examples"):
        opened([Numbers(0)])


@pytest.mark.parametrize("memory", [None, 0])
def test_a_label_outside_the_classes_is_refused_with_its_example(memory: int | None) -> None:
    with pytest.raises(DataError, match=r"example 17.*'labels' holds 17; it may hold 0 to 16"):
        batches = opened([Numbers(18)], NumbersData(classes=17), memory=memory, workers=0)
        labels(batches, range(3))


def test_a_missing_field_is_refused_by_name() -> None:
    with pytest.raises(DataError, match="declares the field 'b'; it has a"):
        opened([Numbers(20, "a")], TwoNumbers())


def test_a_first_example_that_is_not_finite_is_refused() -> None:
    class Broken(Numbers):
        def read(self, indices: Tensor) -> dict[str, Tensor]:
            fields = super().read(indices)
            return {**fields, "images": fields["images"].float() / 0}

    with pytest.raises(DataError, match="'images' holds a number that is not finite"):
        opened([Broken(20)])


def test_examples_of_changing_size_are_refused() -> None:
    class Growing(Numbers):
        def read(self, indices: Tensor) -> dict[str, Tensor]:
            fields = super().read(indices)
            size = 4 if len(indices) == 1 else 6
            return {**fields, "images": torch.zeros(len(indices), 3, size, 5, dtype=torch.uint8)}

    with pytest.raises(DataError, match=r"\(\d+, 3, 6, 5\).*\(\d+, 3, 4, 5\)"):
        opened([Growing(2000)])


def test_decoding_everything_is_told_in_words() -> None:
    notes: list[str] = []
    batches = opened([Numbers(1000)], at_once=False, note=notes.append)
    labels(batches, [0])
    assert notes == []
    for _ in range(2):
        batches.load()
    assert notes == ["decoding the 1,000 examples of numbers"]


# --- chance -------------------------------------------------------------------------------------------------


def test_chance_is_uniform_and_without_correlation() -> None:
    count = 200_000
    indices = torch.arange(count)
    chance = Chance(7, torch.zeros_like(indices), indices)
    later = Chance(7, torch.ones_like(indices), indices)
    one, other, next_epoch = chance.uniform("flip"), chance.uniform("crop"), later.uniform("flip")
    assert one.dtype == torch.float32
    assert float(one.min()) >= 0 and float(one.max()) < 1
    # Standard errors: 0.00065 of the mean, 0.0022 of a correlation, 94 of a count of 20,000 x 0.9.
    assert abs(float(one.double().mean()) - 0.5) < 0.003
    assert (torch.histc(one, 10, 0, 1) - count / 10).abs().max() < 600
    pairs = [(one, other), (one, next_epoch), (one[1:], one[:-1]), (one, indices / count)]
    for left, right in pairs:
        assert abs(float(torch.corrcoef(torch.stack([left.double(), right.double()]))[0, 1])) < 0.012


def test_chance_is_a_function_of_seed_epoch_and_index_whatever_the_batch() -> None:
    indices, epochs = torch.tensor([5, 2, 9, 2]), torch.tensor([0, 0, 3, 1])
    whole = Chance(1, epochs, indices).uniform("flip")
    for row in range(4):
        alone = Chance(1, epochs[row : row + 1], indices[row : row + 1]).uniform("flip")
        assert torch.equal(alone, whole[row : row + 1])
    assert whole.unique().numel() == 4
    assert not torch.equal(Chance(2, epochs, indices).uniform("flip"), whole)


def test_chance_gives_the_numbers_of_splitmix() -> None:
    mask = (1 << 64) - 1

    def mixed(bits: int) -> int:
        bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & mask
        bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & mask
        return bits ^ (bits >> 31)

    stride, seed, epoch, index = 0x9E3779B97F4A7C15, 11, 4, 123_456_789
    key = mixed((epoch * stride + derived_seed(seed, "augmentation")) & mask)
    key = mixed((key + index * stride) & mask)
    expected = (mixed((key + derived_seed("flip")) & mask) >> 40) / (1 << 24)
    assert Chance(seed, torch.tensor([epoch]), torch.tensor([index])).uniform("flip").item() == expected


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_batches_are_the_same_on_cuda_and_drawn_without_waiting_for_it(streams: list[Batches]) -> None:
    data, cuda = NumbersData(augment=True), torch.device("cuda")
    expected = opened([Numbers(20)], data)
    memory = opened([Numbers(20)], data, device=cuda)
    streams.append(opened([Numbers(20)], data, device=cuda, memory=0, workers=1))
    memory.draw(0)
    torch.cuda.set_sync_debug_mode("error")
    try:
        drawn = [memory.draw(position) for position in range(9)]
    finally:
        torch.cuda.set_sync_debug_mode("default")
    for position, batch in enumerate(drawn):
        streamed = streams[0].draw(position)
        for field, other, wanted in zip(batch, streamed, expected.draw(position), strict=True):
            assert torch.equal(field.cpu(), wanted)
            assert torch.equal(other.cpu(), wanted)
