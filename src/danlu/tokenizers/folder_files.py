"""Files from which a tokenizer is read, the surest first: each becomes one of the `tokenizers` library."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tokenizers import Tokenizer as LibraryTokenizer
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors

from danlu.core.disk import read_json
from danlu.tokenizers.named_tokens import class_of
from danlu.tokenizers.sentencepiece_files import read_sentencepiece


class FolderTokenizer(NamedTuple):
    """What was read, and the name of the file."""

    library: LibraryTokenizer
    source: str


def read_library_file(path: Path, config: Mapping[str, Any]) -> LibraryTokenizer:
    """`tokenizer.json`. For BERT's class transformers takes the entries alone and the rest from the configuration."""
    description = read_json(path)
    if class_of(config) != "BertTokenizer" or "continuing_subword_prefix" not in description["model"]:
        return LibraryTokenizer.from_file(str(path))
    library = _bert(description["model"]["vocab"], config)
    stored = LibraryTokenizer.from_str(json.dumps(description))
    added = stored.get_added_tokens_decoder()
    for token in (added[number] for number in sorted(added)):
        (library.add_special_tokens if token.special else library.add_tokens)([token])
    if stored.post_processor is not None:
        library.post_processor = stored.post_processor
    return library


def read_vocabulary_lines(path: Path, config: Mapping[str, Any]) -> LibraryTokenizer:
    """`vocab.txt`: one WordPiece entry on each line (Devlin et al. 2019, its code)."""
    with path.open(encoding="utf-8", newline="\n") as handle:
        lines = [line.rstrip("\n") for line in handle]
    return _bert({token: number for number, token in enumerate(lines)}, config)


def read_merges(path: Path, config: Mapping[str, Any]) -> LibraryTokenizer:
    """`vocab.json` with `merges.txt`: byte-level BPE with GPT-2's pattern (Radford et al. 2019, its code)."""
    kind = class_of(config)
    if kind not in ("GPT2Tokenizer", "RobertaTokenizer", "BartTokenizer"):
        raise ValueError(f"{kind or 'no class'} has another pattern: its tokenizer.json is needed")
    space = bool(config.get("add_prefix_space", False))
    library = LibraryTokenizer(models.BPE.from_file(str(path), str(path.with_name("merges.txt"))))
    library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=space)
    library.decoder = decoders.ByteLevel()
    return library


def _bert(vocabulary: dict[str, int], config: Mapping[str, Any]) -> LibraryTokenizer:
    """BERT's cleaning, its words and characters, and the longest match within each."""
    unknown = config.get("unk_token") or "[UNK]"
    name = str(unknown["content"] if isinstance(unknown, Mapping) else unknown)
    library = LibraryTokenizer(models.WordPiece(vocabulary, unk_token=name))
    library.normalizer = normalizers.BertNormalizer(
        clean_text=True,
        handle_chinese_chars=bool(config.get("tokenize_chinese_chars", True)),
        strip_accents=config.get("strip_accents"),
        lowercase=bool(config.get("do_lower_case", True)),
    )
    library.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    library.decoder = decoders.WordPiece(prefix="##")
    begin, end = (
        str(token["content"] if isinstance(token, Mapping) else token)
        for token in (config.get("cls_token") or "[CLS]", config.get("sep_token") or "[SEP]")
    )
    if begin in vocabulary and end in vocabulary:
        library.post_processor = processors.TemplateProcessing(
            single=f"{begin}:0 $A:0 {end}:0",
            pair=f"{begin}:0 $A:0 {end}:0 $B:1 {end}:1",
            special_tokens=[(begin, vocabulary[begin]), (end, vocabulary[end])],
        )
    return library


FILES: dict[str, Callable[[Path, Mapping[str, Any]], LibraryTokenizer]] = {
    "tokenizer.json": read_library_file,
    "vocab.txt": read_vocabulary_lines,
    "tokenizer.model": read_sentencepiece,
    "spiece.model": read_sentencepiece,
    "vocab.json": read_merges,
}
