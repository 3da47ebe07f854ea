"""Where text may be cut before merges: a pattern that llama.cpp knows, and finer cuts while training only."""

import json
from typing import Any

from tokenizers import Regex, Tokenizer
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel, PreTokenizer, Sequence, Split

from danlu.tokenizers.isolating import Isolation

# The name is what a GGUF file carries in `tokenizer.ggml.pre`; llama.cpp (src/llama-vocab.cpp) then applies exactly
# this pattern. Source of the pattern: the tokenizer.json of Qwen2 (single digits, so that numbers stay comparable).
PRE_TOKENIZER = "qwen2"
PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
    r"|[^\r\n\p{L}\p{N}]?\p{L}+"
    r"|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+"
    r"|\s+(?!\S)"
    r"|\s+"
)
# Chinese has no spaces, so a whole clause is one piece, and the time of training grows with the square of its length
# (100K characters in one run: 31 s, cut at 16: 0.3 s). No useful entry of a small vocabulary is longer than 16
# characters. Other runs (rules of dashes, base64) are cut at 64.
TRAINING_CUTS = r"[^\p{Han}]?\p{Han}{1,16}|[^\p{Han}]{1,64}"
# Further cuts of kinds that are not byte-level BPE, under the name that `facts` give them.
WORDPIECE, WORDPIECE_CUTS = "qwen2-han", Isolation(longest=32, han=True, marks="#")


def encoding_pre_tokenizer(cuts: Isolation | None = None) -> PreTokenizer:
    """Cuts by `PATTERN` (and `cuts`), then maps bytes to printable characters; the one that is saved and exported."""
    return Sequence([_split(PATTERN), *(cuts.pre_tokenizers() if cuts else []), _bytes()])


def character_pre_tokenizer() -> PreTokenizer:
    """Cuts by `PATTERN` alone: for models whose entries are characters."""
    return _split(PATTERN)


def pre_tokenizer_description(pre_tokenizer: PreTokenizer) -> dict[str, Any]:
    """What `tokenizer.json` says of a pre-tokenizer."""
    library = Tokenizer(BPE())
    library.pre_tokenizer = pre_tokenizer
    description: dict[str, Any] = json.loads(library.to_str())["pre_tokenizer"]
    return description


def training_pre_tokenizer() -> PreTokenizer:
    """As `encoding_pre_tokenizer`, with long pieces cut further, so that no text costs quadratic time."""
    return Sequence([_split(PATTERN), _split(TRAINING_CUTS), _bytes()])


def _split(pattern: str) -> PreTokenizer:
    return Split(Regex(pattern), "isolated")


def _bytes() -> PreTokenizer:
    return ByteLevel(add_prefix_space=False, use_regex=False)
