"""How input is cut into shards: equal parts, and as many as keep every core busy to the end."""

from pathlib import Path

import pytest

from danlu.corpus.document import SourceFile
from danlu.corpus.files import SHARD_BYTES, SHARDS_WANTED, plan_shards

MIB = 2**20


def source(num_bytes: int, name: str = "a.jsonl", compression: str = "") -> SourceFile:
    return SourceFile(
        path=str(Path("/nowhere") / name),
        name=name,
        domain="web",
        reader="jsonl",
        compression=compression,
        num_bytes=num_bytes,
        modified=0,
    )


def ranges(num_bytes: int, shard_bytes: int | None) -> list[tuple[int, int]]:
    shards = plan_shards([source(num_bytes)], shard_bytes)
    parts = [part for shard in shards for part in shard.parts]
    return [(part.start, num_bytes if part.stop is None else part.stop) for part in parts]


@pytest.mark.parametrize("num_bytes", [2001, 3499, 10_000, 10_001, 99_999])
def test_a_large_file_is_cut_into_parts_of_equal_size(num_bytes: int) -> None:
    found = ranges(num_bytes, 1000)
    assert [start for start, _ in found] == [0, *(stop for _, stop in found[:-1])]
    assert found[-1][1] == num_bytes
    sizes = [stop - start for start, stop in found]
    assert max(sizes) - min(sizes) < len(sizes)
    assert 600 < max(sizes) < 1500


def test_a_file_below_two_shards_and_a_packed_one_stay_whole() -> None:
    assert ranges(2000, 1000) == [(0, 2000)]
    packed = plan_shards([source(10_000, compression="gz")], 1000)
    assert [part.stop for shard in packed for part in shard.parts] == [None]


def test_small_files_share_a_shard() -> None:
    shards = plan_shards([source(300, f"{n}.jsonl") for n in range(7)], 1000)
    assert [len(shard.parts) for shard in shards] == [3, 3, 1]
    assert [shard.index for shard in shards] == [0, 1, 2]


@pytest.mark.parametrize(
    ("num_bytes", "expected"),
    [(MIB, SHARD_BYTES[0]), (640 * MIB, 640 * MIB // SHARDS_WANTED), (100_000 * MIB, SHARD_BYTES[1])],
)
def test_without_a_size_it_follows_from_the_input(num_bytes: int, expected: int) -> None:
    found = ranges(num_bytes, None)
    assert found == ranges(num_bytes, expected)
