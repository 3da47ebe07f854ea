"""Probes of every architecture; what is asked, and what is refused before anything is computed."""

import json
from pathlib import Path

import pytest

from danlu.core.errors import DataError, UsageError
from danlu.models import ARCHITECTURES
from danlu.recipes.load import LoadedModel
from danlu.recipes.probes import ProbeSettings, frequent_words, probe, random_twin, read_questions
from danlu.tokenizers import TOKENIZERS
from danlu.tokenizers.tokenizer import Tokenizer, TokenizerSettings

TEXTS = ["the furnace is lit and the oven is warm", "炉火已燃，丹炉很热。炉火很旺。", "the moon is cold"] * 4


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    """One of bytes, whose entries are known without a text."""
    return TOKENIZERS.load("byte")(lambda: iter(TEXTS), TokenizerSettings(kind="byte"))


def model_of(name: str, tokenizer: Tokenizer, tmp_path: Path) -> LoadedModel:
    row = ARCHITECTURES.load(name)
    network = row.build(row.sized(30_000, tokenizer.vocab_size, 32), tokenizer.vocab_size, seed=3).eval()
    return LoadedModel(tmp_path, network, tokenizer)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Labelled texts in two scripts, and scored pairs."""
    folder = tmp_path_factory.mktemp("files")
    labelled = [{"text": f"炉火 {n}" if n % 2 else f"furnace {n}", "label": n % 2} for n in range(60)]
    pairs = [{"a": "furnace", "b": "furnace" if n % 2 else "炉火", "score": n % 2 + n / 100} for n in range(20)]
    for name, rows in (("labelled", labelled), ("pairs", pairs)):
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / name).write_text(text, encoding="utf-8")
    return {name: str(folder / name) for name in ("labelled", "pairs")}


@pytest.mark.parametrize("name", ARCHITECTURES.names())
def test_every_architecture_is_probed(name: str, tokenizer: Tokenizer, files: dict[str, str], tmp_path: Path) -> None:
    model = model_of(name, tokenizer, tmp_path)
    settings = ProbeSettings(**files, words=("oven", "炉火"), num_neighbours=3)
    found = probe(model, settings, TEXTS, read_questions(settings))
    assert found.labels is not None
    assert found.labels.num_train == 48
    assert found.labels.num_test == 12
    assert found.labels.model.accuracy == 1  # scripts are told by any vectors of bytes
    assert 0 < found.labels.commonest < 1
    assert found.pairs is not None
    assert found.pairs.model.spearman > 0.5  # the same text twice has the cosine 1
    assert len(found.neighbours["oven"]) == 3
    assert "oven" not in [one.word for one in found.neighbours["oven"]]


def test_the_twin_has_the_shape_and_other_weights(tokenizer: Tokenizer, tmp_path: Path) -> None:
    model = model_of("bert", tokenizer, tmp_path)
    twin = random_twin(model)
    assert [w.shape for w in twin.network.parameters()] == [w.shape for w in model.network.parameters()]
    assert not twin.vectors(["furnace"]).equal(model.vectors(["furnace"]))
    assert twin.vectors(["furnace"]).equal(random_twin(model).vectors(["furnace"]))


def test_words_are_those_of_both_languages_by_frequency() -> None:
    words = frequent_words(TEXTS, 4)
    assert words[:2] == ["is", "the"]
    assert "炉火" in words
    assert "，" not in frequent_words(TEXTS, 100)


def test_text_with_hardly_a_word_has_no_neighbours(tokenizer: Tokenizer, tmp_path: Path) -> None:
    settings = ProbeSettings(words=("oven",))
    found = probe(model_of("gpt", tokenizer, tmp_path), settings, ["123"], read_questions(settings))
    assert found.neighbours == {"oven": []}
    assert found.labels is None
    assert found.pairs is None


def test_what_cannot_be_probed_is_refused(tmp_path: Path, files: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="none to learn from"):
        read_questions(ProbeSettings(labelled_test=files["labelled"]))
    few = tmp_path / "few"
    few.write_text('{"text": "a", "label": "b"}\n' * 5, encoding="utf-8")
    with pytest.raises(DataError, match="too few lines"):
        read_questions(ProbeSettings(labelled=str(few)))
    few.write_text('{"text": "a", "label": "b"}\n' * 50, encoding="utf-8")
    with pytest.raises(DataError, match="same label"):
        read_questions(ProbeSettings(labelled=str(few)))
    few.write_text("", encoding="utf-8")
    with pytest.raises(DataError, match="too few lines"):
        read_questions(ProbeSettings(pairs=str(few)))


def test_nothing_is_asked_unless_something_is_named(files: dict[str, str]) -> None:
    assert not ProbeSettings().ask
    assert ProbeSettings(pairs=files["pairs"]).ask
    assert ProbeSettings(words=("a",)).ask
