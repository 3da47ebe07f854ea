"""Tokenizers of other programs: ids exactly those of transformers, control tokens by their roles, losses known."""

import json
from pathlib import Path
from typing import Any

import pytest

from danlu.core.errors import ArtifactError
from danlu.exporting.parity import parity_texts
from danlu.tokenizers.imported import imported_tokenizer
from danlu.tokenizers.tokenizer import Tokenizer, TokenizerSettings, open_tokenizer, save_tokenizer
from foreign_folders import (
    NASTY,
    byte_level,
    open_theirs,
    split_byte_level,
    unigram,
    with_byte_fallback,
    wordpiece_entries,
    write_fast,
    write_vocabulary,
)

pytest.importorskip("transformers")
TEXTS = (*NASTY, *parity_texts(150, seed=2))


def _open(folder: Path, model_type: str, num_entries: int = 700, **model: object) -> Tokenizer:
    (folder / "config.json").write_text(json.dumps({"model_type": model_type, **model}), encoding="utf-8")
    return imported_tokenizer(folder, num_entries)


def _check_ids(tokenizer: Tokenizer, folder: Path) -> None:
    reader = open_theirs(folder)
    for text in TEXTS:
        ids = tokenizer.encode(text)
        assert ids == reader(text, add_special_tokens=False)["input_ids"], text
        kept = [number for number in ids if number not in tokenizer.control_ids()]
        assert tokenizer.decode(ids) == reader.decode(kept, clean_up_tokenization_spaces=False)


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"tokenizer_class": "BertTokenizer", "do_lower_case": False},
        {"tokenizer_class": "BertTokenizerFast", "do_lower_case": True, "strip_accents": False},
        {"tokenizer_class": "BertTokenizer", "do_lower_case": False, "strip_accents": True},
        {"tokenizer_class": "BertTokenizer", "tokenize_chinese_chars": False},
        {"tokenizer_class": "BertTokenizer", "split_special_tokens": True},
    ],
)
def test_a_vocabulary_of_lines_is_read_as_bert_s(tmp_path: Path, config: dict[str, object]) -> None:
    write_vocabulary(tmp_path, **config)
    tokenizer = _open(tmp_path, "bert")
    _check_ids(tokenizer, tmp_path)
    entries = wordpiece_entries()
    assert tokenizer.bos_id == entries.index("[CLS]")
    assert tokenizer.mask_id == entries.index("[MASK]")
    assert tokenizer.pad_id == entries.index("[PAD]")
    assert tokenizer.unknown_id == entries.index("[UNK]")
    assert tokenizer.framed([7]) == [entries.index("[CLS]"), 7, entries.index("[SEP]")]
    spelled = tokenizer.encode("[MASK]")
    assert (tokenizer.mask_id in spelled) is not config.get("split_special_tokens", False)


def test_bert_s_class_follows_the_configuration_and_not_the_file(tmp_path: Path) -> None:
    """As transformers does since 5.0: tokenizer.json gives the entries, the configuration says whether case is kept."""
    import transformers

    write_vocabulary(tmp_path / "lines")
    made = transformers.BertTokenizer(str(tmp_path / "lines" / "vocab.txt"), do_lower_case=False)
    made.save_pretrained(tmp_path / "made")
    path = tmp_path / "made" / "tokenizer_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "do_lower_case": True}))
    _check_ids(_open(tmp_path / "made", "bert"), tmp_path / "made")


