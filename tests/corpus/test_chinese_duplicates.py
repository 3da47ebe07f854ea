"""What others get wrong about Chinese duplicates, each as a test."""

import numpy as np

from danlu.corpus.measures.batch import TextBatch
from danlu.corpus.settings import DuplicateSettings
from danlu.corpus.signatures import signatures
from planted_pairs import clusters_of

SETTINGS = DuplicateSettings()


def twins(texts: list[str]) -> list[int]:
    rows = signatures(TextBatch(texts), SETTINGS)
    found = clusters_of(rows, num_bands=SETTINGS.num_bands, similarity=SETTINGS.similarity)
    return found.twin_D.tolist()


def test_a_chinese_text_without_spaces_has_a_signature() -> None:
    """Case 7: split at spaces it has fewer words than an n-gram, and the smallest of no hashes is an error."""
    one = "春眠不觉晓，处处闻啼鸟。夜来风雨声，花落知多少。"
    other = "白日依山尽，黄河入海流。欲穷千里目，更上一层楼。"
    rows = signatures(TextBatch([one, other, "好"]), SETTINGS)
    assert (rows != 0).any(axis=1).all()
    assert (rows[0] != rows[1]).mean() > 0.9
    assert twins([one, other, one.replace("，", "、")]) == [-1, -1, 0]


def test_documents_shorter_than_an_ngram_are_signed_and_compared() -> None:
    """Case 8: documents shorter than an n-gram got no signature, so that they were never found."""
    assert twins(["好的。", "好的！", "谢谢", "hello there", "Hello there!", "谢谢。"]) == [-1, 0, -1, -1, 3, 2]


def test_chinese_ngrams_are_characters_and_not_whole_clauses() -> None:
    """Case 8: split for English, a clause is one word, and one changed character makes the texts strangers."""
    characters = [chr(0x4E00 + 7919 * place % 6000) for place in range(600)]
    changed = characters.copy()
    changed[100::200] = "新新新"
    clauses = ["，".join("".join(text[at : at + 50]) for at in range(0, 600, 50)) for text in (characters, changed)]
    assert twins(clauses) == [-1, 0]


def test_a_text_without_letters_doubles_nothing() -> None:
    rows = signatures(TextBatch(["", "……——！！", "。"]), SETTINGS)
    assert not np.any(rows)
