"""A model that learnt to fill in the middle writes what stands between two pieces of text (Bavarian et al. 2022)."""

from collections.abc import Iterator

from danlu.core.errors import UsageError
from danlu.core.language import Text
from danlu.generation.decode import characters_of, generate_ids
from danlu.generation.fill import BLANK
from danlu.generation.sampling import SamplingSettings
from danlu.models.model import LanguageModel
from danlu.tokenizers.tokenizer import MIDDLE, PREFIX, SUFFIX, Tokenizer


def fills_middles(tokenizer: Tokenizer, text: str) -> bool:
    """Whether `text` has a blank (three or more `_`) and the model of `tokenizer` learnt to fill it."""
    return MIDDLE in tokenizer.control_tokens and BLANK.search(text) is not None


def fill_middle(
    model: LanguageModel, tokenizer: Tokenizer, text: str, settings: SamplingSettings | None = None
) -> Iterator[str]:
    """`text` in pieces, its one blank filled with as much text as the model sees fit, at most `max_tokens`.

    Reads `<|prefix|> before <|suffix|> after <|middle|>` and writes until the separator. Raises UsageError for several
    blanks, and for a text that fills the context.
    """
    settings = settings or SamplingSettings()
    parts = BLANK.split(text)
    if len(parts) != 2:
        raise UsageError(
            Text("this model fills one blank at a time", "该模型一次只填一个空"),
            got=Text("{count} blanks", "{count} 个空"),
            allowed=Text("a text with one ___", "文本中有一处 ___"),
            fix=Text("fill the first one, then ask again with the result", "先填第一个，再用结果继续"),
            count=len(parts) - 1,
        )
    before, after = parts
    controls = tokenizer.control_tokens
    ids = [tokenizer.bos_id, controls[PREFIX], *tokenizer.encode(before)]
    ids += [controls[SUFFIX], *tokenizer.encode(after), controls[MIDDLE]]
    room = model.context_length - len(ids)
    if room < 1:
        raise UsageError(
            Text("the text fills the model's context", "文本已占满模型的上下文"),
            got=len(ids),
            allowed=Text("at most {most} tokens, control tokens included", "最多 {most} 个词元（含控制符）"),
            fix=Text("give it a shorter text", "请缩短文本"),
            most=model.context_length - 1,
        )
    found = generate_ids(
        model,
        ids,
        settings.model_copy(update={"max_tokens": min(settings.max_tokens, room)}),
        stop_ids=frozenset({tokenizer.bos_id}),
        banned_ids=tokenizer.control_ids() - {tokenizer.bos_id},
    )
    yield before
    yield from characters_of(tokenizer, found)
    yield after
