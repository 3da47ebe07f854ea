"""What every row of TOKENIZERS promises."""

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from danlu.core.artifacts import MANIFEST, finish_artifact
from danlu.core.errors import ArtifactError, DataError
from danlu.tokenizers import TOKENIZERS
from danlu.tokenizers.tokenizer import (
    CONTROLS_OF_MASKED,
    MASK,
    PADDING,
    SEPARATOR,
    Tokenizer,
    TokenizerSettings,
    open_tokenizer,
    save_tokenizer,
)

TEXTS = (
    "The furnace is lit. It's warm, isn't it? 3.14 and 42 <0x41> <|bos|>\n\n\tdef f(x):\n    return x != y\n" * 12,
    "丹炉把一个文件夹的文字炼成一个语言模型。训练、测量、解释,都在两个处理器核上完成。\u3000她说:“好!”\r\n" * 12,
)
CONTROL_LOOKALIKES = (SEPARATOR, "<|endoftext|>", "[MASK]", "<0x41>", "<0xE5>", "a<|bos|>b", "</s><s>[UNK]<unk>")
PIECES = st.sampled_from(
    [
        "<|bos|>",
        "<0x41>",
        "<0xE5>",
        " ",
        "  ",
        "\n",
        "\r\n",
        "'s",
        "'LL",
        "!",
        "the",
        "的",
        "，",
        "\u0301",
        "\U0001f600",
        "1",
    ]
)
TEXT = st.text() | st.lists(PIECES | st.characters(exclude_categories=["Cs"])).map("".join)
_made: dict[str, Tokenizer] = {}


def make(kind: str, **settings: Any) -> Tokenizer:
    chosen = TokenizerSettings(kind=kind, **{"vocab_size": 800, **settings})
    made: Tokenizer = TOKENIZERS.load(kind)(lambda: iter(TEXTS), chosen)
    return made


def small(kind: str) -> Tokenizer:
    if kind not in _made:
        _made[kind] = make(kind)
    return _made[kind]


pytestmark = pytest.mark.parametrize("kind", TOKENIZERS.names())


@given(text=TEXT)
def test_text_comes_back_exactly(kind: str, text: str) -> None:
    tokenizer = small(kind)
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert tokenizer.decode_bytes(ids) == text.encode()
    assert tokenizer.control_ids().isdisjoint(ids)
    assert all(0 <= number < tokenizer.vocab_size for number in ids)


@given(text=TEXT)
def test_ids_are_those_of_the_library(kind: str, text: str) -> None:
    tokenizer = small(kind)
    assert tokenizer.encode(text) == tokenizer.library.encode(text, add_special_tokens=False).ids


@given(texts=st.lists(TEXT, max_size=5))
def test_a_batch_gives_what_single_texts_give(kind: str, texts: list[str]) -> None:
    tokenizer = small(kind)
    batch = tokenizer.encode_batch(texts)
    assert [ids.tolist() for ids in batch] == [tokenizer.encode(text) for text in texts]
    assert all(ids.dtype == np.uint32 for ids in batch)


def test_every_character_comes_back(kind: str) -> None:
    points = [*range(0xD800), *range(0xE000, 0x20000), *range(0x20000, 0x110000, 61)]
    text = "".join(map(chr, points))
    assert small(kind).decode(small(kind).encode(text)) == text


@pytest.mark.parametrize("text", CONTROL_LOOKALIKES)
def test_text_never_becomes_a_control_token(kind: str, text: str) -> None:
    tokenizer = small(kind)
    ids = tokenizer.encode(text)
    assert tokenizer.control_ids().isdisjoint(ids)
    assert tokenizer.decode([tokenizer.bos_id, *ids, tokenizer.bos_id]) == text


def test_the_separator_is_the_first_id(kind: str) -> None:
    tokenizer = small(kind)
    assert tokenizer.bos_id == 0
    assert tokenizer.control_ids() == {0}
    assert tokenizer.token_bytes(0) == b""
    assert tokenizer.encode("") == []
    assert tokenizer.decode([]) == ""


def test_more_control_tokens_come_first(kind: str) -> None:
    tokenizer = make(kind, control_tokens=(SEPARATOR, "<|mask|>"))
    assert tokenizer.control_tokens == {SEPARATOR: 0, "<|mask|>": 1}
    assert tokenizer.control_ids().isdisjoint(tokenizer.encode("<|mask|>"))


def test_control_tokens_of_masked_models_are_ids_only(kind: str, tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    tokenizer = make(kind, control_tokens=CONTROLS_OF_MASKED)
    assert (tokenizer.bos_id, tokenizer.control_tokens[PADDING], tokenizer.mask_id) == (0, 1, 2)
    text = f"a{MASK}b {PADDING} [MASK] [CLS] 丹{MASK}炉"
    ids = tokenizer.encode(text)
    assert tokenizer.control_ids().isdisjoint(ids)
    assert tokenizer.decode([0, *ids, 1, 2]) == text
    save_tokenizer(tokenizer, tmp_path / "t", settings=TokenizerSettings(kind=kind))
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path / "t")
    assert (theirs.pad_token_id, theirs.mask_token_id) == (1, 2)
    assert theirs(text).input_ids == ids


