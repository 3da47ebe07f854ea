"""Byte strings that stood before in the corpus, by a suffix array over all of it (Lee et al. 2022, arXiv 2107.06499).

The array is in memory: BYTES_EACH bytes for each byte of kept text, which is why the option has a bound. A string
counts from `substring_bytes` on; its first place stays, the others lose it, up to the nearest whole characters.
"""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from danlu.core.errors import DataError
from danlu.core.language import Text
from danlu.corpus.measures.batch import Array
from danlu.corpus.settings import DuplicateSettings

BYTES_EACH = 20  # measured on 14 MB of English; divsufsort takes 5 of them, the common prefixes 8
SEPARATOR = b"\xff"  # in no UTF-8 text


def check_memory(num_bytes: int, settings: DuplicateSettings) -> None:
    """Raises DataError when the suffix array of so many bytes would take more than the settings allow."""
    needed = num_bytes * BYTES_EACH // 2**20
    if needed > settings.substring_memory or num_bytes >= 2**31:
        raise DataError(
            Text("repeated substrings need {needed} MB of memory", "重复子串去重需要 {needed} MB 内存"),
            got=Text("{size} MB of text", "{size} MB 文本"),
            allowed=Text(
                "{most} MB of memory, {each} bytes for each byte of text, and less than 2 GB of text",
                "{most} MB 内存（每字节文本占 {each} 字节），且文本小于 2 GB",
            ),
            fix=Text(
                "raise corpus.duplicates.substring_memory, or take corpus.duplicates.pieces=lines, which needs no such memory",
                "请增大 corpus.duplicates.substring_memory，或改用不占此内存的 corpus.duplicates.pieces=lines",
            ),
            needed=needed,
            size=num_bytes // 2**20,
            most=settings.substring_memory,
            each=BYTES_EACH,
        )


def repeated_ranges(columns: Iterable[pa.Array], kept_D: Array, least: int) -> dict[int, list[int]]:
    """For documents with repeated strings of `least` bytes: `[start, end, start, end, ...]` in bytes of their text."""
    parts, places, starts = [], [], []
    document = start = 0
    for column in columns:
        for text in column:
            if kept_D[document]:
                data = text.as_buffer().to_pybytes()
                parts += [data, SEPARATOR]
                places.append(document)
                starts.append(start)
                start += len(data) + 1
            document += 1
    whole = np.frombuffer(bytearray().join(parts), np.uint8)  # a bytearray, for the library wants to be able to write
    del parts
    return _by_document(whole, _repeated(whole, least), np.array(places), np.array(starts), least)


def _repeated(whole: Array, least: int) -> Array:
    """The places where a string of `least` bytes begins that began before too, in order."""
    import pydivsufsort

    if whole.size <= least:
        return np.zeros(0, np.int64)
    fits = np.ones(whole.size, bool)  # places whose `least` bytes lie in one document
    for end in np.flatnonzero(whole == SEPARATOR[0]).tolist():
        fits[max(0, end - least + 1) : end + 1] = False
    suffixes = np.asarray(pydivsufsort.divsufsort(whole))
    # Entry i: the common bytes of suffix i and suffix i + 1 in the order of suffixes.
    alike = np.asarray(pydivsufsort.kasai(whole, suffixes))[:-1] >= least
    alike &= fits[suffixes[:-1]]
    inside = np.zeros(whole.size, bool)
    inside[:-1] |= alike
    inside[1:] |= alike
    chosen = np.flatnonzero(inside)
    fresh = np.append(True, ~alike)[chosen]
    found: Array = suffixes[chosen].astype(np.int64)
    if not found.size:
        return found
    runs = np.flatnonzero(fresh)
    firsts = np.repeat(np.minimum.reduceat(found, runs), np.diff(np.append(runs, found.size)))
    again: Array = np.sort(found[found != firsts])
    return again


def _by_document(whole: Array, begins: Array, places: Array, starts: Array, least: int) -> dict[int, list[int]]:
    if not begins.size:
        return {}
    gaps = np.flatnonzero(np.diff(begins) > least)
    lows, highs = begins[np.append(0, gaps + 1)], begins[np.append(gaps, begins.size - 1)] + least
    found: dict[int, list[int]] = {}
    for low, high in zip(lows.tolist(), highs.tolist(), strict=True):
        row = int(np.searchsorted(starts, low, "right")) - 1
        first, last = low, high
        while first < last and whole[first] & 0xC0 == 0x80:  # a range may begin and end within a character
            first += 1
        while last > first and whole[last] & 0xC0 == 0x80:
            last -= 1
        if first < last:
            found.setdefault(int(places[row]), []).extend([first - int(starts[row]), last - int(starts[row])])
    return found
