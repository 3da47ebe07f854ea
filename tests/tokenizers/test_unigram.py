"""Kind `unigram`: the likeliest pieces, and how they are learnt."""

import json
import math
import os
import subprocess
import sys

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from danlu.tokenizers.tokenizer import Tokenizer, TokenizerSettings
from danlu.tokenizers.unigram import train, unigram_library
from danlu.tokenizers.unigram_learning import SCORE_STEP, ScoredPiece, learn_pieces

TEXT = "the furnace burns and this furnace burned; 炼丹炉里的火燃烧着，炼丹炉很热。\n" * 30


def of(**scores: float) -> Tokenizer:
    pieces = [ScoredPiece(piece, score) for piece, score in scores.items()]
    return Tokenizer(unigram_library(pieces, ("<|bos|>",)), "unigram")


def pieces(tokenizer: Tokenizer, text: str) -> list[str]:
    return [tokenizer.token_bytes(number).decode() for number in tokenizer.encode(text)]


def test_the_likeliest_row_of_pieces_is_taken() -> None:
    assert pieces(of(a=-2.0, b=-2.0, ab=-3.0, abc=-9.0, c=-1.0), "abc") == ["ab", "c"]
    assert pieces(of(a=-2.0, b=-2.0, ab=-3.0, abc=-3.5, c=-1.0), "abc") == ["abc"]


def test_names_of_bytes_and_control_tokens_are_text() -> None:
    tokenizer = of(a=-2.0)
    for text in ("<0x41>", "<|bos|>", "a<0xE5>a"):
        assert tokenizer.decode(tokenizer.encode(text)) == text
        assert tokenizer.control_ids().isdisjoint(tokenizer.encode(text))


@given(text=st.text(alphabet="中文字符丹炉", max_size=60))
def test_a_text_cut_at_seams_has_the_ids_of_the_whole(text: str) -> None:
    scores = {"中": -3.0, "文": -3.0, "字": -3.1, "符": -2.9, "中文": -6.0, "文字": -6.1, "字符": -6.0, "文字符": -9.0}
    tokenizer = of(**scores)
    assert tokenizer.encode(text) == tokenizer.library.encode(text).ids


def test_words_of_a_text_become_pieces() -> None:
    tokenizer = train(lambda: iter([TEXT]), TokenizerSettings(kind="unigram", vocab_size=330))
    assert tokenizer.vocab_size <= 330
    assert pieces(tokenizer, " and this furnace") == [" and", " this", " furnace"]
    assert any("炼丹炉" in piece for piece in pieces(tokenizer, " 炼丹炉里的火燃烧着"))


def test_scores_are_logarithms_of_shares_and_exact_in_binary() -> None:
    tokenizer = train(lambda: iter([TEXT]), TokenizerSettings(kind="unigram", vocab_size=330))
    learnt = json.loads(tokenizer.library.to_str())["model"]["vocab"][257:]
    scores = np.array([score for _, score in learnt])
    assert (scores / SCORE_STEP == np.round(scores / SCORE_STEP)).all()
    assert (np.diff(scores) <= 0).all()
    assert 0.9 < float(np.exp(scores).sum()) < 1.1


def test_counts_of_words_decide_and_not_counts_of_different_words() -> None:
    # "xyz" is one word that occurs a thousand times; it must be a piece beside a hundred words that occur once
    rare = " ".join(f"q{chr(97 + i % 26)}{chr(97 + i // 26)}w" for i in range(100))
    alphabet = np.array(sorted({ord(character) for character in rare + " xyz"}), dtype=np.int64)
    learnt = {one.piece: one.score for one in learn_pieces(["xyz\n" * 1000 + rare], alphabet, 40, 2)}
    assert max((piece for piece in learnt if len(piece) > 1), key=lambda piece: learnt[piece]) == "xyz"
    assert math.isclose(learnt["xyz"], max(learnt.values()))


def test_every_character_keeps_its_piece() -> None:
    alphabet = np.array([ord(character) for character in "abc"], dtype=np.int64)
    assert {one.piece for one in learn_pieces(["abcabc zzz" * 20], alphabet, 3, 2)} == {"a", "b", "c"}


def test_nothing_to_learn_from_gives_bytes() -> None:
    tokenizer = train(lambda: iter([]), TokenizerSettings(kind="unigram"))
    assert tokenizer.vocab_size == 257
    assert tokenizer.decode(tokenizer.encode("火 fire")) == "火 fire"


def test_other_processes_and_threads_give_the_same_bytes() -> None:
    code = (
        "from danlu.tokenizers.unigram import train; from danlu.tokenizers.tokenizer import TokenizerSettings\n"
        f"t = train(lambda: iter([{TEXT!r}]), TokenizerSettings(kind='unigram', vocab_size=340))\n"
        "print(t.library.to_str())"
    )
    results = set()
    for threads in "12":
        environment = {**os.environ, "RAYON_NUM_THREADS": threads, "PYTHONHASHSEED": threads}
        ran = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True)
        results.add(ran.stdout)
    assert len(results) == 1