@pytest.mark.parametrize(
    ("library", "named", "model_type"),
    [
        (byte_level(), {"bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>"}, "gpt2"),
        (split_byte_level(), {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"}, "qwen3"),
        (with_byte_fallback(), {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}, "llama"),
        (unigram(), {"eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}, "t5"),
        (byte_level("<s>", "</s>"), {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<new pad>"}, "mistral"),
    ],
)
def test_a_library_file_gives_transformers_ids(tmp_path: Path, library: Any, named: Any, model_type: str) -> None:
    write_fast(tmp_path, library, **named)
    tokenizer = _open(tmp_path, model_type)
    _check_ids(tokenizer, tmp_path)
    assert tokenizer.vocab_size == 700
    control = tokenizer.control_tokens
    assert control[named.get("bos_token", named["eos_token"])] == tokenizer.bos_id
    assert control[named["eos_token"]] in tokenizer.stop_ids
    assert set(range(library.get_vocab_size() + 1, 700)) <= tokenizer.control_ids()


def test_merges_of_gpt2_are_read(tmp_path: Path) -> None:
    import transformers

    byte_level().model.save(str(tmp_path))
    tokenizer = _open(tmp_path, "gpt2")
    reader = transformers.GPT2Tokenizer(str(tmp_path / "vocab.json"), str(tmp_path / "merges.txt"))
    for text in TEXTS:
        assert tokenizer.encode(text) == reader(text)["input_ids"]
    with pytest.raises(ArtifactError, match=r"tokenizer\.json is needed"):
        _open(tmp_path, "qwen2")


def test_bytes_of_tokens_are_those_of_the_text_where_nothing_is_lost(tmp_path: Path) -> None:
    write_fast(tmp_path / "bytes", byte_level(), eos_token="<|endoftext|>")
    write_fast(tmp_path / "marks", with_byte_fallback(), bos_token="<s>", eos_token="</s>", unk_token="<unk>")
    for text in ("The furnace 丹炉 🔥 lit\n", "a  b", "Ünï"):
        assert (
            _open(tmp_path / "bytes", "gpt2").decode_bytes(_open(tmp_path / "bytes", "gpt2").encode(text))
            == text.encode()
        )
        marks = _open(tmp_path / "marks", "llama")
        assert marks.decode(marks.encode(text)) == text
        assert marks.decode_bytes(marks.encode(text)) == b" " + text.encode()  # it puts a space in front of a text


def test_an_artifact_gives_the_same_tokenizer(tmp_path: Path) -> None:
    write_vocabulary(tmp_path)
    tokenizer = _open(tmp_path, "bert")
    save_tokenizer(tokenizer, tmp_path / "saved", settings=TokenizerSettings())
    opened = open_tokenizer(tmp_path / "saved")
    assert (opened.kind, opened.facts, opened.vocab_size) == ("imported", tokenizer.facts, 700)
    assert opened.roles == tokenizer.roles
    assert opened.control_ids() == tokenizer.control_ids()
    for text in TEXTS:
        assert opened.encode(text) == tokenizer.encode(text)
        assert opened.decode(opened.encode(text)) == tokenizer.decode(tokenizer.encode(text))


def test_ids_that_end_a_text_are_those_of_every_file(tmp_path: Path) -> None:
    write_fast(tmp_path, split_byte_level(), eos_token="<|endoftext|>")
    end = split_byte_level().token_to_id("<|im_end|>")
    (tmp_path / "generation_config.json").write_text(json.dumps({"eos_token_id": [end, 0]}))
    tokenizer = _open(tmp_path, "qwen2")
    assert {end, tokenizer.bos_id} <= tokenizer.stop_ids


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("tokenizer.json", "{", "tokenizer.json"),
        ("tokenizer.json", "{}", "tokenizer.json"),
        ("tokenizer_config.json", "[]", "not a JSON object"),
        ("tokenizer_config.json", '{"auto_map": {"AutoTokenizer": "code.py"}}', "auto_map"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path: Path, name: str, content: str, problem: str) -> None:
    write_fast(tmp_path, byte_level(), eos_token="<|endoftext|>")
    (tmp_path / name).write_text(content)
    with pytest.raises(ArtifactError, match=problem):
        _open(tmp_path, "gpt2")


def test_a_tokenizer_of_another_model_is_refused(tmp_path: Path) -> None:
    write_fast(tmp_path, byte_level(), eos_token="<|endoftext|>")
    with pytest.raises(ArtifactError, match="the model has 300 rows"):
        _open(tmp_path, "gpt2", 300)


def test_a_folder_without_tokenizer_or_without_a_beginning_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="no tokenizer"):
        _open(tmp_path, "llama")
    write_fast(tmp_path, byte_level())
    with pytest.raises(ArtifactError, match="no token begins a text"):
        _open(tmp_path, "modernbert")
