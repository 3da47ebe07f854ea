"""Pairs of texts with a planted similarity, in English and Chinese, and who finds them: danlu or datasketch."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from danlu.corpus.duplicates import Clusters, SignatureFile, band_records, near_clusters
from danlu.corpus.measures.batch import TextBatch
from danlu.corpus.settings import DuplicateSettings
from danlu.corpus.signatures import signatures
from danlu.corpus.sorted_keys import SortedKeys

Signatures = NDArray[np.uint32]
Tongue = Literal["en", "zh"]
TONGUES: tuple[Tongue, ...] = ("en", "zh")
UNITS = 250
BATCH = 1000
NGRAM = {"en": 5, "zh": 8}  # as in DuplicateSettings: words and characters
SIMILARITIES = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)


@dataclass(frozen=True, kw_only=True)
class PlantedPair:
    """Two texts and the exact Jaccard of their n-grams."""

    one: str
    other: str
    jaccard: float


def ngrams(text: str, tongue: Tongue) -> frozenset[str]:
    """The n-grams that the settings speak of: of words split at spaces, or of characters."""
    units = text.split(" ") if tongue == "en" else list(text)
    size = NGRAM[tongue]
    return frozenset(" ".join(units[start : start + size]) for start in range(max(1, len(units) - size + 1)))


def planted_pairs(tongue: Tongue, count: int, *, seed: int = 0) -> list[PlantedPair]:
    """`count` pairs for each of SIMILARITIES: units in random places are replaced until the Jaccard is reached."""
    stream = np.random.default_rng([seed, ord(tongue[0])])
    return [_pair(stream, tongue, wanted) for wanted in SIMILARITIES for _ in range(count)]


def _pair(stream: np.random.Generator, tongue: Tongue, wanted: float) -> PlantedPair:
    base = stream.integers(0, 5000, UNITS)
    one = _text(base, tongue)
    changed = base.copy()
    # Only distinct n-grams count, and those of this size hardly repeat: a replaced unit takes up to n of them.
    lost_target = (1 - wanted) / (1 + wanted) * (UNITS - NGRAM[tongue] + 1)
    lost = np.zeros(UNITS, bool)
    for place in stream.permutation(UNITS):
        if lost.sum() >= lost_target:
            break
        changed[place] = stream.integers(5000, 9000)
        lost[max(0, place - NGRAM[tongue] + 1) : place + 1] = True
    other = _text(changed, tongue)
    grams = ngrams(one, tongue), ngrams(other, tongue)
    return PlantedPair(one=one, other=other, jaccard=len(grams[0] & grams[1]) / len(grams[0] | grams[1]))


def _text(units: "np.ndarray[tuple[int], np.dtype[np.int64]]", tongue: Tongue) -> str:
    if tongue == "en":
        return " ".join(f"w{unit}" for unit in units)
    return "".join(chr(0x4E00 + int(unit)) for unit in units)


@dataclass(frozen=True, kw_only=True)
class Quality:
    """Shares in percent: of the true twins found, and of those found that are true."""

    recall: float
    precision: float


def quality(found: list[bool], pairs: list[PlantedPair], similarity: float) -> Quality:
    """Of what was `found` among the pairs, whose true twins have at least `similarity`."""
    true = [pair.jaccard >= similarity for pair in pairs]
    both = sum(a and b for a, b in zip(found, true, strict=True))
    return Quality(recall=100 * both / sum(true), precision=100 * both / max(1, sum(found)))


def clusters_of(signatures_DH: Signatures, *, num_bands: int, similarity: float) -> Clusters:
    """Near duplicates among some signatures, by way of files as in a build."""
    count, num_hashes = signatures_DH.shape
    with TemporaryDirectory() as name:
        keys = SortedKeys(Path(name), width=2, expected=num_bands * count)
        keys.add(band_records(signatures_DH, np.arange(count), num_bands))
        rows = SignatureFile(Path(name) / "signatures", num_hashes)
        rows.add(signatures_DH)
        rows.end_adding()
        found = near_clusters(keys, rows, count, similarity=similarity)
        rows.delete()
    return found


def found_here(pairs: list[PlantedPair], settings: DuplicateSettings, similarity: float) -> list[bool]:
    """Which pairs the corpus build takes for twins; all texts are compared with all."""
    texts = [text for pair in pairs for text in (pair.one, pair.other)]
    rows_DH = np.concatenate(
        [signatures(TextBatch(texts[at : at + BATCH]), settings) for at in range(0, len(texts), BATCH)]
    )
    clusters = clusters_of(rows_DH, num_bands=settings.num_bands, similarity=similarity)
    return (clusters.twin_D[1::2] == np.arange(0, len(texts), 2)).tolist()


def found_by_datasketch(
    pairs: list[PlantedPair], tongue: Tongue, settings: DuplicateSettings, similarity: float
) -> list[bool]:
    """Which pairs datasketch takes for twins, with the same number of bands and rows."""
    from datasketch import MinHash, MinHashLSH

    num_hashes = settings.num_bands * settings.band_rows
    index = MinHashLSH(num_perm=num_hashes, params=(settings.num_bands, settings.band_rows))
    made = []
    for number, pair in enumerate(pairs):
        both = []
        for text in (pair.one, pair.other):
            sketch = MinHash(num_perm=num_hashes)
            sketch.update_batch([gram.encode() for gram in ngrams(text, tongue)])
            both.append(sketch)
        index.insert(number, both[0])
        made.append(both)
    return [
        number in index.query(other) and one.jaccard(other) >= similarity for number, (one, other) in enumerate(made)
    ]
