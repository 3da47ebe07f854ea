"""Whether a copy equals its original: ids of texts that break tokenizers, and logits over ids.

B batch, T positions, V vocabulary.
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from danlu.core.errors import ArtifactError
from danlu.core.language import Text
from danlu.core.streams import numpy_stream
from danlu.tokenizers.tokenizer import Tokenizer

TOLERANCE = 1e-4  # largest difference of float32 logits, in units of the largest logit (at least 1)
NUM_RANDOM_TEXTS = 300

# Each line is here because some tokenizer or some export was wrong on its like.
FIXED_TEXTS = (
    "",
    " ",
    "\n",
    " \n\n \t \r\n  ",
    "The furnace glows; it's 3 o'clock, isn't it? They'll've known, I'd say.",
    "Hello , world . This is n't cleaned up ! Really ?",
    "tabs\tand\u00a0no-break\u3000ideographic\u200bzero-width\ufeffmarks",
    "炉火纯青，百炼成钢。「丹炉」里有什么？——请看下文……",
    "中文English混排123，没有空格；１２３全角，半角，\uff01!",
    "繁體中文與日本語のかな、한국어 문장, العربية עברית, Ελληνικά, кириллица",
    "生僻字\U00020bb7\U0002a6d6与部首\u2f00\u2ee8",
    "天地玄黄宇宙洪荒" * 40,
    "emoji 🔥🐉👩\u200d🔬👨\u200d👩\u200d👧\u200d👦🏳\ufe0f\u200d🌈🇨🇳👍🏽",
    "e\u0301 is not é, and \u1100\u1161 is not 가; \u0928\u093f stays",
    "def f(x):\n    return {\n\t'a': x**2,  # 注释\n    }\r\n",
    "1234567890 3.14159 1,000,000 0x1F 10^-9 ①②③ Ⅷ",
    "<|bos|>",
    "text <|bos|> that <|bos|><|bos|>spells <|endoftext|> control <|im_start|>tokens<|im_end|>",
    "<s></s><unk><pad>[CLS][SEP][MASK] <0x41><0xFF> ▁ Ġ Ċ",
    "\x00\x01\x1b[0m\x7f\x85\u2028\u2029\ufffd\uffff",
)


def parity_texts(num_random: int = NUM_RANDOM_TEXTS, *, seed: int = 0) -> list[str]:
    """The fixed texts and `num_random` random ones: the same texts for the same arguments on every machine."""
    return [*FIXED_TEXTS, *_random_texts(num_random, seed)]


def check_ids(tokenizer: Tokenizer, encode: Callable[[str], Sequence[int]], program: str, texts: Sequence[str]) -> None:
    """Raises ArtifactError with the first of `texts` that `encode` turns into other ids than `tokenizer` does."""
    for text in texts:
        wanted, found = tokenizer.encode(text), list(encode(text))
        if wanted != found:
            raise _differs(program, f"{text[:60]!r}: {found[:12]} / {wanted[:12]}")


def check_logits(wanted_BTV: Tensor, found_BTV: Tensor, program: str) -> float:
    """The largest difference of two sets of logits; raises ArtifactError when it is above TOLERANCE or not a number."""
    if wanted_BTV.shape != found_BTV.shape:
        raise _differs(program, f"{list(found_BTV.shape)} / {list(wanted_BTV.shape)}")
    scale = max(1.0, float(wanted_BTV.abs().max()))
    difference = float((wanted_BTV - found_BTV).abs().max())
    if not difference <= TOLERANCE * scale:  # also true for NaN
        raise _differs(program, f"logits differ by {difference:.3g}")
    return difference


def parity_ids(vocab_size: int, length: int, bos_id: int, *, first: int = 0, num_rows: int = 2) -> Tensor:
    """Random ids [num_rows, T] that start with the separator, from `first` on (padding stands for no text): what
    both programs compute logits for."""
    random = numpy_stream(0, "export", "ids")
    ids_BT = torch.from_numpy(random.integers(first, vocab_size, size=(num_rows, length)))
    ids_BT[:, 0] = bos_id
    return ids_BT


def _random_texts(count: int, seed: int) -> Iterator[str]:
    """Texts of up to 60 characters: pieces of the fixed texts among characters of every plane."""
    random = numpy_stream(seed, "export", "texts")
    pieces = [piece for text in FIXED_TEXTS for piece in text.split()[:8]] + [" ", "  ", "\n", "\t", "'s", "的", "了"]
    ranges = ((0x20, 0x7F), (0xA0, 0x250), (0x300, 0x370), (0x4E00, 0x9FFF), (0x1F300, 0x1FAFF), (0x0, 0xD800),
              (0xE000, 0x110000))  # fmt: skip
    for _ in range(count):
        parts = []
        for _ in range(int(random.integers(0, 60))):
            if random.random() < 0.3:
                parts.append(pieces[int(random.integers(len(pieces)))])
            else:
                low, high = ranges[int(random.integers(len(ranges)))]
                parts.append(chr(int(random.integers(low, high))))
        yield "".join(parts)


def _differs(program: str, problem: str) -> ArtifactError:
    return ArtifactError(
        Text(
            "the copy does not equal the original in {program}; nothing was kept",
            "副本在 {program} 中与原模型不一致；未保留任何文件",
        ),
        got=problem,
        allowed=Text("equal ids, and logits within {tolerance}", "编号相同，且 logits 误差不超过 {tolerance}"),
        fix=Text("report it with the versions that danlu doctor shows", "请附上 danlu doctor 显示的版本信息进行反馈"),
        program=program,
        tolerance=TOLERANCE,
    )
