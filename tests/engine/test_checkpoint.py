"""Tests of checkpoint files: what is written comes back, and nothing else is ever taken for it."""

from __future__ import annotations

import errno
import hashlib
import json
import math
import os
import pickle
import random
import resource
import struct
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import safetensors
import safetensors.torch
import torch
from torch import Tensor

from ganforge.engine import checkpoint, files
from ganforge.errors import CheckpointError, StorageError

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")

DTYPES = [
    torch.bool,
    torch.uint8,
    torch.int8,
    torch.float8_e4m3fn,
    torch.float8_e5m2,
    torch.uint16,
    torch.int16,
    torch.float16,
    torch.bfloat16,
    torch.uint32,
    torch.int32,
    torch.float32,
    torch.uint64,
    torch.int64,
    torch.float64,
    torch.complex64,
]


def ramp(*shape: int) -> Tensor:
    return torch.arange(math.prod(shape), dtype=torch.float32).reshape(shape)


def layouts() -> dict[str, Tensor]:
    image = ramp(2, 3, 4, 5)
    complex_values = torch.complex(ramp(4), ramp(4) + 1)
    return {
        "contiguous": image,
        "channels_last": image.to(memory_format=torch.channels_last),
        "transposed": ramp(3, 4).T,
        "strided": ramp(10)[1::3],
        "offset": ramp(10)[4:7],
        "one strided": ramp(10)[3::9],
        "one wide": ramp(3, 4)[:, 1:2][:1],
        "expanded": torch.tensor([[7.0]]).expand(3, 2),
        "parameter": torch.nn.Parameter(ramp(2, 2)),
        "conjugate": complex_values.conj(),
        "negative": complex_values.conj().imag,
        "one negative": complex_values[2:3].conj().imag,
        "empty": torch.zeros(0, 3),
        "scalar": torch.tensor(1 / 3, dtype=torch.float64),
        "step": torch.tensor(2**62 + 1),
        "odd bytes": torch.tensor([True, False, True]),
    }


def assert_equal(loaded: dict[str, Tensor], wanted: dict[str, Tensor]) -> None:
    assert set(loaded) == set(wanted)
    for name, tensor in wanted.items():
        assert loaded[name].dtype == tensor.dtype, name
        assert loaded[name].shape == tensor.shape, name
        plain = tensor.detach().resolve_conj().resolve_neg().contiguous()
        assert bytes_of(loaded[name]) == bytes_of(plain), name


def bytes_of(tensor: Tensor) -> bytes:
    packed = torch.empty(tensor.numel(), dtype=tensor.dtype).copy_(tensor.reshape(-1))
    return bytes(packed.view(torch.uint8).tolist())


