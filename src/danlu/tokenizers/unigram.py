"""Kind `unigram`: each piece has a probability, and a text is written as its likeliest row of pieces (Kudo 2018).

Kudo, "Subword Regularization", arXiv:1804.10959, section 3.2; unigram_learning.py tells how pieces are learnt. Unlike
SentencePiece's, spaces stay spaces (no U+2581 in their place, no blank put in front, no normalisation), pieces stay
inside the cuts of pretokenize.py, and characters without a piece become the 256 bytes, so that every text comes back.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer as LibraryTokenizer
from tokenizers.decoders import ByteFallback, Fuse
from tokenizers.decoders import Sequence as Decoders
from tokenizers.models import Unigram

from danlu.tokenizers.byte_tokens import BYTE_NAMES
from danlu.tokenizers.pretokenize import PRE_TOKENIZER, character_pre_tokenizer
from danlu.tokenizers.rewriting import check_kind_of_rewrites
from danlu.tokenizers.sampling import Documents, count_characters, take_sample
from danlu.tokenizers.tokenizer import Tokenizer, TokenizerSettings, control_entries
from danlu.tokenizers.unigram_learning import SCORE_STEP, ScoredPiece, learn_pieces
from danlu.tokenizers.vocabulary import (
    AUTO_MIN_FREQUENCY,
    NUM_BYTES,
    auto_vocab_size,
    check_control_names,
    check_vocab_size,
    frequent_wide_characters,
)

# Of 4.5 MB of Chinese manuals, 2 MB take 3.7 s and 130 MB of memory. More text hardly changes so small a vocabulary.
SAMPLE_BYTES = 2_000_000


def train(documents: Documents, settings: TokenizerSettings) -> Tokenizer:
    """Pieces learnt from a sample of `documents`; equal input gives equal bytes, whatever the number of threads.

    Raises UsageError for a size that leaves no room beside 256 bytes and the control tokens.
    """
    check_kind_of_rewrites(settings.kind, settings.rewrites)
    check_vocab_size(settings.vocab_size, len(settings.control_tokens))
    check_control_names(settings.control_tokens)
    sample = take_sample(documents, settings.sample_bytes)
    learnt_from = take_sample(lambda: iter(sample.texts), SAMPLE_BYTES)
    counts = count_characters(learnt_from.texts)
    min_frequency = settings.min_frequency
    if settings.vocab_size == "auto":
        min_frequency = max(min_frequency, AUTO_MIN_FREQUENCY)
        wide = frequent_wide_characters(counts)
        target = auto_vocab_size(sample.total_bytes, settings.num_parameters, num_wide_characters=wide)
    else:
        target = settings.vocab_size
    room = target - NUM_BYTES - len(settings.control_tokens)
    alphabet = common_characters(counts, room, settings.min_frequency)
    pieces = learn_pieces(learnt_from.texts, alphabet, room, min_frequency) if len(alphabet) else []
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
