"""Kind `char`: one id per character, with the 256 bytes for characters that the vocabulary leaves out.

Saved as a BPE model without merges and with byte fallback. The literal text `<0x41>` is six characters and comes back
as such: only single characters and bytes are entries, and the decoder joins runs of byte entries alone.
"""

from collections.abc import Sequence

import numpy as np
from tokenizers import Tokenizer as LibraryTokenizer
from tokenizers.decoders import ByteFallback, Fuse
from tokenizers.decoders import Sequence as Decoders
from tokenizers.models import BPE

from danlu.tokenizers.byte_tokens import BYTE_NAMES
from danlu.tokenizers.rewriting import check_kind_of_rewrites
from danlu.tokenizers.sampling import Documents, count_characters, take_sample
from danlu.tokenizers.tokenizer import Tokenizer, TokenizerSettings, control_entries
from danlu.tokenizers.vocabulary import LARGEST, NUM_BYTES, check_vocab_size


def train(documents: Documents, settings: TokenizerSettings) -> Tokenizer:
    """The most frequent characters of a sample of `documents` (ties by code point), as many as fit.

    `vocab_size` "auto" takes every character seen `min_frequency` times or more, up to 16,384 entries.
    Raises UsageError for a size below 257.
    """
    num_control = len(settings.control_tokens)
    check_kind_of_rewrites(settings.kind, settings.rewrites)
    check_vocab_size(settings.vocab_size, num_control)
    target = LARGEST if settings.vocab_size == "auto" else settings.vocab_size
    sample = take_sample(documents, settings.sample_bytes)
    counts = count_characters(sample.texts)
    common = np.flatnonzero(counts >= settings.min_frequency)
    common = common[np.argsort(-counts[common], kind="stable")][: target - num_control - NUM_BYTES]
    facts = {
        "requested_vocab_size": settings.vocab_size,
        "sampled_bytes": sample.num_bytes,
        "covered": round(float(counts[common].sum() / max(1, counts.sum())), 6),
    }
    if settings.vocab_size != "auto":
        facts["target_vocab_size"] = target
    characters = [chr(point) for point in sorted(common.tolist())]
    return Tokenizer(character_library(characters, settings.control_tokens), "char", facts)


def character_library(characters: Sequence[str], control_tokens: Sequence[str]) -> LibraryTokenizer:
    """A tokenizer of the library with control tokens, the 256 bytes and `characters`, in this order."""
    entries = [*control_tokens, *BYTE_NAMES, *characters]
    vocabulary = {entry: number for number, entry in enumerate(entries)}
    library = LibraryTokenizer(BPE(vocab=vocabulary, merges=[], byte_fallback=True))
    library.decoder = Decoders([ByteFallback(), Fuse()])
    library.add_special_tokens(control_entries(control_tokens))
    return library
