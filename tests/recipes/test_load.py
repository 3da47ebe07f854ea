"""A finished model in the hands of a program: ids, logits, text, and what is refused."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from danlu.core.artifacts import finish_artifact
from danlu.core.errors import ArtifactError, UsageError
from danlu.models import ARCHITECTURES
from danlu.models.store import save_model
from danlu.recipes.load import LoadedModel, load
from danlu.tokenizers import TOKENIZERS
from danlu.tokenizers.tokenizer import TokenizerSettings, save_tokenizer

TEXT = "The furnace turns text into a model. \u4e39\u7089 <|bos|> \u00e9\n"


def write_run(run: Path, arch: str = "gpt") -> None:
    """A run's model with random weights and a byte tokenizer, inside the model's folder."""
    settings = TokenizerSettings(kind="byte")
    tokenizer = TOKENIZERS.load("byte")(lambda: iter([TEXT]), settings)
    made = save_tokenizer(tokenizer, run / "model" / "tokenizer", settings=settings)
    row = ARCHITECTURES.load(arch)
    model = row.build(row.sized(60_000, tokenizer.vocab_size, 32), tokenizer.vocab_size, seed=1)
    save_model(model, run / "model", bos_id=tokenizer.bos_id)
    finish_artifact(run / "model", "model", settings={}, inputs={"tokenizer": made.digest})


@pytest.fixture(scope="module", params=["gpt", "lstm"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of each kind of network."""
    folder = tmp_path_factory.mktemp("run")
    write_run(folder, request.param)
    return folder


@pytest.fixture(scope="module")
def model(run: Path) -> LoadedModel:
    """The loaded model."""
    return load(run)


def test_text_goes_there_and_back(model: LoadedModel) -> None:
    ids = model.encode(TEXT)
    assert model.decode(ids) == TEXT
    assert model.bos_id not in ids


def test_logits_are_those_of_the_network_in_evaluation_mode(model: LoadedModel) -> None:
    ids = [[model.bos_id, *model.encode("The furnace")]]
    logits = model.logits(ids)
    assert logits.shape == (1, len(ids[0]), model.vocab_size)
    assert logits.dtype == torch.float32
    assert not logits.requires_grad
    assert torch.equal(logits, model.logits(np.array(ids, dtype=np.uint16)))
    assert torch.equal(logits, model.logits(torch.tensor(ids, dtype=torch.int32)))
    torch.testing.assert_close(model.logits([ids[0][:4]]), logits[:, :4])


def test_the_folder_of_the_model_is_as_good_as_the_run(run: Path, model: LoadedModel) -> None:
    ids = [[model.bos_id, 5, 6]]
    assert torch.equal(load(str(run / "model")).logits(ids), model.logits(ids))


def test_generated_text_depends_on_the_seed_only(model: LoadedModel) -> None:
    first = model.generate("The", max_tokens=12, seed=3)
    assert first == model.generate("The", max_tokens=12, seed=3)
    assert first == "".join(model.stream("The", overrides=["max_tokens=12", "seed=3"]))
    with pytest.raises(UsageError, match="max_token"):
        model.generate("The", max_token=3)


@pytest.mark.parametrize(
    "ids", [[], [[]], [1, 2], [[0.5]], [[-1]], [[10**6]], [[1] * 33], torch.ones(1, 2, dtype=torch.bool)], ids=str
)
def test_ids_that_cannot_be_read_are_refused(model: LoadedModel, ids: object) -> None:
    with pytest.raises(UsageError) as refused:
        model.logits(ids)  # type: ignore[arg-type]
    assert refused.value.exit_code == 2


def test_folders_without_a_model_are_refused(tmp_path: Path, run: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path, tmp_path / "missing", tmp_path / "file"):
        with pytest.raises(ArtifactError):
            load(place)


def test_another_models_tokenizer_is_refused(tmp_path: Path) -> None:
    write_run(tmp_path)
    settings = TokenizerSettings(kind="byte")
    other = TOKENIZERS.load("byte")(lambda: iter([TEXT]), settings)
    (tmp_path / "model" / "tokenizer" / "manifest.json").unlink()
    save_tokenizer(other, tmp_path / "model" / "tokenizer", settings=settings, facts={"other": 1})
    with pytest.raises(ArtifactError):
        load(tmp_path)


def test_a_flipped_bit_is_found(tmp_path: Path) -> None:
    write_run(tmp_path)
    weights = tmp_path / "model" / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-100] ^= 1
    weights.write_bytes(data)
    with pytest.raises(ArtifactError, match="damaged"):
        load(tmp_path)


def test_a_hugging_face_folder_has_its_tokenizer_beside_the_weights(
    run: Path, tmp_path: Path, model: LoadedModel
) -> None:
    for name in ("config.json", "model.safetensors", "danlu.json", "tokenizer/tokenizer.json"):
        if (run / "model" / name).exists():
            shutil.copy(run / "model" / name, tmp_path)
    alone = load(tmp_path)
    assert alone.encode(TEXT) == model.encode(TEXT)
    assert alone.decode(alone.encode(TEXT)) == TEXT
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(ArtifactError, match=r"tokenizer\.json"):
        load(tmp_path)


@pytest.mark.parametrize("arch", ["gpt", "bert", "lstm"])
def test_the_vector_of_a_text_is_the_mean_of_its_positions_whatever_stands_beside_it(arch: str, tmp_path: Path) -> None:
    write_run(tmp_path, arch)
    model = load(tmp_path)
    texts = ["a", "", "\u4e39\u7089 \u706b", "The furnace is lit. " * 9, "two words"]
    found_NC = model.vectors(texts)
    assert found_NC.dtype == torch.float32
    for vector_C, text in zip(found_NC, texts, strict=True):
        ids = [model.bos_id, *model.encode(text)][: model.context_length]
        hidden_1TC = model.network(torch.tensor([ids])).hidden_BTC
        torch.testing.assert_close(vector_C, hidden_1TC[0].mean(dim=0), atol=1e-5, rtol=1e-4)
    assert model.vectors([]).shape == (0, found_NC.shape[1])


@pytest.mark.parametrize("arch", ["t5", "bart", "transformer"])
def test_the_vectors_of_an_encoder_decoder_are_those_of_its_encoder(arch: str, tmp_path: Path) -> None:
    write_run(tmp_path, arch)
    model = load(tmp_path)
    texts = ["a", "The furnace is lit. " * 9, "two words"]
    for vector_C, text in zip(model.vectors(texts), texts, strict=True):
        ids = model.tokenizer.framed(model.encode(text)[: model.context_length - len(model.tokenizer.framed([]))])
        read_1SC = model.network.encode(torch.tensor([ids])).hidden_BSC
        torch.testing.assert_close(vector_C, read_1SC[0].mean(dim=0), atol=1e-5, rtol=1e-4)
