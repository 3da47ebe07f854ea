"""Kind `bpe`: byte-level byte-pair encoding, learnt by the `tokenizers` library (Sennrich et al. 2016; GPT-2 bytes)."""

from tokenizers import Tokenizer as LibraryTokenizer
from tokenizers.decoders import ByteLevel as ByteLevelDecoder
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.trainers import BpeTrainer

from danlu.tokenizers.pretokenize import PRE_TOKENIZER, encoding_pre_tokenizer, training_pre_tokenizer
from danlu.tokenizers.rewriting import check_kind_of_rewrites
from danlu.tokenizers.sampling import Documents, count_characters, take_sample
from danlu.tokenizers.tokenizer import Tokenizer, TokenizerSettings, control_entries
from danlu.tokenizers.vocabulary import (
    AUTO_MIN_FREQUENCY,
    auto_vocab_size,
    check_vocab_size,
    frequent_wide_characters,
)

# More text than this changes bytes per token by less than 1 % (2K entries: manuals in Chinese 2.66 from 1 MB, 2.69 from
# 2 MB, 2.70 from 4 MB) and doubles the time (1.6 MB of Chinese: 5 s of CPU).
LEAST_SAMPLE, SAMPLE_PER_ENTRY = 1_000_000, 1_000


def train(documents: Documents, settings: TokenizerSettings) -> Tokenizer:
    """Merges learnt from a sample of `documents`; equal input gives equal bytes, whatever the number of threads.

    A size above what the text repeats gives what exists; `facts` hold both. Raises UsageError for a size below 257.
    """
    check_kind_of_rewrites(settings.kind, settings.rewrites)
    check_vocab_size(settings.vocab_size, len(settings.control_tokens))
    sample = take_sample(documents, settings.sample_bytes)
    min_frequency = settings.min_frequency
    if settings.vocab_size == "auto":
        wide = frequent_wide_characters(count_characters(sample.texts))
        target = auto_vocab_size(sample.total_bytes, settings.num_parameters, num_wide_characters=wide)
        min_frequency = max(min_frequency, AUTO_MIN_FREQUENCY)
    else:
        target = settings.vocab_size
    learnt_from = take_sample(lambda: iter(sample.texts), max(LEAST_SAMPLE, SAMPLE_PER_ENTRY * target))
    library = LibraryTokenizer(BPE())
    library.pre_tokenizer = training_pre_tokenizer()
    trainer = BpeTrainer(
        vocab_size=target,
        min_frequency=min_frequency,
        special_tokens=control_entries(settings.control_tokens),
        initial_alphabet=ByteLevel.alphabet(),
        show_progress=False,
    )
    library.train_from_iterator(learnt_from.texts, trainer)
    library.pre_tokenizer = encoding_pre_tokenizer()
    library.decoder = ByteLevelDecoder()
    facts = {
        "pre_tokenizer": PRE_TOKENIZER,
        "requested_vocab_size": settings.vocab_size,
        "target_vocab_size": target,
        "sampled_bytes": learnt_from.num_bytes,
    }
    return Tokenizer(library, "bpe", facts)
