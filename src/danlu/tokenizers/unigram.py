"""Kind `unigram`: each piece has a probability, and a text is written as its likeliest row of pieces (Kudo 2018).

Kudo, "Subword Regularization", arXiv:1804.10959, section 3.2; learnt by the `tokenizers` library: pieces that recur,
then rounds of expectation-maximisation that drop a quarter of them until the size is met. Unlike SentencePiece's, spaces
stay spaces (no U+2581 in their place, no blank put in front, no normalisation), pieces stay inside the cuts of
pretokenize.py, and characters without a piece become the 256 bytes, so that every text comes back.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer as LibraryTokenizer
from tokenizers.decoders import ByteFallback, Fuse
from tokenizers.decoders import Sequence as Decoders
from tokenizers.models import Unigram
from tokenizers.trainers import UnigramTrainer

from danlu.tokenizers.byte_tokens import BYTE_NAMES
from danlu.tokenizers.pretokenize import PRE_TOKENIZER, character_pre_tokenizer
from danlu.tokenizers.sampling import Documents, count_characters, take_sample
from danlu.tokenizers.tokenizer import Tokenizer, TokenizerSettings, control_entries
from danlu.tokenizers.vocabulary import (
    NUM_BYTES,
    auto_vocab_size,
    check_control_names,
    check_vocab_size,
    frequent_wide_characters,
)

# Scores are whole multiples of this, so that sums of them are exact: a tie falls the same way wherever a text is cut,
# and the order in which threads add up (differences of 1e-14 between runs) leaves no trace.
SCORE_STEP = 2.0**-16
LONGEST_PIECE = 16  # characters; as SentencePiece
SAMPLE_BYTES = 2_000_000


class ScoredPiece(NamedTuple):
    """A piece and the logarithm of its probability."""

    piece: str
    score: float


def train(documents: Documents, settings: TokenizerSettings) -> Tokenizer:
    """Pieces learnt from a sample of `documents`; equal input gives equal bytes, whatever the number of threads.

    Raises UsageError for a size that leaves no room beside 256 bytes and the control tokens.
    """
    check_vocab_size(settings.vocab_size, len(settings.control_tokens))
    check_control_names(settings.control_tokens)
    sample = take_sample(documents, settings.sample_bytes)
    learnt_from = take_sample(lambda: iter(sample.texts), SAMPLE_BYTES)
    counts = count_characters(learnt_from.texts)
    if settings.vocab_size == "auto":
        wide = frequent_wide_characters(counts)
        target = auto_vocab_size(sample.total_bytes, settings.num_parameters, num_wide_characters=wide)
    else:
        target = settings.vocab_size
    room = target - NUM_BYTES - len(settings.control_tokens)
    alphabet = common_characters(counts, room, settings.min_frequency)
    pieces = _learn(learnt_from.texts, alphabet, room) if len(alphabet) else []
    facts = {
        "pre_tokenizer": PRE_TOKENIZER,
        "requested_vocab_size": settings.vocab_size,
        "target_vocab_size": target,
        "sampled_bytes": learnt_from.num_bytes,
    }
    return Tokenizer(unigram_library(pieces, settings.control_tokens), "unigram", facts)


def unigram_library(pieces: Iterable[ScoredPiece], control_tokens: Sequence[str]) -> LibraryTokenizer:
    """A tokenizer of the library: control tokens, the 256 bytes, then `pieces` by falling score.

    Names of control tokens and bytes are cut by the pattern, so no text finds them.
    """
    exact = [ScoredPiece(piece, round(score / SCORE_STEP) * SCORE_STEP) for piece, score in pieces]
    exact.sort(key=lambda one: (-one.score, one.piece))
    least = min((one.score for one in exact), default=0.0)
    fixed = [ScoredPiece(name, least) for name in (*control_tokens, *BYTE_NAMES)]
    # The library wants an entry for what is unknown; with all bytes there, it never comes.
    library = LibraryTokenizer(Unigram([*fixed, *exact], unk_id=0, byte_fallback=True))
    library.pre_tokenizer = character_pre_tokenizer()
    library.decoder = Decoders([ByteFallback(), Fuse()])
    library.add_special_tokens(control_entries(control_tokens))
    return library


def common_characters(counts: npt.NDArray[np.int64], room: int, min_frequency: int) -> npt.NDArray[np.int64]:
    """Code points that get an entry: seen `min_frequency` times, at most half of the `room`; rising.

    `counts` [0x110000]: occurrences.
    """
    common = np.flatnonzero(counts >= min_frequency)
    return np.sort(common[np.argsort(-counts[common], kind="stable")][: max(0, room // 2)])


def parts_of(texts: Iterable[str], alphabet: npt.NDArray[np.int64]) -> Iterator[str]:
    """`texts` cut at characters outside of `alphabet`, which are left out."""
    kept = set(map(chr, alphabet.tolist()))
    for text in texts:
        rare = set(text) - kept
        yield from text.translate(dict.fromkeys(map(ord, rare), "\0")).split("\0") if rare else [text]


def _learn(texts: Sequence[str], alphabet: npt.NDArray[np.int64], room: int) -> list[ScoredPiece]:
    library = LibraryTokenizer(Unigram())
    library.pre_tokenizer = character_pre_tokenizer()
    trainer = UnigramTrainer(vocab_size=room, max_piece_length=LONGEST_PIECE, show_progress=False)
    library.train_from_iterator(parts_of(texts, alphabet), trainer)
    learnt = json.loads(library.to_str())["model"]["vocab"]  # the library tells scores nowhere else
    return [ScoredPiece(piece, score) for piece, score in learnt]
