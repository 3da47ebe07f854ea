"""Sentencepiece files give the ids that sentencepiece itself gives, and those of transformers."""

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from danlu.core.errors import ArtifactError
from danlu.exporting.parity import parity_texts
from danlu.tokenizers.imported import imported_tokenizer
from danlu.tokenizers.sentencepiece_files import BPE, UNIGRAM, parse
from danlu.tokenizers.tokenizer import Tokenizer
from foreign_folders import LINES, NASTY, open_theirs

sentencepiece = pytest.importorskip("sentencepiece")
pytest.importorskip("transformers")
TEXTS = (*NASTY, *parity_texts(80, seed=3))
# Plain text, on which the program itself and transformers' classes agree.
PLAIN = (
    "The furnace is lit at dawn",
    "丹炉之中，火候最难。文火三日",
    "Ça va? Wörld café 1234 🔥",
    "it isn't to go out",
    "a b",
)


def _trained(kind: str, **options: object) -> bytes:
    made = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(LINES * 20),
        model_writer=made,
        model_type=kind,
        hard_vocab_limit=False,
        minloglevel=2,
        **options,
    )
    return made.getvalue()


@pytest.fixture(scope="module")
def llama() -> bytes:
    """As Llama's: BPE, bytes for the rest, nothing normalized, a symbol of the user's."""
    options = {"normalization_rule_name": "identity", "remove_extra_whitespaces": False}
    return _trained("bpe", vocab_size=480, byte_fallback=True, user_defined_symbols=["<tool>"], **options)


@pytest.fixture(scope="module")
def t5() -> bytes:
    """As T5's: unigram, NFKC, padding first."""
    return _trained("unigram", vocab_size=220, pad_id=0, eos_id=1, unk_id=2, bos_id=-1)


def _open(folder: Path, name: str, data: bytes, model_type: str, **config: object) -> Tokenizer:
    (folder / name).write_bytes(data)
    written = {"model_type": model_type, "is_encoder_decoder": model_type == "t5"}
    (folder / "config.json").write_text(json.dumps(written))
    if config:
        (folder / "tokenizer_config.json").write_text(json.dumps(config))
    return imported_tokenizer(folder, 800)


def test_the_file_is_read_as_the_program_reads_it(llama: bytes, t5: bytes) -> None:
    for data, kind in ((llama, BPE), (t5, UNIGRAM)):
        program, model = sentencepiece.SentencePieceProcessor(model_proto=data), parse(data)
        assert model.kind == kind
        size = program.get_piece_size()
        assert [piece for piece, _ in model.pieces] == [program.id_to_piece(number) for number in range(size)]
        assert [score for _, score in model.pieces] == [program.get_score(number) for number in range(size)]
        assert {number for number, control in model.added.items() if control} == {
            number for number in range(size) if program.is_control(number)
        }


@pytest.mark.parametrize(
    "config",
    [
        {"tokenizer_class": "LlamaTokenizer"},
        {"tokenizer_class": "LlamaTokenizer", "legacy": True},
        {"tokenizer_class": "LlamaTokenizer", "add_prefix_space": False},
    ],
)
def test_llama_s_file_gives_equal_ids(tmp_path: Path, llama: bytes, config: dict[str, object]) -> None:
    tokenizer = _open(tmp_path, "tokenizer.model", llama, "llama", **config)
    reader, program = open_theirs(tmp_path), sentencepiece.SentencePieceProcessor(model_proto=llama)
    for text in TEXTS:
        assert tokenizer.encode(text) == reader(text, add_special_tokens=False)["input_ids"], text
    if "add_prefix_space" not in config:
        assert [tokenizer.encode(text) for text in PLAIN] == [program.encode(text) for text in PLAIN]
    assert (tokenizer.bos_id, tokenizer.stop_ids) == (1, frozenset({1, 2}))


def test_t5_s_file_gives_equal_ids(tmp_path: Path, t5: bytes) -> None:
    tokenizer = _open(tmp_path, "spiece.model", t5, "t5")
    reader, program = open_theirs(tmp_path), sentencepiece.SentencePieceProcessor(model_proto=t5)
    for text in (*TEXTS, "a <extra_id_0> b<extra_id_99>"):
        assert tokenizer.encode(text) == reader(text, add_special_tokens=False)["input_ids"], text
    assert [tokenizer.encode(text) for text in PLAIN] == [program.encode(text) for text in PLAIN]
    assert tokenizer.framed(tokenizer.encode("a b")) == reader("a b")["input_ids"]
    assert [tokenizer.encode(name) for name in tokenizer.roles.sentinels[:2]] == [
        [reader.convert_tokens_to_ids("<extra_id_0>")],
        [reader.convert_tokens_to_ids("<extra_id_1>")],
    ]


def test_other_classes_and_mixed_up_kinds_are_refused(tmp_path: Path, llama: bytes, t5: bytes) -> None:
    with pytest.raises(ArtifactError, match=r"tokenizer\.json is needed"):
        _open(tmp_path, "tokenizer.model", t5, "llama")
    with pytest.raises(ArtifactError, match=r"tokenizer\.json is needed"):
        _open(tmp_path, "tokenizer.model", llama, "bert", tokenizer_class="CamembertTokenizer")


@given(data=st.binary(max_size=60))
def test_other_bytes_are_no_model(data: bytes) -> None:
    try:
        assert parse(data).pieces
    except ValueError as problem:
        assert str(problem)  # noqa: PT017 (either is right: some bytes do hold a piece)


def test_a_cut_file_is_no_model(llama: bytes) -> None:
    for size in (0, 1, 100, len(llama) - 1):
        with pytest.raises(ValueError, match="sentencepiece model"):
            parse(llama[:size])
