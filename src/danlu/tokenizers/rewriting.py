"""Texts made poorer before they are encoded, for classic models that count words: what is lost does not come back."""

from collections.abc import Sequence
from typing import Literal

from danlu.core.errors import UsageError
from danlu.core.language import Text
from danlu.corpus.cleaners.settings import StopWordSettings

Rewrite = Literal["lower_case", "stop_words", "stems"]
ORDER: tuple[Rewrite, ...] = ("lower_case", "stop_words", "stems")  # stop words and stems are told by lower case


def rewrite(text: str, names: Sequence[str]) -> str:
    """`text` after the rewrites of these names, in the order of `ORDER`: those of the cleaners of the same names."""
    from danlu.corpus.cleaners import classic  # loads rjieba

    if "lower_case" in names:
        text = classic.lower_case(text).text
    if "stop_words" in names:
        text = classic.stop_words(text, StopWordSettings()).text
    return classic.stems(text).text if "stems" in names else text


def check_kind_of_rewrites(kind: str, names: Sequence[str]) -> None:
    """Raises UsageError where a kind that promises every text back is asked to change it."""
    if names and kind != "word":
        raise UsageError(
            Text("a tokenizer of this kind never changes a text", "该类型的分词器不改动文本"),
            got=f"kind = {kind}, rewrites = {', '.join(names)}",
            allowed=Text("rewrites with kind word", "仅 word 类型可用 rewrites"),
            fix=Text(
                "take --kind word, or clean the corpus: corpus.cleaning.also",
                "改用 --kind word，或在语料清洗中设置 corpus.cleaning.also",
            ),
        )


def check_exact(names: Sequence[str]) -> None:
    """Raises UsageError for a tokenizer with rewrites, where a language model would learn from it."""
    if names:
        raise UsageError(
            Text("this tokenizer loses text, so no language model can use it", "该分词器会丢失文本，不能用于语言模型"),
            got=f"rewrites = {', '.join(names)}",
            allowed=Text("a tokenizer without rewrites", "不含 rewrites 的分词器"),
            fix=Text(
                "train one without rewrites; to learn from poorer text, clean the corpus: corpus.cleaning.also",
                "请训练不含 rewrites 的分词器；若要在简化文本上训练，请设置 corpus.cleaning.also",
            ),
        )
