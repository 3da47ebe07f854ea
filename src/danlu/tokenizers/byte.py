"""Kind `byte`: the 256 bytes of UTF-8 and the control tokens; nothing is learnt."""

from danlu.tokenizers.char import character_library
from danlu.tokenizers.rewriting import check_kind_of_rewrites
from danlu.tokenizers.sampling import Documents
from danlu.tokenizers.tokenizer import Tokenizer, TokenizerSettings


def train(documents: Documents, settings: TokenizerSettings) -> Tokenizer:
    """The tokenizer of bytes; `documents` are not read and `vocab_size` is what it is."""
    del documents
    check_kind_of_rewrites(settings.kind, settings.rewrites)
    return Tokenizer(character_library((), settings.control_tokens), "byte")
