"""The control tokens that transformers' tokenizer classes have where a folder names none."""

from collections.abc import Mapping
from typing import Any

NAMES = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")

_BERT = {
    "unk_token": "[UNK]",
    "sep_token": "[SEP]",
    "pad_token": "[PAD]",
    "cls_token": "[CLS]",
    "mask_token": "[MASK]",
}
# The space in front of a mask belongs to it, so that the word which fills it in is one with its space.
_ROBERTA: Mapping[str, object] = {
    "bos_token": "<s>",
    "eos_token": "</s>",
    "unk_token": "<unk>",
    "sep_token": "</s>",
    "pad_token": "<pad>",
    "cls_token": "<s>",
    "mask_token": {"content": "<mask>", "lstrip": True, "normalized": False},
}
_GPT2 = {"bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>"}
_QWEN2 = {"eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>", "pad_token": "<|endoftext|>"}
_LLAMA = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
_T5 = {"eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}

CLASSES: dict[str, Mapping[str, object]] = {
    "BertTokenizer": _BERT,
    "RobertaTokenizer": _ROBERTA,
    "BartTokenizer": _ROBERTA,
    "GPT2Tokenizer": _GPT2,
    "Qwen2Tokenizer": _QWEN2,
    "LlamaTokenizer": _LLAMA,
    "T5Tokenizer": _T5,
}
CLASS_OF_MODEL = {
    "bert": "BertTokenizer",
    "roberta": "RobertaTokenizer",
    "bart": "BartTokenizer",
    "gpt2": "GPT2Tokenizer",
    "qwen2": "Qwen2Tokenizer",
    "qwen3": "Qwen2Tokenizer",
    "llama": "LlamaTokenizer",
    "mistral": "LlamaTokenizer",
    "t5": "T5Tokenizer",
}


def defaults_for(tokenizer_class: str, model_type: str) -> dict[str, object]:
    """The tokens of a class (without `Fast`); of the model's usual class where the folder names none."""
    return dict(CLASSES.get(tokenizer_class or CLASS_OF_MODEL.get(model_type, ""), {}))


def class_of(config: Mapping[str, Any]) -> str:
    """The tokenizer class of a folder: named, or the model's usual one; without `Fast`."""
    named = str(config.get("tokenizer_class") or "").removesuffix("Fast")
    return named or CLASS_OF_MODEL.get(str(config.get("model_type")), "")
