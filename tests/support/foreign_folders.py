"""Hugging Face folders as other programs write them: random weights of transformers' classes, tokenizers of each family."""

import json
import warnings
from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, Regex, decoders, models, normalizers, pre_tokenizers, trainers
from tokenizers import Tokenizer as LibraryTokenizer

from danlu.models import ARCHITECTURES

LINES = (
    "The furnace is lit at dawn; it isn't to go out. Numbers 1234567890, signs +-*/=<>() and  double  spaces.\n",
    "丹炉之中，火候最难。文火三日，武火一刻，炉开而丹成。学而时习之，不亦说乎？\n",
    "Ça va? Wörld, naïve café, emoji 🔥, tabs\tand\r\nlines.\n",
)
# What tokenizers of others are known to stumble over, control tokens of every family among it.
NASTY = (
    "",
    " ",
    "  leading and trailing  ",
    "ＦＵＬＬ width １２３，「丹炉」里有什么？——请看下文……",
    "中文English混排123没有空格",
    "Ünïcödé ÀÉÎ ß ſ İ ı Ǆ ﬁ",
    "e\u0301 and \u1100\u1161 and \u0928\u093f",
    "👩\u200d🔬🏳\ufe0f\u200d🌈🇨🇳👍🏽",
    "a\u00a0b\u3000c\u200bd\ufeffe\u2028f",
    "\x00\x01\x7f\x85 \ufffd",
    "[CLS] a [SEP] [MASK][PAD] [UNK] [mask]",
    "<s> a </s><unk><pad> <mask>b  <mask>",
    "<|endoftext|>x<|im_start|>user<|im_end|> <|bos|>",
    "▁ ▁▁ <0x41> <0xE4> Ġ Ċ ##ing",
    "天地玄黄宇宙洪荒" * 20,
    "supercalifragilistic" * 12,
)


def write_model(folder: Path, name: str, vocab_size: int, *, head: bool = True, **fields: object) -> Any:
    """A model of the row `name` as transformers' class writes it, with random weights; returns the model.

    `head` false: the class of the body alone. `fields` replace those of config.json.
    """
    import transformers

    layout = ARCHITECTURES.load(name).layout
    row = ARCHITECTURES.load(name)
    shape = layout.config(row.sized(60_000, vocab_size, 48), vocab_size)
    shape = {"pad_token_id": None, **shape, "bos_token_id": None, "eos_token_id": None, **fields}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kind = getattr(transformers, layout.class_name if head else layout.bare_class)
        torch.manual_seed(11)
        model = kind(kind.config_class(**shape)).eval()
        with torch.no_grad():
            for weight in model.parameters():
                weight.add_(0.1 * torch.randn(weight.shape))
        model.save_pretrained(folder)
    return model


def byte_level(end: str = "<|endoftext|>", *more: str) -> LibraryTokenizer:
    """Byte-level BPE with GPT-2's pattern."""
    library = LibraryTokenizer(models.BPE())
    library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    library.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=[end, *more],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    library.train_from_iterator(LINES, trainer)
    return library


def split_byte_level() -> LibraryTokenizer:
    """Byte-level BPE as Qwen's: NFC, a pattern of its own, control tokens of chats behind the entries."""
    library = byte_level("unused")
    pattern = (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
        r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    )
    library.normalizer = normalizers.NFC()
    library.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    library.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    library.add_tokens([AddedToken("<tool>", normalized=False)])
    return library


def with_byte_fallback() -> LibraryTokenizer:
    """BPE over characters with spaces as marks and bytes for the rest, as Llama's."""
    library = LibraryTokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    library.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    library.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    names = [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(
        vocab_size=450, special_tokens=["<unk>", "<s>", "</s>", *names], show_progress=False, limit_alphabet=60
    )
    library.train_from_iterator(LINES, trainer)
    description = json.loads(library.to_str())
    description["added_tokens"] = description["added_tokens"][:3]  # names of bytes are entries, not control tokens
    return LibraryTokenizer.from_str(json.dumps(description))


def unigram() -> LibraryTokenizer:
    """Pieces with probabilities, NFKC and sentinels, as T5's."""
    library = LibraryTokenizer(models.Unigram())
    library.normalizer = normalizers.NFKC()
    marks = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always", split=True)
    library.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), marks])
    library.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always", split=True)
    names = ["<pad>", "</s>", "<unk>", *(f"<extra_id_{number}>" for number in range(4))]
    trainer = trainers.UnigramTrainer(vocab_size=200, special_tokens=names, unk_token="<unk>", show_progress=False)
    library.train_from_iterator(LINES * 5, trainer)
    return library


def wordpiece_entries() -> list[str]:
    """The lines of a vocab.txt: control tokens first, then words, pieces and characters of LINES."""
    words = sorted({word for line in LINES for word in line.lower().split() if word.isascii() and word.isalpha()})
    characters = sorted({character for line in LINES for character in line.lower() if not character.isspace()})
    inside = [f"##{character}" for character in characters if character.isascii() and character.isalnum()]
    return ["[PAD]", "[unused1]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *characters, *inside, *words, "##ing", "mask"]


def write_fast(folder: Path, library: LibraryTokenizer, **named: Any) -> None:
    """tokenizer.json and its configuration, as transformers writes them."""
    import transformers

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        transformers.PreTrainedTokenizerFast(tokenizer_object=library, **named).save_pretrained(folder)


def write_vocabulary(folder: Path, **config: Any) -> None:
    """vocab.txt of a WordPiece tokenizer, and tokenizer_config.json where anything is given."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(wordpiece_entries()) + "\n", encoding="utf-8")
    if config:
        (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")


def write_tokenizer(folder: Path, name: str) -> int:
    """The tokenizer that models of the row `name` usually have; returns how many entries it has."""
    match name:
        case "gpt2":
            library, named = byte_level(), {"bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>"}
        case "llama" | "mistral":
            library, named = with_byte_fallback(), {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
        case "bert":
            write_vocabulary(folder)
            return len(wordpiece_entries())
        case "t5":
            library, named = unigram(), {"eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
        case "modernbert":
            library = byte_level("[CLS]", "[SEP]", "[PAD]", "[MASK]", "[UNK]")
            named = {"cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "mask_token": "[MASK]"}
        case "roberta" | "bart":
            library = byte_level("<s>", "<pad>", "</s>", "<unk>", "<mask>")
            named = {"bos_token": "<s>", "cls_token": "<s>", "eos_token": "</s>", "sep_token": "</s>"}
            named |= {"pad_token": "<pad>", "unk_token": "<unk>"}
            named |= {"mask_token": AddedToken("<mask>", lstrip=True, special=True, normalized=False)}  # type: ignore[dict-item]
        case _:
            library, named = split_byte_level(), {"eos_token": "<|endoftext|>", "pad_token": "<|endoftext|>"}
    write_fast(folder, library, **named)
    return library.get_vocab_size()


def open_theirs(folder: Path) -> Any:
    """transformers' tokenizer of the folder."""
    import transformers

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return transformers.AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