def refusal(path: Path, call: Callable[[Path], object] = checkpoint.read) -> str:
    with pytest.raises(CheckpointError) as caught:
        call(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


# Files made by hand. The digest is computed here a second time, from its description alone.


def hand_digest(texts: dict[str, str], tensors: list[tuple[str, str, list[int], bytes]]) -> str:
    content = b""
    words = ["1", str(len(texts)), str(len(tensors))]
    for key in sorted(texts):
        words += [key, texts[key]]
    for word in words:
        content += struct.pack("<Q", len(word.encode())) + word.encode()
    for name, code, shape, data in tensors:
        for word in (name, code, ",".join(str(dim) for dim in shape)):
            content += struct.pack("<Q", len(word.encode())) + word.encode()
        content += data
    return hashlib.blake2b(content, digest_size=32, person=b"ganforge").hexdigest()


def framed(header: str | bytes, data: bytes) -> bytes:
    raw = header if isinstance(header, bytes) else header.encode()
    return struct.pack("<Q", len(raw)) + raw + data


PAIR = [("a", "F32", [2], struct.pack("<2f", 1.0, 2.0)), ("b", "U8", [3], b"xyz")]
PAIR_DATA = PAIR[0][3] + PAIR[1][3]
A_INFO = '"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}'
B_INFO = '"b":{"dtype":"U8","shape":[3],"data_offsets":[8,11]}'


def pair_header(texts: dict[str, str] | None = None, infos: str = f"{A_INFO},{B_INFO}") -> str:
    texts = {"step": "7"} if texts is None else texts
    metadata = {"format": "1", "digest": hand_digest(texts, PAIR), **texts}
    return f'{{"__metadata__":{json.dumps(metadata)},{infos}}}'


def put(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "made.safetensors"
    path.write_bytes(content)
    return path


# Round trips


def test_every_dtype_comes_back_bit_for_bit(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    noise = torch.randint(0, 50, (24,), dtype=torch.uint8)
    tensors = {}
    for dtype in DTYPES:
        tensors[str(dtype)] = (noise % 2).bool() if dtype == torch.bool else noise.view(dtype)
    checkpoint.write(path, tensors, {})
    assert len(tensors) == 16
    assert_equal(checkpoint.read(path).tensors, tensors)
    assert_equal(safetensors.torch.load_file(path), tensors)


def test_every_layout_comes_back_in_logical_order(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    checkpoint.write(path, layouts(), {})
    loaded = checkpoint.read(path).tensors
    assert_equal(loaded, layouts())
    assert_equal(safetensors.torch.load_file(path), layouts())
    assert loaded["channels_last"].is_contiguous()
    assert loaded["conjugate"].tolist() == [0 - 1j, 1 - 2j, 2 - 3j, 3 - 4j]
    assert loaded["negative"].tolist() == [-1, -2, -3, -4]
    assert loaded["one strided"].tolist() == [3] and loaded["one wide"].tolist() == [[1]]
    assert loaded["one negative"].tolist() == [-3]
    assert not any(tensor.requires_grad for tensor in loaded.values())


def test_every_tensor_lies_aligned_to_its_element_size(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    checkpoint.write(path, layouts(), {"note": "x"})
    raw = path.read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + length])
    header.pop("__metadata__")
    assert length % 8 == 0
    for name, info in header.items():
        assert info["data_offsets"][0] % layouts()[name].element_size() == 0, name


def test_no_tensors_at_all_can_be_saved(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    checkpoint.write(path, {}, {"step": 0})
    assert checkpoint.read(path) == checkpoint.Checkpoint({}, {"step": 0})


def test_tied_tensors_come_back_equal_and_apart(tmp_path: Path) -> None:
    path, weight = tmp_path / "x.safetensors", ramp(4)
    checkpoint.write(path, {"one": weight, "two": weight, "part": weight[1:3]}, {})
    loaded = checkpoint.read(path).tensors
    assert_equal(loaded, {"one": weight, "two": weight, "part": weight[1:3]})
    loaded["one"].zero_()
    assert loaded["two"].tolist() == [0, 1, 2, 3]


def test_loaded_tensors_do_not_depend_on_the_file(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    checkpoint.write(path, {"w": ramp(1000)}, {})
    loaded = checkpoint.read(path).tensors["w"]
    path.write_bytes(b"\0" * path.stat().st_size)
    assert torch.equal(loaded, ramp(1000))


def test_metadata_comes_back_exactly(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    dice = random.Random(0)
    patterns = (struct.unpack("<d", dice.randbytes(8))[0] for _ in range(500))
    floats = [value for value in patterns if math.isfinite(value)] + [0.1 + 0.2, 5e-324, -0.0, 1 / 3]
    metadata: dict[str, Any] = {
        "floats": floats,
        "step": 2**70,
        "recipe": {
            "players": [{"name": "G", "lr": 1e-4}],
            "note": 'quotes " and \\ and \n and \x1b, é 图 \ud800',
        },
        "nothing": None,
        "flags": [True, False],
        "größe": "",
    }
    checkpoint.write(path, {"w": ramp(2)}, metadata)
    for loaded in (checkpoint.read(path).metadata, checkpoint.read_metadata(path)):
        assert loaded == metadata
        assert [struct.pack("<d", x) for x in loaded["floats"]] == [struct.pack("<d", x) for x in floats]  # type: ignore[union-attr]
        assert [type(x) for x in loaded["flags"]] == [bool, bool]  # type: ignore[union-attr]


def test_metadata_are_readable_without_ganforge(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    checkpoint.write(path, {"w": ramp(2)}, {"step": 7, "name": "x"})
    with safetensors.safe_open(path, framework="pt") as opened:
        metadata = opened.metadata()
    assert set(metadata) == {"format", "digest", "step", "name"}
    assert (metadata["format"], metadata["step"], metadata["name"]) == ("1", "7", '"x"')


def test_the_digest_is_the_described_one(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    checkpoint.write(path, {"b": torch.tensor([120, 121, 122], dtype=torch.uint8), "a": ramp(2) + 1}, {"step": 7})
    with safetensors.safe_open(path, framework="pt") as opened:
        assert opened.metadata()["digest"] == hand_digest({"step": "7"}, PAIR)


def test_a_file_made_by_hand_is_read_wherever_its_tensors_lie(tmp_path: Path) -> None:
    infos = f"{B_INFO},{A_INFO}".replace("[8,11]", "[0,3]").replace("[0,8]", "[3,11]")
    for content in (framed(pair_header(), PAIR_DATA), framed(pair_header(infos=infos), b"xyz" + PAIR[0][3])):
        loaded = checkpoint.read(put(tmp_path, content))
        assert loaded.metadata == {"step": 7}
        assert {name: tensor.tolist() for name, tensor in loaded.tensors.items()} == {
            "a": [1.0, 2.0],
            "b": [120, 121, 122],
        }


def test_a_bool_of_another_byte_than_0_and_1_becomes_a_plain_one(tmp_path: Path) -> None:
    metadata = {"format": "1", "digest": hand_digest({}, [("m", "BOOL", [3], b"\x00\x01\x07")])}
    header = {"__metadata__": metadata, "m": {"dtype": "BOOL", "shape": [3], "data_offsets": [0, 3]}}
    loaded = checkpoint.read(put(tmp_path, framed(json.dumps(header), b"\x00\x01\x07"))).tensors["m"]
    assert loaded.dtype == torch.bool
    assert loaded.view(torch.uint8).tolist() == [0, 1, 1]


def test_a_copy_made_by_safetensors_still_verifies(tmp_path: Path) -> None:
    path, copy = tmp_path / "x.safetensors", tmp_path / "copy.safetensors"
    tensors = {name: tensor.detach() for name, tensor in layouts().items()}
    checkpoint.write(path, tensors, {"step": 7})
    with safetensors.safe_open(path, framework="pt") as opened:
        safetensors.torch.save_file(checkpoint.read(path).tensors, copy, metadata=opened.metadata())
    assert_equal(checkpoint.read(copy).tensors, tensors)


def test_a_file_gets_the_mode_that_the_umask_leaves(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    before = os.umask(0o027)
    try:
        checkpoint.write(path, {}, {})
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_save_holds_one_copied_tensor_at_a_time(tmp_path: Path) -> None:
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("needs the peak memory of Linux")
    path = tmp_path / "x.safetensors"
    # Expanded tensors cost nothing until they are copied: 16 times 2 MB then.
    tensors = {f"w{index}": torch.ones(1).expand(1 << 19) for index in range(16)}

    def peak() -> int:
        return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])

    def child() -> None:
        # The first save maps the code that it runs; only the second one's memory is that of the tensors.
        checkpoint.write(path, {"w": torch.ones(1).expand(10)}, {})
        Path("/proc/self/clear_refs").write_text("5")
        before = peak()
        checkpoint.write(path, tensors, {})
        assert peak() - before < 8_000, f"{peak() - before} kB more"

    assert exit_code(child) == 0
    assert path.stat().st_size > 32 << 20


# What cannot be stored


@pytest.mark.parametrize(
    ("tensors", "said"),
    [
        (
            {"ok": ramp(2), "net.D.w": torch.tensor([1.0, math.nan, math.inf])},
            "'net.D.w' holds 2 non-finite values of 3",
        ),
        ({"w": torch.tensor([1.0, -math.inf], dtype=torch.bfloat16)}, "'w' holds 1 non-finite values of 2"),
        ({"w": torch.tensor(complex(0.0, math.nan))}, "'w' holds 1 non-finite"),
        ({"w": torch.tensor([math.nan]).to(torch.float8_e4m3fn)}, "'w' holds 1 non-finite"),
        ({"w": torch.zeros(2, device="meta")}, "'w' has no bytes"),
        ({"w": torch.zeros(2).to_sparse()}, "'w' has no bytes"),
        ({"w": torch.zeros(2, dtype=torch.complex128)}, "complex128"),
        ({"w": torch.zeros([1] * 65)}, "65 dimensions"),
        ({"w": 3.0}, "'w' is a float"),
        ({"": ramp(1)}, "tensor name ''"),
        ({"__metadata__": ramp(1)}, "tensor name '__metadata__'"),
        ({"a\x1b[2J": ramp(1)}, r"tensor name 'a\x1b[2J'"),
        ({3: ramp(1)}, "tensor name 3"),
    ],
)
def test_a_tensor_that_cannot_be_stored_is_named(tmp_path: Path, tensors: Any, said: str) -> None:
    path = tmp_path / "x.safetensors"
    assert said in refusal(path, lambda path: checkpoint.write(path, tensors, {}))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"format": 1}, "'format' is reserved"),
        ({"digest": ""}, "'digest' is reserved"),
        ({"": 1}, "metadata key ''"),
        ({"a\nb": 1}, r"metadata key 'a\nb'"),
        ({"pair": {"x": [1, (2, 3)]}}, "'pair' does not come back from JSON as it is: it holds a tuple"),
        ({"table": {1: "one"}}, "it holds the key 1"),
        ({"what": object()}, "it holds a object"),
        ({"loss": [math.nan]}, "'loss' does not come back from JSON"),
        ({"huge": "x" * 16_000_001}, "its header would be"),
    ],
)
def test_metadata_that_cannot_be_stored_are_named(tmp_path: Path, metadata: Any, said: str) -> None:
    path = tmp_path / "x.safetensors"
    assert said in refusal(path, lambda path: checkpoint.write(path, {}, metadata))
    assert os.listdir(tmp_path) == []


def test_metadata_nested_without_end_are_refused(tmp_path: Path) -> None:
    loop: list[Any] = []
    loop.append(loop)
    assert "'loop'" in refusal(tmp_path / "x", lambda path: checkpoint.write(path, {}, {"loop": loop}))


def test_non_finite_values_are_stored_on_request(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    values = torch.tensor([math.nan, math.inf, 1.0])
    checkpoint.write(path, {"w": values}, {"best": -math.inf}, allow_nonfinite=True)
    assert_equal(checkpoint.read(path).tensors, {"w": values})
    assert checkpoint.read(path).metadata == {"best": -math.inf}


def test_too_many_tensors_are_refused_in_both_directions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.safetensors"
    checkpoint.write(path, {str(index): torch.zeros(0) for index in range(6)}, {})
    monkeypatch.setattr(checkpoint, "MAX_TENSORS", 5)
    assert "more than 5 tensors" in refusal(path)
    many = {str(index): torch.zeros(0) for index in range(6)}
    assert "6 tensors" in refusal(path, lambda path: checkpoint.write(path, many, {}))


# Kills and disk errors


class Faulty:
    """The disk, counting calls and doing something else from one of them on."""

    def __init__(
        self, at: int = -1, strike: Callable[[str, tuple[Any, ...]], None] | None = None, last: int = 0
    ) -> None:
        self.calls: list[str] = []
        self.at, self.strike, self.last = at, strike, last

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            self.calls.append(name)
            index = len(self.calls) - 1
            if self.strike is not None and self.at <= index <= max(self.at, self.last):
                self.strike(name, args)
            return getattr(REAL, name)(*args)

        return call


REAL = files.disk
OLD = {"w": torch.full((8, 8), 1.0), "e": torch.zeros(0)}
NEW = {"w": torch.full((8, 8), 2.0), "e": torch.zeros(0), "n": torch.tensor(3)}


def raising(code: int) -> Callable[[str, tuple[Any, ...]], None]:
    def strike(name: str, args: tuple[Any, ...]) -> None:
        if name == "close":
            # Linux gives the descriptor back even when it reports an error.
            REAL.close(*args)
        raise OSError(code, os.strerror(code))

    return strike


def dying(name: str, args: tuple[Any, ...]) -> None:
    if name == "write":
        REAL.write(args[0], args[1][: len(args[1]) // 2])
    os._exit(137)


def exit_code(work: Callable[[], None]) -> int:
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as problem:
            print(repr(problem), file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.fixture
def save_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    counter = Faulty()
    with monkeypatch.context() as patch:
        patch.setattr(files, "disk", counter)
        checkpoint.write(tmp_path / "counted", NEW, {"step": 2})
    (tmp_path / "counted").unlink()
    return counter.calls


def test_a_save_is_synced_and_read_back_before_it_takes_its_name(save_calls: list[str]) -> None:
    assert save_calls == [
        *("remove", "open", "write", "write", "write", "fsync", "forget", "close"),
        *("open", "status", "read_at", "read_at", "read_at", "read_at", "close"),
        *("rename", "open", "fsync", "close"),
    ]


@pytest.mark.parametrize("earlier", [True, False])
def test_a_save_killed_at_any_call_leaves_the_old_or_the_new_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, save_calls: list[str], earlier: bool
) -> None:
    path = checkpoint.step_path(tmp_path, 1)
    seen: list[object] = []
    for at in range(len(save_calls)):
        path.unlink(missing_ok=True)
        if earlier:
            checkpoint.write(path, OLD, {"step": 1})
        monkeypatch.setattr(files, "disk", Faulty(at, dying))
        assert exit_code(lambda: checkpoint.write(path, NEW, {"step": 2})) == 137
        monkeypatch.setattr(files, "disk", REAL)
        if path.exists():
            found = checkpoint.read(path)
            assert found.metadata["step"] in (1, 2)
            assert_equal(found.tensors, OLD if found.metadata["step"] == 1 else NEW)
            seen.append(found.metadata["step"])
        else:
            assert not earlier
            seen.append(None)
        swept = checkpoint.sweep(tmp_path)
        assert len(swept) == (1 < at <= save_calls.index("rename"))
        assert os.listdir(tmp_path) == ([path.name] if path.exists() else [])
    renamed = save_calls.index("rename") + 1
    assert seen == [1 if earlier else None] * renamed + [2] * (len(save_calls) - renamed)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS, errno.EACCES])
@pytest.mark.parametrize("lasting", [False, True], ids=["once", "from then on"])
def test_a_disk_error_at_any_call_is_told_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, save_calls: list[str], code: int, lasting: bool
) -> None:
    other, path = checkpoint.step_path(tmp_path, 1), checkpoint.step_path(tmp_path, 2)
    checkpoint.write(other, OLD, {"step": 1})
    for at in range(len(save_calls)):
        checkpoint.write(path, OLD, {"step": 1})
        monkeypatch.setattr(files, "disk", Faulty(at, raising(code), last=10**6 if lasting else 0))
        with pytest.raises(StorageError) as caught:
            checkpoint.write(path, NEW, {"step": 2})
        monkeypatch.setattr(files, "disk", REAL)
        message = str(caught.value)
        assert message.startswith(f"{path} cannot be written: ") and os.strerror(code) in message
        assert ("an unknown number of bytes" if lasting else " bytes are free") in message
        assert caught.value.exit_code == 7
        renamed = at > save_calls.index("rename")
        assert_equal(checkpoint.read(path).tensors, NEW if renamed else OLD)
        assert_equal(checkpoint.read(other).tensors, OLD)
        if lasting:
            checkpoint.sweep(tmp_path)
        assert sorted(os.listdir(tmp_path)) == [other.name, path.name]


def test_a_full_disk_is_told_with_needed_and_free_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.safetensors"
    checkpoint.write(path, NEW, {"step": 1})
    size = path.stat().st_size

    def full(name: str, args: tuple[Any, ...]) -> None:
        if name == "write":
            raising(errno.ENOSPC)(name, args)

    monkeypatch.setattr(files, "disk", Faulty(0, full, last=10**6))
    monkeypatch.setattr(files.Disk, "free", lambda self, folder: 12)
    with pytest.raises(StorageError) as caught:
        checkpoint.write(path, NEW, {"step": 2})
    assert str(caught.value) == (
        f"{path} cannot be written: No space left on device; it needs {size} bytes and 12 bytes are free"
    )


def test_short_writes_and_reads_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(files.Disk):
        def write(self, fd: int, data: memoryview) -> int:
            return super().write(fd, data[:7])

        def read_at(self, fd: int, target: memoryview, offset: int) -> int:
            return super().read_at(fd, target[:5], offset)

    monkeypatch.setattr(files, "disk", Slow())
    checkpoint.write(tmp_path / "x", NEW, {"step": 2})
    assert_equal(checkpoint.read(tmp_path / "x").tensors, NEW)


def test_bytes_that_the_disk_changes_are_noticed_before_the_old_file_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Rotten(files.Disk):
        def write(self, fd: int, data: memoryview) -> int:
            return super().write(fd, memoryview(bytes(data).replace(b"@", b"A")))

    path = tmp_path / "x.safetensors"
    checkpoint.write(path, OLD, {"step": 1})
    monkeypatch.setattr(files, "disk", Rotten())
    with pytest.raises(StorageError, match=r"reading it back reports .* does not match its digest"):
        checkpoint.write(path, NEW, {"step": 2})
    assert_equal(checkpoint.read(path).tensors, OLD)
    assert os.listdir(tmp_path) == [path.name]


def test_a_real_size_limit_is_told(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    checkpoint.write(path, OLD, {"step": 1})

    def child() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        with pytest.raises(StorageError, match="File too large"):
            checkpoint.write(path, {"w": ramp(10_000)}, {})

    assert exit_code(child) == 0
    assert_equal(checkpoint.read(path).tensors, OLD)
    assert os.listdir(tmp_path) == [path.name]


def test_an_interrupt_during_a_save_leaves_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(name: str, args: tuple[Any, ...]) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(files, "disk", Faulty(3, interrupt))
    with pytest.raises(KeyboardInterrupt):
        checkpoint.write(tmp_path / "x", NEW, {})
    assert os.listdir(tmp_path) == []


def test_a_leftover_of_the_same_process_id_does_not_stop_a_save(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    (tmp_path / f".x.safetensors.{os.getpid()}.tmp").symlink_to(victim)
    checkpoint.write(path, NEW, {})
    assert_equal(checkpoint.read(path).tensors, NEW)
    assert victim.read_text() == "untouched"
    assert sorted(os.listdir(tmp_path)) == ["victim", "x.safetensors"]


def test_a_file_that_another_writer_has_open_is_not_written_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rival = tmp_path / f".x.safetensors.{os.getpid()}.tmp"

    class Raced(files.Disk):
        def open(self, path: Path, flags: int) -> int:
            if path == rival:
                rival.write_text("theirs")
            return super().open(path, flags)

    monkeypatch.setattr(files, "disk", Raced())
    with pytest.raises(StorageError, match="File exists"):
        checkpoint.write(tmp_path / "x.safetensors", NEW, {})


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="No such file or directory"):
        checkpoint.write(tmp_path / "gone" / "x", NEW, {})


# Damage


def damaged_copies(raw: bytes, positions: Iterator[int]) -> Iterator[bytes]:
    for position in positions:
        for bit in range(8):
            copy = bytearray(raw)
            copy[position] ^= 1 << bit
            yield bytes(copy)


def test_every_flipped_bit_is_found(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    metadata: dict[str, Any] = {"step": 7, "note": 'é " \x1b', "lr": [1e-4, True, None]}
    checkpoint.write(path, {"größe": ramp(3), "e": torch.zeros(0, 2), "b": torch.tensor([True, False])}, metadata)
    raw, found = path.read_bytes(), 0
    for content in damaged_copies(raw, iter(range(len(raw)))):
        path.write_bytes(content)
        with pytest.raises(CheckpointError):
            checkpoint.verify(path)
        found += 1
    assert found == 8 * len(raw) > 2500


def test_flipped_bits_in_large_data_are_found_by_read_and_verify(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    checkpoint.write(path, {"w": torch.randn(20_000), "u": torch.randint(0, 255, (999,), dtype=torch.uint8)}, {})
    raw = path.read_bytes()
    dice = random.Random(0)
    positions = [dice.randrange(1000, len(raw)) for _ in range(20)]
    for content in damaged_copies(raw, iter(positions)):
        path.write_bytes(content)
        assert "does not match its digest" in refusal(path)
        assert "does not match its digest" in refusal(path, checkpoint.verify)


def test_verify_reads_tensors_larger_than_its_buffer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "_PIECE", 7)
    path = tmp_path / "x.safetensors"
    checkpoint.write(path, layouts(), {})
    checkpoint.verify(path)
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)
    assert "does not match its digest" in refusal(path, checkpoint.verify)


def test_every_truncation_and_every_extra_byte_is_found(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    checkpoint.write(path, {"w": ramp(10), "b": torch.tensor([True])}, {"step": 7})
    raw = path.read_bytes()
    for length in range(len(raw)):
        path.write_bytes(raw[:length])
        for call in (checkpoint.read, checkpoint.verify, checkpoint.read_metadata):
            refusal(path, call)
    path.write_bytes(raw + b"\0")
    assert "41 bytes of data and 42 are there" in refusal(path)


def test_tensors_that_changed_places_are_found(tmp_path: Path) -> None:
    swapped = pair_header().replace('"a":', '"c":')
    assert "does not match its digest" in refusal(put(tmp_path, framed(swapped, PAIR_DATA)))
    bytes_as_bools = pair_header().replace("U8", "BOOL")
    assert "does not match its digest" in refusal(put(tmp_path, framed(bytes_as_bools, PAIR_DATA)))
    reshaped = pair_header().replace("[2]", "[2,1]")
    assert "does not match its digest" in refusal(put(tmp_path, framed(reshaped, PAIR_DATA)))
    later = pair_header().replace('"step": "7"', '"step": "8"')
    assert "does not match its digest" in refusal(put(tmp_path, framed(later, PAIR_DATA)))


# Foreign and hostile files

F32_EMPTY = '{"dtype":"F32","shape":[0],"data_offsets":[0,0]}'
WIDE = '"a":{"dtype":"F32","shape":[0,HUGE],"data_offsets":[0,0]}'
LARGEST = 2**63 - 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (framed(pair_header(infos=f"{A_INFO},{A_INFO},{B_INFO}"), PAIR_DATA), "has the key 'a' twice"),
        (framed(pair_header().replace('"step": "7"', '"step": "6", "step": "7"'), PAIR_DATA), "'step' twice"),
        (framed(" " + pair_header(), PAIR_DATA), "begins with b' '"),
        (
            framed(pair_header().replace('"dtype":"U8"', '"dtype":"U8","x":1'), PAIR_DATA),
            "'b' is not described by",
        ),
        (framed(pair_header().replace('"a"', '"a\\u001b[2J"'), PAIR_DATA), r"'a\x1b[2J'"),
        (framed(pair_header().replace('"a"', '"\\u0000"'), PAIR_DATA), r"tensor name '\x00'"),
        (framed(pair_header().replace('"a"', '""'), PAIR_DATA), "tensor name ''"),
        (framed(pair_header(infos=WIDE.replace("HUGE", "4611686018427387904")), b""), "beyond 2^63 bytes"),
        (framed(pair_header(infos=WIDE.replace("HUGE", "9223372036854775808")), b""), "below 2^63"),
    ],
)
def test_what_safetensors_itself_accepts_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    path = put(tmp_path, content)
    with safetensors.safe_open(path, framework="pt"):
        pass
    assert said in refusal(path)
    if "not described" in said or "twice" in said or "begins" in said:
        assert said in refusal(path, checkpoint.read_metadata)


def info(**fields: object) -> str:
    return json.dumps({"a": {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]} | fields})[1:-1]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is empty"),
        (b"\x10\0\0\0\0\0\0", "it is 7 bytes long"),
        (struct.pack("<Q", 2**63) + b"{}", "header of 9223372036854775808 bytes and at most"),
        (struct.pack("<Q", 2**64 - 1) + b"{}", "header of 18446744073709551615 bytes"),
        (struct.pack("<Q", 99_000_000) + b"{}", "header of 99000000 bytes and at most 16000000"),
        (struct.pack("<Q", 1000) + b"{}", "header of 1000 bytes and 2 follow"),
        (struct.pack("<Q", 0) + b"{}", "its header is not JSON"),
        (framed("[]", b""), "begins with b'['"),
        (framed("{not json", b""), "its header is not JSON"),
        (framed(b'{"\xff":1}', b""), "its header is not JSON"),
        (framed('{"a":1}'.encode("utf-16-le"), b""), "its header is not JSON"),
        (framed('{"a":' * 100_000, b""), "its header is not JSON"),
        (framed('{"a":' + "[" * 100_000, b""), "its header is not JSON"),
        (framed('{"__metadata__":3}', b""), "its metadata is not a JSON object"),
        (framed('{"__metadata__":{"step":7}}', b""), "metadata 'step' is not a string"),
        (framed('{"__metadata__":{},"__metadata__":{}}', b""), "has the key '__metadata__' twice"),
        (framed("{" + A_INFO + "}", PAIR[0][3]), "ganforge did not write it"),
        (framed(pair_header().replace('"format": "1"', '"format": "2"'), PAIR_DATA), "has format '2' and"),
        (framed(pair_header().replace('"format": "1", ', ""), PAIR_DATA), "ganforge did not write it"),
        (
            framed(pair_header().replace("[0,8]", "[0,7]"), PAIR_DATA),
            "'a' of 8 bytes has data_offsets [0, 7]",
        ),
        (
            framed(pair_header().replace("[8,11]", "[7,10]"), PAIR_DATA),
            "'b' begins at byte 7 of the data, not 8",
        ),
        (
            framed(pair_header().replace("[8,11]", "[9,12]"), PAIR_DATA + b"-"),
            "'b' begins at byte 9 of the data, not 8",
        ),
        (framed(pair_header(infos=info(dtype="F99")), b"1234"), "unknown dtype 'F99'"),
        (framed(pair_header(infos=info(dtype=["U8"])), b"1234"), "unknown dtype ['U8']"),
        (framed(pair_header(infos=info(shape=[-4])), b"1234"), "shape holds something else than counts"),
        (framed(pair_header(infos=info(shape=[4.0])), b"1234"), "shape holds something else than counts"),
        (framed(pair_header(infos=info(shape=[True])), b"1"), "shape holds something else than counts"),
        (framed(pair_header(infos=info(shape=[1] * 65)), b"1"), "shape is not a list of at most 64"),
        (framed(pair_header(infos=info(shape="4")), b"1234"), "shape is not a list"),
        (framed(pair_header(infos=info(shape=[LARGEST, LARGEST])), b"1234"), "beyond 2^63 bytes"),
        (framed(pair_header(infos=info(data_offsets=[4, 0])), b"1234"), "data_offsets [4, 0]"),
        (framed(pair_header(infos=info(data_offsets=[0])), b"1234"), "data_offsets [0]"),
        (framed(pair_header(infos=info(data_offsets=[])), b"1234"), "data_offsets []"),
        (framed(pair_header(infos=info(data_offsets=[0, 4, 4])), b"1234"), "data_offsets [0, 4, 4]"),
        (framed(pair_header(infos='"a":3'), b""), "'a' is not described by"),
        (
            framed(pair_header({"recipe": "[" * 10_000 + "]" * 10_000}), PAIR_DATA),
            "metadata 'recipe' is not JSON",
        ),
        (framed(pair_header({"recipe": "{"}), PAIR_DATA), "metadata 'recipe' is not JSON"),
        (framed(pair_header({"recipe": '{"a":1,"a":2}'}), PAIR_DATA), "has the key 'a' twice"),
        (
            framed(pair_header(infos=info().replace('"a"', '"' + "n" * 10_000 + '\\u0007"')), b"1234"),
            "nnn...",
        ),
    ],
)
def test_a_file_that_is_no_checkpoint_is_refused_with_the_reason(tmp_path: Path, content: bytes, said: str) -> None:
    path = put(tmp_path, content)
    message = refusal(path)
    assert said in message
    assert len(message) < 500 and message.isprintable()
    refusal(path, checkpoint.verify)


