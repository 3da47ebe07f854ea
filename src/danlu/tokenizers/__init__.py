"""Documents become token ids: kinds of tokenizers, their artifact and the artifact of tokens. Never imports torch."""

from danlu.core.language import Text
from danlu.core.registry import Registry

TOKENIZERS = Registry(
    "danlu.tokenizers",
    Text("tokenizer kind", "分词器类型"),
    {
        "bpe": "danlu.tokenizers.bpe:train",
        "byte": "danlu.tokenizers.byte:train",
        "char": "danlu.tokenizers.char:train",
        "unigram": "danlu.tokenizers.unigram:train",
        "word": "danlu.tokenizers.word:train",
        "wordpiece": "danlu.tokenizers.wordpiece:train",
    },
)
