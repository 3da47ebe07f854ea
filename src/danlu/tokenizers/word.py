"""Kind `word`: entries are the words of the text; what is no word becomes shorter words, characters and bytes.

Words are learnt by cutting Chinese with rjieba (the dictionary and hidden Markov model of jieba) and other scripts by
the pattern of pretokenize.py, with the space in front as part of the word. A text is then written as its likeliest row
of words, which is jieba's own way through its dictionary (github.com/fxsjy/jieba, "Algorithm"), with the frequencies
of the text at hand in place of jieba's; so one `tokenizer.json` says everything. At 8,192 entries 99 % of rjieba's
boundaries in held-out Chinese are found; of the boundaries set, 95 % are rjieba's in manuals and 77 % in Lu Xun, whose
rarer words have no entry and become characters. A word of the text is likelier than
any row of its parts, so a known word is never cut by itself. Every text comes back, unless `rewrites` change it first.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from danlu.corpus.measures.word_splitting import HAN, split_han
from danlu.tokenizers.cutting import Cutter
from danlu.tokenizers.pretokenize import PRE_TOKENIZER
from danlu.tokenizers.rewriting import ORDER, rewrite
from danlu.tokenizers.sampling import Documents, count_characters, take_sample
from danlu.tokenizers.tokenizer import Tokenizer, TokenizerSettings
from danlu.tokenizers.unigram import common_characters, unigram_library
from danlu.tokenizers.unigram_learning import SCORE_STEP, ScoredPiece
from danlu.tokenizers.vocabulary import (
    AUTO_MIN_FREQUENCY,
    NUM_BYTES,
    auto_vocab_size,
    check_control_names,
    check_vocab_size,
    frequent_wide_characters,
)

LONGEST_WORD = 32  # characters; longer runs of letters are addresses and rules of dashes
# Inside one piece of the pattern: Han characters, then letters with the space in front, then whatever is neither.
_PARTS = re.compile(rf"{HAN.pattern}| ?[^\W\d_{HAN.pattern[1:-2]}]+|.", re.DOTALL)


def train(documents: Documents, settings: TokenizerSettings) -> Tokenizer:
    """The most frequent characters and words of a sample of `documents`; equal input gives equal bytes.

    Raises UsageError for a size that leaves no room beside 256 bytes and the control tokens.
    """
    check_vocab_size(settings.vocab_size, len(settings.control_tokens))
    check_control_names(settings.control_tokens)
    sample = take_sample(documents, settings.sample_bytes)
    texts = tuple(rewrite(text, settings.rewrites) for text in sample.texts) if settings.rewrites else sample.texts
    counts = count_characters(texts)
    min_frequency = settings.min_frequency
    if settings.vocab_size == "auto":
        min_frequency = max(min_frequency, AUTO_MIN_FREQUENCY)
        wide = frequent_wide_characters(counts)
        target = auto_vocab_size(sample.total_bytes, settings.num_parameters, num_wide_characters=wide)
    else:
        target = settings.vocab_size
    room = target - NUM_BYTES - len(settings.control_tokens)
    words = count_words(texts)
    often = [word for word, count in words.items() if len(word) > 1 and count >= min_frequency]
    often.sort(key=lambda word: (-words[word], word))
    # characters take half of the room, and what words leave of it
    for_characters = max(room // 2, room - len(often))
    alphabet = list(map(chr, common_characters(counts, 2 * for_characters, settings.min_frequency).tolist()))
    entries = [*alphabet, *often[: room - len(alphabet)]]
    facts: dict[str, Any] = {
        "pre_tokenizer": PRE_TOKENIZER,
        "requested_vocab_size": settings.vocab_size,
        "target_vocab_size": target,
        "sampled_bytes": sample.num_bytes,
        "covered": round(_share(entries, words), 6),
    }
    if settings.rewrites:
        facts["rewrites"] = [name for name in ORDER if name in settings.rewrites]
    return Tokenizer(unigram_library(score_words(entries, words), settings.control_tokens), "word", facts)


def count_words(texts: Iterable[str]) -> Counter[str]:
    """How often each word occurs; words longer than 32 characters are left out."""
    cutter, pieces, words = Cutter(), Counter[str](), Counter[str]()
    for text in texts:
        pieces.update(cutter.cut(text))
    for piece, count in pieces.items():
        for word in _words_of(piece):
            words[word] += count
    return words


def score_words(entries: Iterable[str], counts: Mapping[str, int]) -> list[ScoredPiece]:
    """Entries with the logarithms of their shares, raised where a row of shorter entries would be likelier.

    Single characters that never stand alone count once (jieba gives what it does not know the count 1).
    """
    entries = sorted(entries, key=lambda entry: (len(entry), entry))
    total = sum(max(1, counts.get(entry, 0)) for entry in entries)
    scores: dict[str, float] = {}
    for entry in entries:
        share = math.log(max(1, counts.get(entry, 0)) / total)
        scores[entry] = max(round(share / SCORE_STEP) * SCORE_STEP, _best_row(entry, scores) + SCORE_STEP)
    return [ScoredPiece(entry, score) for entry, score in scores.items()]


def _best_row(word: str, scores: Mapping[str, float]) -> float:
    """The score of the likeliest row of `word`'s parts; minus infinity where a character has no entry."""
    best = [0.0, *[-math.inf] * len(word)]
    for end in range(1, len(word) + 1):
        for begin in range(end):
            score = scores.get(word[begin:end])
            if score is not None and best[begin] + score > best[end]:
                best[end] = best[begin] + score
    return best[-1]


def _words_of(piece: str) -> Iterator[str]:
    """The words of one piece of the pattern. Without letters it is a word (marks, blanks); so are endings such as `'s`."""
    if not any(map(str.isalpha, piece)) or piece[0] == "'":
        yield from [piece] if len(piece) <= LONGEST_WORD else []
        return
    for part in _PARTS.findall(piece):
        if HAN.match(part):
            yield from split_han(part)
        elif len(part) <= LONGEST_WORD:
            yield part


def _share(entries: Iterable[str], counts: Mapping[str, int]) -> float:
    """The share of the words of the text that have an entry."""
    known = np.array([counts.get(entry, 0) for entry in entries], dtype=np.int64)
    return float(known.sum() / max(1, sum(counts.values())))