def test_a_header_above_the_cap_is_not_even_read(tmp_path: Path) -> None:
    path = put(tmp_path, struct.pack("<Q", 90_000_000) + b"{")
    os.truncate(path, 90_000_008)
    assert "header of 90000000 bytes and at most 16000000" in refusal(path)


def test_a_header_of_240000_empty_tensors_is_refused_in_time(tmp_path: Path) -> None:
    infos = ",".join(f'"{index}":{F32_EMPTY}' for index in range(240_000))
    path = put(tmp_path, framed(pair_header(infos=infos), b""))
    started = time.process_time()
    assert "describes more than 100000 tensors" in refusal(path)
    assert time.process_time() - started < 2


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo, lambda path: os.symlink("/dev/zero", path)])
def test_only_regular_files_are_read(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "x")
    assert "not a regular file" in refusal(tmp_path / "x")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    for call in (checkpoint.read, checkpoint.verify, checkpoint.read_metadata):
        assert "No such file or directory" in refusal(tmp_path / "x", call)


class Canary:
    """An object whose unpickling leaves a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def test_a_pickle_is_refused_by_content_and_never_opened(tmp_path: Path) -> None:
    path, canary = tmp_path / "x.safetensors", Canary(tmp_path / "canary")
    for protocol in range(2, 6):
        path.write_bytes(pickle.dumps({"w": canary}, protocol))
        assert "is a pickle or zip by its content" in refusal(path)
    for zipped in (True, False):
        torch.save({"w": canary}, path, _use_new_zipfile_serialization=zipped)
        assert "is a pickle or zip by its content" in refusal(path)
    for protocol in (0, 1):
        path.write_bytes(pickle.dumps({"w": canary}, protocol))
        refusal(path)
    assert not canary.path.exists()
    pickle.loads(path.read_bytes())
    assert canary.path.exists()


def test_a_header_length_that_looks_like_a_pickle_is_none(tmp_path: Path) -> None:
    for length in (0x0280, 0x0480):
        content = framed(pair_header().ljust(length), PAIR_DATA)
        assert content[:2] in (b"\x80\x02", b"\x80\x04")
        assert checkpoint.read(put(tmp_path, content)).metadata == {"step": 7}
        assert "so it is cut short" in refusal(put(tmp_path, content[:300]))


def test_the_suffix_does_not_matter(tmp_path: Path) -> None:
    checkpoint.write(tmp_path / "x.pth", OLD, {})
    assert_equal(checkpoint.read(tmp_path / "x.pth").tensors, OLD)


def test_mutated_headers_raise_nothing_but_checkpoint_errors(tmp_path: Path) -> None:
    dice, header, path = random.Random(0), pair_header().encode(), tmp_path / "made.safetensors"
    pieces = [
        b"{",
        b"}",
        b"[",
        b"]",
        b'"',
        b",",
        b"-1",
        b"1e999",
        b"null",
        b"NaN",
        b"\xff",
        b"\\u0000",
        b"9" * 30,
    ]
    refused = 0
    for _ in range(2000):
        mutated = bytearray(header)
        for _ in range(dice.randint(1, 3)):
            position = dice.randrange(len(mutated))
            mutated[position : position + dice.randint(0, 9)] = dice.choice(pieces)
        path.write_bytes(framed(bytes(mutated), PAIR_DATA))
        try:
            checkpoint.read(path)
        except CheckpointError:
            refused += 1
    assert refused > 1900


# Folders of checkpoints


def fill(folder: Path, *steps: int) -> None:
    for step in steps:
        checkpoint.write(checkpoint.step_path(folder, step), {"w": torch.tensor(step)}, {"step": step})


def damage(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)


def test_steps_are_sorted_as_integers(tmp_path: Path) -> None:
    assert checkpoint.step_path(tmp_path, 1000) == tmp_path / "step-00001000.safetensors"
    fill(tmp_path, 100_000_000, 99_999_999, 9, 10, 100, 0)
    assert sorted(os.listdir(tmp_path))[-1] == "step-99999999.safetensors"
    assert checkpoint.steps(tmp_path) == [0, 9, 10, 100, 99_999_999, 100_000_000]
    assert checkpoint.newest(tmp_path)[1] == tmp_path / "step-100000000.safetensors"


FOREIGN = [
    "step-9.safetensors",
    "step-000000009.safetensors",
    "step-00000009.safetensors.bak",
    "step-٠٠٠٠٠٠٠٩.safetensors",
    "step--0000009.safetensors",
    "xstep-00000009.safetensors",
    ".step-00000009.safetensors.tmp",
    ".step-00000009.safetensors.x1.tmp",
    "step-00000009.safetensors.77.tmp",
    "weights.safetensors",
]


def test_foreign_files_are_neither_counted_nor_deleted(tmp_path: Path) -> None:
    for name in FOREIGN:
        (tmp_path / name).write_text("foreign")
    (tmp_path / "step-00000007.safetensors").mkdir()
    (tmp_path / ".folder.77.tmp").mkdir()
    before = sorted(os.listdir(tmp_path))
    assert checkpoint.steps(tmp_path) == []
    fill(tmp_path, 1, 2, 3)
    assert checkpoint.prune(tmp_path, 2) == [checkpoint.step_path(tmp_path, 1)]
    assert checkpoint.sweep(tmp_path) == []
    for step in (2, 3):
        checkpoint.step_path(tmp_path, step).unlink()
    assert sorted(os.listdir(tmp_path)) == before


def test_a_missing_folder_has_no_steps(tmp_path: Path) -> None:
    assert checkpoint.steps(tmp_path / "gone") == []
    assert checkpoint.sweep(tmp_path / "gone") == []
    assert checkpoint.prune(tmp_path / "gone", 2) == []
    assert "holds no checkpoint" in refusal(tmp_path / "gone", checkpoint.newest)


def test_the_newest_valid_checkpoint_wins_and_the_damaged_ones_are_told(tmp_path: Path) -> None:
    fill(tmp_path, 10, 20, 30, 40)
    damage(checkpoint.step_path(tmp_path, 30))
    os.truncate(checkpoint.step_path(tmp_path, 40), 100)
    loaded, path, damaged = checkpoint.newest(tmp_path)
    assert loaded.tensors["w"].item() == 20 and loaded.metadata == {"step": 20}
    assert path == checkpoint.step_path(tmp_path, 20)
    assert len(damaged) == 2
    assert str(checkpoint.step_path(tmp_path, 40)) in damaged[0] and "cut short" in damaged[0]
    assert str(checkpoint.step_path(tmp_path, 30)) in damaged[1] and "digest" in damaged[1]


def test_no_valid_checkpoint_is_told_with_each_reason_and_deletes_nothing(tmp_path: Path) -> None:
    fill(tmp_path, 1, 2)
    damage(checkpoint.step_path(tmp_path, 1))
    checkpoint.step_path(tmp_path, 2).write_bytes(b"")
    message = refusal(tmp_path, checkpoint.newest)
    assert "holds no usable checkpoint" in message
    assert "step-00000001.safetensors cannot be used: its content does not match its digest" in message
    assert "step-00000002.safetensors cannot be used: it is empty" in message
    assert len(os.listdir(tmp_path)) == 2


@pytest.mark.parametrize(
    ("bad", "keep", "keep_steps", "left"),
    [
        ((), 3, (), [3, 4, 5]),
        ((), 9, (), [1, 2, 3, 4, 5]),
        ((), 2, (), [4, 5]),
        ((), 1, (), [4, 5]),
        ((), 0, (), [4, 5]),
        ((), -3, (), [4, 5]),
        ((), 2, (1, 3, 77), [1, 3, 4, 5]),
        ((5,), 2, (), [3, 4, 5]),
        ((5, 4), 2, (), [2, 3, 4, 5]),
        ((5, 3), 2, (), [2, 3, 4, 5]),
        ((1, 2), 2, (), [4, 5]),
        ((5,), 3, (), [3, 4, 5]),
        ((2, 3, 4, 5), 2, (), [1, 2, 3, 4, 5]),
        ((1, 2, 3, 4, 5), 2, (), [1, 2, 3, 4, 5]),
    ],
)
def test_pruning_leaves_the_newest_and_two_valid_ones(
    tmp_path: Path, bad: tuple[int, ...], keep: int, keep_steps: tuple[int, ...], left: list[int]
) -> None:
    fill(tmp_path, 1, 2, 3, 4, 5)
    for step in bad:
        damage(checkpoint.step_path(tmp_path, step))
    deleted = checkpoint.prune(tmp_path, keep, keep_steps)
    assert checkpoint.steps(tmp_path) == left
    assert deleted == [checkpoint.step_path(tmp_path, step) for step in range(1, 6) if step not in left]


def test_a_file_that_cannot_be_deleted_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, 1, 2, 3)

    def refuse(self: files.Disk, path: Path) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(files.Disk, "remove", refuse)
    with pytest.raises(StorageError, match=r"step-00000001\.safetensors cannot be removed: Read-only"):
        checkpoint.prune(tmp_path, 2)
    assert checkpoint.steps(tmp_path) == [1, 2, 3]


def test_a_sweep_removes_what_killed_writers_left_and_nothing_else(tmp_path: Path) -> None:
    fill(tmp_path, 1)
    stale = [
        tmp_path / ".step-00000002.safetensors.1.tmp",
        tmp_path / ".step-00000003.safetensors.4194304.tmp",
    ]
    for path in stale:
        path.write_bytes(b"half")
    assert checkpoint.sweep(tmp_path) == stale
    assert os.listdir(tmp_path) == ["step-00000001.safetensors"]
