"""Tests of data declarations and of the batches that they draw."""

from ganforge_toys import Captions, Classes, Domains, Images, Pairs

from ganforge.language.data import Batch, Examples


def shapes(batch: object) -> dict[str, tuple[tuple[int, ...], str]]:
    signals = list(batch)
    (origin,) = {id(signal.origin): signal.origin for signal in signals}.values()
    assert isinstance(origin, Batch) and [signal.output for signal in signals] == list(range(len(signals)))
    return {name: (signal.shape, signal.dtype) for name, signal in zip(origin.fields, signals, strict=True)}


def test_a_batch_has_the_fields_of_its_role_with_their_shapes_and_types():
    images, labels = ((3, 8, 8), "float"), ((), "int")
    assert shapes(Images(size=4).batch()) == {"images": ((1, 4, 4), "float")}
    assert shapes(Classes().batch()) == {"images": images, "labels": labels}
    assert shapes(Captions().batch()) == {"images": images, "captions": ((7,), "int"), "mismatched": images}
    assert shapes(Pairs().batch()) == {"source": ((1, 8, 8), "float"), "target": images}
    assert shapes(Domains().batch()) == {"a": ((1, 8, 8), "float"), "b": images}


def test_fields_are_read_by_name_or_unpacked_in_order():
    batch = Classes().batch()
    images, labels = batch
    assert images is batch.images and labels is batch.labels


def test_two_batches_are_two_draws():
    data = Images()
    assert data.batch().images.origin is not data.batch().images.origin


def test_a_batch_is_named_by_its_data_in_messages():
    assert str(Pairs().batch().target) == "pairs (3, 8, 8)"


def test_examples_must_say_how_many_they_are_and_how_they_are_read():
    assert Examples.__abstractmethods__ == {"__len__", "read"}
