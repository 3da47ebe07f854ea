"""How many entries a vocabulary should have: chosen by the size of the model, bounded by what the text can teach."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from danlu.core.errors import UsageError
from danlu.core.language import Text, say
from danlu.tokenizers.cutting import Cutter

NUM_BYTES = 256
SMALLEST, LARGEST = 1024, 16384
LIMIT = 1 << 20  # nobody means more: a head of a million rows is slower than any model below it
# Parameters -> best vocabulary at equal compute: "Scaling Laws with Vocabulary" (Tao et al. 2024, approach 2, code in
# sail-sg/scaling-with-vocab), extrapolated below 33M.
BEST_FOR_MODEL = ((1e6, 1300), (3e6, 1700), (10e6, 3000), (33e6, 6000), (50e6, 8700), (130e6, 16384))
BYTES_PER_ENTRY = 500  # a text of 1 MB teaches 2K entries: each is then seen some two hundred times
# Han, kana, hangul: characters from U+2E80 on take three bytes. Entries for those that make up 95 % of such text keep
# a token above one character (Lu Xun: 1,366 of 4,418 characters, laws 660, manuals 639, classical poems 2,155).
FIRST_WIDE, WIDE_COVERAGE, OTHER_ENTRIES = 0x2E80, 0.95, 128
# "auto" takes no entry that the text shows fewer times than this: nothing can be learnt about it.
AUTO_MIN_FREQUENCY = 10


def auto_vocab_size(num_bytes: int, num_parameters: int | None = None, *, num_wide_characters: int = 0) -> int:
    """Entries for a text of `num_bytes` (UTF-8) that a model of `num_parameters` will read (None: not known yet).

    `num_wide_characters` frequent characters above one byte set a lower bound (see `frequent_wide_characters`).
    A multiple of 64 from 1,024 to 16,384. Never raises.
    """
    by_text = num_bytes / BYTES_PER_ENTRY
    by_model = math.inf if num_parameters is None else _interpolate(max(num_parameters, 1))
    needed = NUM_BYTES + OTHER_ENTRIES + num_wide_characters if num_wide_characters else 0
    return int(max(SMALLEST, needed, min(LARGEST, by_text, by_model)) + 63) // 64 * 64


def frequent_wide_characters(counts: npt.NDArray[np.int64]) -> int:
    """How many characters from U+2E80 on make up 95 % of such text; 0 where they are less than a tenth of all text.

    `counts` [0x110000]: occurrences per code point.
    """
    wide = np.sort(counts[FIRST_WIDE:][counts[FIRST_WIDE:] > 0])[::-1]
    if wide.sum() * 10 < counts.sum() or not len(wide):
        return 0
    shares = np.cumsum(wide) / wide.sum()
    return int(np.searchsorted(shares, WIDE_COVERAGE)) + 1


def check_vocab_size(asked: int | Literal["auto"], num_control: int, *, num_bytes: int = NUM_BYTES) -> None:
    """Raises UsageError when `asked` leaves no room for the bytes and control tokens, or is beyond all reason."""
    least = num_bytes + num_control
    if asked != "auto" and not least <= asked <= LIMIT:
        raise UsageError(
            Text("a vocabulary of that size cannot be made", "无法生成这样大小的词表"),
            got=f"vocab_size = {asked}",
            allowed=Text(
                "{least} ({num_bytes} for bytes, and the control tokens) to {most}, or auto",
                "{least}（{num_bytes} 个字节条目加控制符）到 {most}，或 auto",
            ),
            fix=Text("leave it at auto, or take 1024 to 16384", "保持 auto，或取 1024 到 16384"),
            least=least,
            most=LIMIT,
            num_bytes=num_bytes,
        )


def check_control_names(names: Sequence[str]) -> None:
    """Raises UsageError for a control token that text could spell as one piece: whole pieces are looked up by name."""
    for name in names:
        if len(Cutter().cut(name)) < 2:
            raise UsageError(
                Text("a control token of this kind needs a name that no word has", "此类型的控制符不能与普通词同名"),
                got=name,
                allowed=Text("letters between marks, as in <|name|>", "由符号包围的字母，如 <|name|>"),
                fix=Text("write <|{plain}|>", "写作 <|{plain}|>"),
                plain=name,
            )


def vocabulary_reason(facts: Mapping[str, Any], vocab_size: int) -> str:
    """Why the vocabulary has the size it has, from the facts of a tokenizer, in the reader's language."""
    asked, target = facts.get("requested_vocab_size"), facts.get("target_vocab_size")
    if target is not None and vocab_size < target:
        fewer = Text(
            "{target} wanted, but the text repeats only {found} entries often enough",
            "目标 {target}，但文本中足够频繁的条目只有 {found} 个",
        )
        return say(fewer, target=target, found=vocab_size)
    if asked == "auto":
        return say(
            Text(
                "chosen by the amount of text, its characters and the size of the model",
                "由文本量、所用字符与模型大小决定",
            )
        )
    return say(Text("as asked", "按设定")) if asked is not None else say(Text("fixed by its kind", "由类型固定"))


def _interpolate(num_parameters: int) -> float:
    """Straight lines between the points of `BEST_FOR_MODEL` on logarithmic axes; flat outside."""
    parameters, sizes = np.log(np.array(BEST_FOR_MODEL)).T
    return float(np.exp(np.interp(math.log(num_parameters), parameters, sizes)))
