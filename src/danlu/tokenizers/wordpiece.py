"""Kind `wordpiece`: BERT's entries and its longest match first (Devlin et al. 2019, arXiv:1810.04805, section 3).

The algorithm is BERT's (google-research/bert, tokenization.py): words are cut, each Han character is a word of its own,
an entry inside a word is written `##entry`, and the longest entry that fits is taken. Where BERT loses text, this kind
does not: spaces belong to the word behind them instead of being dropped, nothing is lower-cased, and what has no entry
becomes its UTF-8 bytes (each of the 256 exists at the start of a word and, with `##`, inside one) instead of `[UNK]`.
Bytes are spelled by the printable stand-ins of GPT-2. `#` is a word of its own, so that no text reads like `##entry`.

Entries are learnt as in the `tokenizers` library: the most frequent pairs are merged. They hold whole characters.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
from tokenizers import Regex
from tokenizers import Tokenizer as LibraryTokenizer
from tokenizers.decoders import ByteLevel as ByteLevelDecoder
from tokenizers.decoders import Replace
from tokenizers.decoders import Sequence as Decoders
from tokenizers.models import BPE, WordPiece
from tokenizers.pre_tokenizers import WhitespaceSplit
from tokenizers.trainers import BpeTrainer

from danlu.tokenizers.byte_tokens import CONTINUES, byte_of_stand_in, spell_bytes
from danlu.tokenizers.cutting import NUM_CODE_POINTS, Cutter, code_points
from danlu.tokenizers.pretokenize import WORDPIECE, WORDPIECE_CUTS, encoding_pre_tokenizer
from danlu.tokenizers.rewriting import check_kind_of_rewrites
from danlu.tokenizers.sampling import Documents, count_characters, take_sample
from danlu.tokenizers.tokenizer import Tokenizer, TokenizerSettings, control_entries
from danlu.tokenizers.vocabulary import (
    AUTO_MIN_FREQUENCY,
    NUM_BYTES,
    auto_vocab_size,
    check_control_names,
    check_vocab_size,
    frequent_wide_characters,
)

# Letters that stand for characters while learning: the private planes 15 and 16, two for each character.
FIRST_LETTER, MOST_CHARACTERS, LINE_BREAK, ASCII = 0xF0000, (1 << 16) - 128, 0x0A, 128
LONGEST_SPELLED = 4 * WORDPIECE_CUTS.longest  # stand-ins of a piece of characters of four bytes


def train(documents: Documents, settings: TokenizerSettings) -> Tokenizer:
    """Entries learnt from a sample of `documents`; equal input gives equal bytes, whatever the number of threads.

    Raises UsageError for a size below 513 (256 bytes at the start of a word, 256 inside one, control tokens).
    """
    check_kind_of_rewrites(settings.kind, settings.rewrites)
    check_vocab_size(settings.vocab_size, len(settings.control_tokens), num_bytes=2 * NUM_BYTES)
    check_control_names(settings.control_tokens)
    sample = take_sample(documents, settings.sample_bytes)
    counts = count_characters(sample.texts)
    min_frequency = settings.min_frequency
    if settings.vocab_size == "auto":
        wide = frequent_wide_characters(counts)
        target = NUM_BYTES + auto_vocab_size(sample.total_bytes, settings.num_parameters, num_wide_characters=wide)
        min_frequency = max(min_frequency, AUTO_MIN_FREQUENCY)
    else:
        target = settings.vocab_size
    room = target - len(settings.control_tokens) - 2 * NUM_BYTES
    entries = _learn(sample.texts, counts, room, min_frequency)
    facts = {
        "pre_tokenizer": WORDPIECE,
        "requested_vocab_size": settings.vocab_size,
        "target_vocab_size": target,
        "sampled_bytes": sample.num_bytes,
    }
    return Tokenizer(wordpiece_library(entries, settings.control_tokens), "wordpiece", facts)


def wordpiece_library(entries: Iterable[str], control_tokens: Sequence[str]) -> LibraryTokenizer:
    """A tokenizer of the library: control tokens, bytes at the start of a word, bytes inside one, then `entries`."""
    stand_ins = [stand_in for stand_in, _ in sorted(byte_of_stand_in().items(), key=lambda item: item[1])]
    tokens = [*control_tokens, *stand_ins, *(CONTINUES + stand_in for stand_in in stand_ins), *entries]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    model = WordPiece(
        vocab=vocabulary,
        unk_token=control_tokens[0],  # the library wants one; every byte has an entry, so it never comes
        max_input_chars_per_word=LONGEST_SPELLED,
        continuing_subword_prefix=CONTINUES,
    )
    library = LibraryTokenizer(model)
    library.pre_tokenizer = encoding_pre_tokenizer(WORDPIECE_CUTS)
    library.decoder = Decoders([Replace(Regex(f"\\A{CONTINUES}(?=.)"), ""), ByteLevelDecoder()])
    library.add_special_tokens(control_entries(control_tokens))
    return library


def _learn(texts: Sequence[str], counts: npt.NDArray[np.int64], room: int, min_frequency: int) -> list[str]:
    """At most `room` entries of whole characters, spelled by stand-ins; those of one byte exist already.

    The library's own WordPiece trainer numbers `##x` in the order of a hash map, which decides ties otherwise in each
    process. Here pairs are merged by its BPE trainer over letters of two kinds, one for starts of words, one for insides.
    """
    wide = ASCII + np.flatnonzero(counts[ASCII:] >= min_frequency)
    wide = wide[np.argsort(-counts[wide], kind="stable")][: min(max(0, room // 2), MOST_CHARACTERS)]
    common = np.concatenate([np.arange(ASCII), np.sort(wide)])  # characters of one byte take no room
    library = LibraryTokenizer(BPE())
    library.pre_tokenizer = WhitespaceSplit()
    trainer = BpeTrainer(vocab_size=room + 2 * NUM_BYTES, min_frequency=min_frequency, show_progress=False)
    library.train_from_iterator(_two_kinds(texts, common), trainer)
    learnt: dict[str, int] = library.get_vocab()
    entries = []
    for token in sorted(learnt, key=lambda token: learnt[token]):
        letters = [ord(letter) - FIRST_LETTER for letter in token]
        spelled = spell_bytes("".join(chr(common[letter // 2]) for letter in letters))
        if len(spelled) > 1:
            entries.append(CONTINUES + spelled if letters[0] % 2 else spelled)
    return entries[:room]


def _two_kinds(texts: Sequence[str], common: npt.NDArray[np.int64]) -> Iterator[str]:
    """Words as lines; character `common[i]` is letter 2i where it starts a word and 2i + 1 inside; others end a line."""
    cutter = Cutter()
    numbers = np.full(NUM_CODE_POINTS, -1, dtype=np.int64)
    numbers[common] = np.arange(len(common))
    for text in texts:
        points = code_points(text)
        starts = cutter.starts(points)
        WORDPIECE_CUTS.add(points, starts)
        letters = FIRST_LETTER + 2 * numbers[points] + ~starts
        letters[numbers[points] < 0] = LINE_BREAK
        lines = np.insert(letters, np.flatnonzero(starts), LINE_BREAK)
        yield lines.astype("<u4").tobytes().decode("utf-32-le")
