"""Evaluation of a run and of a text of one's own; comparison of runs. The run is made by hand: no training."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from danlu.core.artifacts import finish_artifact
from danlu.core.errors import DataError, UsageError
from danlu.corpus.pipeline import build_corpus
from danlu.corpus.settings import CorpusRuntime, CorpusSettings
from danlu.corpus.store import open_corpus
from danlu.models.gpt import ARCHITECTURE
from danlu.models.rotary_decoder import GPTSettings
from danlu.models.store import save_model
from danlu.recipes.compare import compare
from danlu.recipes.evaluate import evaluate
from danlu.tokenizers import TOKENIZERS
from danlu.tokenizers.token_store import encode_corpus
from danlu.tokenizers.tokenizer import TokenizerSettings, open_tokenizer, save_tokenizer

VALID = "The furnace is lit. 炉火已燃。\r\n\r\nIt burns all night,\ttill morning. 一直烧到天亮。\n" * 12


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("run"), VALID, kind="byte", seed=1)


def make_run(folder: Path, valid: str, *, kind: str, seed: int) -> Path:
    """A run folder with everything but training."""
    (folder / "train.txt").write_text("The furnace was cold. 炉火未燃。\n" * 60, encoding="utf-8")
    (folder / "valid.txt").write_text(valid, encoding="utf-8", newline="")
    run = folder / "run"
    build_corpus(
        [folder / "train.txt"],
        run / "corpus",
        CorpusSettings(),
        CorpusRuntime(),
        valid_sources=[folder / "valid.txt"],
    )
    corpus = open_corpus(run / "corpus")
    settings = TokenizerSettings(kind=kind)
    made = TOKENIZERS.load(kind)(lambda: (d.text for d in corpus.documents("train")), settings)
    save_tokenizer(made, run / "tokenizer", settings=settings, inputs={}, facts={})
    tokenizer = open_tokenizer(run / "tokenizer")
    encode_corpus(corpus, tokenizer, run / "tokens")
    shape = GPTSettings(
        width=16, depth=1, num_heads=1, num_key_heads=1, head_width=16, inner_width=32, context_length=32
    )
    save_model(ARCHITECTURE.build(shape, tokenizer.vocab_size, seed=seed), run / "model", bos_id=tokenizer.bos_id)
    shutil.copytree(run / "tokenizer", run / "model" / "tokenizer")
    assert tokenizer.artifact is not None
    finish_artifact(run / "model", "model", settings={}, inputs={"tokenizer": tokenizer.artifact.digest})
    return run


def test_the_held_out_text_is_scored(run: Path) -> None:
    found = evaluate(run)
    assert found.num_bytes == len(VALID.encode())
    assert set(found.reference_lines) == {"gzip", "xz", "ngram"}
    # An untrained model guesses: about log2(vocabulary) bits for each byte.
    assert found.bits_per_byte == pytest.approx(8, abs=0.5)
    assert found.perplexity == pytest.approx(2**found.bits_per_byte, rel=1e-6)  # one token a byte
    assert found.tokens_per_second > 0
    assert found.parameters > 0
    assert found.xz_after_training is None


def test_the_same_text_as_a_file_gives_the_same_figure(run: Path, tmp_path: Path) -> None:
    text = tmp_path / "own.txt"
    text.write_text(VALID, encoding="utf-8", newline="")
    assert evaluate(run, on=text).bits_per_byte == pytest.approx(evaluate(run).bits_per_byte, rel=1e-9)


@pytest.mark.parametrize(
    ("data", "num_bytes"),
    [
        ("\ufeffwith a mark\r\n".encode(), 16),
        (b"no line end", 11),
        ("炉火燃起来了,一直烧到天亮。".encode("gb18030") * 3, 3 * 40),
    ],
)
def test_a_file_is_scored_whole_and_unchanged(run: Path, tmp_path: Path, data: bytes, num_bytes: int) -> None:
    text = tmp_path / "own.txt"
    text.write_bytes(data)
    found = evaluate(run, on=text)
    assert found.num_bytes == num_bytes  # of the UTF-8 of the text
    assert found.num_documents == 1


def test_a_file_of_documents_is_read_as_such(run: Path, tmp_path: Path) -> None:
    lines = tmp_path / "own.jsonl"
    lines.write_text('{"text": "first document, long enough"}\n{"text": "第二篇文档,也够长"}\n', encoding="utf-8")
    found = evaluate(run, on=lines)
    assert found.num_documents == 2
    assert found.num_bytes == len("first document, long enough第二篇文档,也够长".encode())


def test_the_finished_model_alone_needs_a_text(run: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone"
    shutil.copytree(run / "model", alone)
    with pytest.raises(UsageError, match="--on"):
        evaluate(alone)
    text = tmp_path / "own.txt"
    text.write_text(VALID, encoding="utf-8")
    assert set(evaluate(alone, on=text).reference_lines) == {"gzip", "xz"}


def test_more_context_is_a_setting(run: Path) -> None:
    found = evaluate(run / "model", overrides=["stride=8", "ngram_bytes=0", "xz_after_training=true"])
    assert found.num_tokens == evaluate(run).num_tokens
    assert set(found.reference_lines) == {"gzip", "xz"}
    assert found.xz_after_training is not None


@pytest.mark.parametrize("overrides", [["stride=33"], ["stride=0"], ["strid=8"]])
def test_wrong_settings_are_refused(run: Path, overrides: Sequence[str]) -> None:
    with pytest.raises(UsageError):
        evaluate(run, overrides=overrides)


def test_missing_and_empty_files_are_refused(run: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        evaluate(run, on=tmp_path / "nowhere.txt")
    (tmp_path / "empty.txt").write_bytes(b"")
    with pytest.raises(DataError):
        evaluate(run, on=tmp_path / "empty.txt")


def test_runs_on_the_same_text_are_ranked(run: Path, tmp_path: Path) -> None:
    other = make_run(tmp_path, VALID, kind="char", seed=2)
    found = compare([run, other])
    assert found.is_ranked
    assert found.runs[0].bits_per_byte <= found.runs[1].bits_per_byte
    assert len({row.name for row in found.runs}) == 2  # both folders are called "run"
    assert found.runs[0].bits_per_byte == pytest.approx(min(evaluate(p).bits_per_byte for p in (run, other)))


def test_runs_on_other_texts_are_not(run: Path, tmp_path: Path) -> None:
    other = make_run(tmp_path, VALID + "one line more\n", kind="byte", seed=1)
    assert not compare([run, other]).is_ranked


def test_nothing_to_compare_is_refused() -> None:
    with pytest.raises(UsageError):
        compare([])