def test_every_byte_has_an_id(kind: str) -> None:
    tokenizer = small(kind)
    single = {tokenizer.token_bytes(number) for number in range(tokenizer.vocab_size)}
    assert {bytes([byte]) for byte in range(256)} <= single


def test_cut_characters_decode_without_failing(kind: str) -> None:
    tokenizer = small(kind)
    for first in range(0, tokenizer.vocab_size, 3):
        for second in range(0, tokenizer.vocab_size, 7):
            whole = tokenizer.token_bytes(first) + tokenizer.token_bytes(second)
            assert tokenizer.decode([first, second]) == whole.decode(errors="replace")


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "\ud83d\ude00"])
def test_lone_surrogates_are_an_error_in_words(kind: str, text: str) -> None:
    with pytest.raises(DataError, match="not valid Unicode"):
        small(kind).encode(text)


@pytest.mark.parametrize("ids", [[-1], [10**6], [2**63], [2**70], [1.0], [True], ["1"], [[1]], [0, -5]])
def test_ids_outside_the_vocabulary_are_an_error_in_words(kind: str, ids: list[Any]) -> None:
    with pytest.raises(DataError, match="not ids"):
        small(kind).decode(ids)


def test_an_artifact_gives_the_same_tokenizer_and_the_same_bytes(kind: str, tmp_path: Path) -> None:
    settings = TokenizerSettings(kind=kind, vocab_size=800)
    digests = {save_tokenizer(make(kind), tmp_path / name, settings=settings).digest for name in "ab"}
    assert len(digests) == 1
    opened = open_tokenizer(tmp_path / "a")
    assert (opened.kind, opened.vocab_size, opened.facts) == (kind, small(kind).vocab_size, small(kind).facts)
    assert opened.digest in digests
    assert [opened.encode(text) for text in TEXTS] == [small(kind).encode(text) for text in TEXTS]


def _break(path: Path, how: str) -> None:
    description = json.loads(path.read_text(encoding="utf-8"))
    model = description.get("model")
    listed = isinstance(model["vocab"], list)  # Unigram: [entry, score] by id
    match how:
        case "truncated":
            path.write_bytes(path.read_bytes()[:-200])
            return
        case "gap" if listed:
            del model["vocab"][-1]
            description["added_tokens"].append({**description["added_tokens"][0], "content": "<|far|>", "id": 9999})
        case "gap":
            model["vocab"][max(model["vocab"], key=lambda token: model["vocab"][token])] += 5
        case "twice" if listed:
            model["vocab"].append(model["vocab"][-1])
        case "twice":
            model["vocab"]["twice"] = 1
        case "merge" if "merges" in model:
            model["merges"].append(["no such token", "nor this"])
        case "merge":
            model["type"] = "BPE"  # a kind without merges is taken for one with them
        case "model":
            del description["model"]
    path.write_text(json.dumps(description), encoding="utf-8")


@pytest.mark.parametrize("how", ["truncated", "gap", "twice", "merge", "model"])
def test_a_damaged_file_is_an_error_in_words(kind: str, how: str, tmp_path: Path) -> None:
    save_tokenizer(small(kind), tmp_path / "t", settings=TokenizerSettings(kind=kind))
    _break(tmp_path / "t" / "tokenizer.json", how)
    with pytest.raises(ArtifactError):
        open_tokenizer(tmp_path / "t")
    (tmp_path / "t" / MANIFEST).unlink()  # even when the hashes are those of the broken file
    finish_artifact(tmp_path / "t", "tokenizer", settings={})
    with pytest.raises(ArtifactError):
        open_tokenizer(tmp_path / "t")


def test_transformers_gives_equal_ids_and_text(kind: str, tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    tokenizer = small(kind)
    save_tokenizer(tokenizer, tmp_path / "t", settings=TokenizerSettings(kind=kind))
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path / "t")
    assert theirs.bos_token_id == tokenizer.bos_id
    assert len(theirs) == tokenizer.vocab_size
    generator = np.random.Generator(np.random.PCG64(3))
    alphabet = [*sorted(set("".join((*TEXTS, *CONTROL_LOOKALIKES)))), "\u0301", "\U0001f600", "ß", "\u017f"]
    mixed = ["".join(generator.choice(alphabet, size=20)) for _ in range(400)]
    for text in (*TEXTS, *CONTROL_LOOKALIKES, " x != y .", "a ,b 's n't", *mixed):
        assert theirs(text).input_ids == tokenizer.encode(text)
        assert theirs.decode(tokenizer.encode(text)) == text


@pytest.mark.serial
@pytest.mark.parametrize("character", ["a", "^", " ", "\n", "啊", "ab", "'"])
def test_a_million_times_the_same_takes_under_a_second(kind: str, character: str) -> None:
    tokenizer, text = small(kind), character * 1_000_000
    seconds = []
    while len(seconds) < 3 and min(seconds, default=1.0) >= 1.0:  # the quickest: neighbours slow the same work by half
        start = time.process_time()
        ids = tokenizer.encode(text)
        seconds.append(time.process_time() - start)
    assert min(seconds) < 1.0
    assert tokenizer.decode(ids) == text
