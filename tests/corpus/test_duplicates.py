"""Duplicates: equal texts, near ones in both scripts, clusters that do not depend on the order of the edges."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from danlu.corpus.duplicates import digest_records, exact_clusters, text_digest
from danlu.corpus.measures.batch import TextBatch
from danlu.corpus.settings import DuplicateSettings
from danlu.corpus.signatures import signatures
from danlu.corpus.sorted_keys import SortedKeys
from danlu.corpus.union_find import UnionFind
from planted_pairs import clusters_of

SETTINGS = DuplicateSettings()


def near(texts: list[str], similarity: float = 0.7) -> tuple[list[int], list[int]]:
    rows = signatures(TextBatch(texts), SETTINGS)
    found = clusters_of(rows, num_bands=SETTINGS.num_bands, similarity=similarity)
    return found.first_D.tolist(), found.twin_D.tolist()


@given(
    documents=st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=12),
    expected=st.sampled_from([0, 10**7]),
)
def test_exact_duplicates_are_what_plain_counting_gives(documents: list[tuple[str, bool]], expected: int) -> None:
    texts, valid = [text for text, _ in documents], np.array([it for _, it in documents], bool)
    digests = np.frombuffer(b"".join(map(text_digest, texts)), np.uint64).reshape(-1, 2)
    with TemporaryDirectory() as name:
        keys = SortedKeys(Path(name), width=3, expected=expected)
        keys.add(digest_records(digests, np.arange(len(texts))))
        exact = exact_clusters(keys, valid)
    seen = []
    for place, text in enumerate(texts):
        same = [other for other in range(len(texts)) if texts[other] == text and not valid[other]]
        first = place if valid[place] else same[0]
        assert exact.clusters.first_D[place] == first
        assert exact.clusters.twin_D[place] == (first if first != place else -1)
        seen += same[:1] if valid[place] else []
    assert sorted(exact.seen_V.tolist()) == sorted(seen)


@given(st.lists(st.tuples(st.integers(0, 14), st.integers(0, 14)), max_size=30), st.integers(1, 5))
def test_components_do_not_depend_on_the_portions(pairs: list[tuple[int, int]], portion: int) -> None:
    forest, one_by_one = UnionFind(15), UnionFind(15)
    for start in range(0, len(pairs), portion):
        left, right = np.array(pairs[start : start + portion]).T
        forest.join(left, right)
    for a, b in reversed(pairs):
        one_by_one.join(np.array([b]), np.array([a]))
    label = list(range(15))
    for _ in range(15):
        for a, b in pairs:
            label = [min(label[a], label[b]) if it in (label[a], label[b]) else it for it in label]
    assert forest.first_D().tolist() == one_by_one.first_D().tolist() == label


def test_near_duplicates_in_chinese_and_english() -> None:
    zh = "".join(chr(0x4E00 + (7919 * i) % 6000) for i in range(400))
    en = " ".join(f"word{(7919 * i) % 1000}" for i in range(300))
    texts = [zh, zh[:200] + "新" + zh[200:], en, en.replace("word5 ", "changed "), zh[::-1], ""]
    first, twin = near(texts)
    assert first == [0, 0, 2, 2, 4, 5]
    assert twin == [-1, 0, -1, 2, -1, -1]


def test_short_documents_have_twins_too() -> None:
    first, twin = near(["你好。", "你好！", "hello", "Hello?", "再见"])
    assert first == [0, 0, 2, 2, 4]
    assert twin == [-1, 0, -1, 2, -1]


def test_the_estimate_is_near_the_true_similarity() -> None:
    rng = np.random.default_rng(1)
    for share in (0.2, 0.5, 0.8):
        common = [f"w{number}" for number in rng.integers(0, 10**9, 400)]
        kept = int(len(common) * share)
        one = " ".join(common)
        other = " ".join(common[:kept] + [f"v{number}" for number in range(len(common) - kept)])
        made = signatures(TextBatch([one, other]), DuplicateSettings(num_bands=32, band_rows=32))
        grams = [{tuple(t.split()[i : i + 5]) for i in range(396)} for t in (one, other)]
        true = len(grams[0] & grams[1]) / len(grams[0] | grams[1])
        assert abs(float((made[0] == made[1]).mean()) - true) < 0.06


def test_a_signature_does_not_depend_on_the_batch() -> None:
    texts = ["第一篇文档写的是这些内容。", "", "The second document is in English.", "三"]
    together = signatures(TextBatch(texts), SETTINGS)
    for place, text in enumerate(texts):
        assert np.array_equal(signatures(TextBatch([text]), SETTINGS)[0], together[place])


def test_a_chain_is_one_cluster_yet_its_ends_both_stay() -> None:
    rows = np.zeros((3, 8), np.uint32)
    rows[0] = [1, 1, 1, 1, 1, 1, 9, 9]
    rows[1] = [1, 1, 1, 1, 2, 2, 2, 2]
    rows[2] = [3, 3, 3, 3, 2, 2, 2, 2]
    found = clusters_of(rows, num_bands=2, similarity=0.6)
    assert found.first_D.tolist() == [0, 0, 0]
    assert found.twin_D.tolist() == [-1, -1, -1]
    found = clusters_of(rows, num_bands=2, similarity=0.5)
    assert found.first_D.tolist() == [0, 0, 0]
    assert found.twin_D.tolist() == [-1, 0, -1]
    found = clusters_of(rows, num_bands=1, similarity=0.5)
    assert found.first_D.tolist() == [0, 1, 2]
