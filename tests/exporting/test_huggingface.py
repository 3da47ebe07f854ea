"""transformers loads the exported folder and computes the same: ids, logits, greedy text.

B batch, T positions, V vocabulary.
"""

import json
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from danlu.core.artifacts import open_artifact
from danlu.exporting.parity import parity_texts
from danlu.exporting.source import open_source
from danlu.recipes.export import export

transformers = pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def exported(gpt_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of `gpt` in Hugging Face layout."""
    return export(gpt_run, "huggingface", tmp_path_factory.mktemp("exported") / "hf").path


def _theirs(folder: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return transformers.AutoModelForCausalLM.from_pretrained(str(folder), local_files_only=True).eval()


def _reader(folder: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return transformers.AutoTokenizer.from_pretrained(str(folder), local_files_only=True)


def test_logits_are_equal_at_every_length(gpt_run: Path, exported: Path) -> None:
    ours, theirs = open_source(gpt_run).model, _theirs(exported)
    assert type(theirs).__name__ == "Qwen3ForCausalLM"
    for length in (1, 2, 17, ours.context_length):
        ids_BT = torch.randint(0, ours.vocab_size, (3, length), generator=torch.Generator().manual_seed(length))
        with torch.no_grad():
            wanted_BTV, found_BTV = ours.logits(ours(ids_BT).hidden_BTC), theirs(ids_BT).logits
        torch.testing.assert_close(found_BTV, wanted_BTV, rtol=0, atol=1e-4)


@pytest.mark.parametrize("kind", ["bpe", "char", "byte"])
def test_ids_and_text_are_equal_on_a_thousand_texts(make_run: Callable[..., Path], tmp_path: Path, kind: str) -> None:
    run = make_run("gpt", kind)
    ours, theirs = open_source(run).tokenizer, _reader(export(run, "huggingface", tmp_path / "hf").path)
    texts = parity_texts(1000, seed=1)
    assert len(texts) >= 1000
    for text in texts:
        ids = ours.encode(text)
        assert theirs(text)["input_ids"] == ids
        assert theirs.decode(ids) == text
    assert theirs.bos_token_id == theirs.eos_token_id == ours.bos_id
    assert theirs.model_max_length == 64


def test_greedy_text_is_equal(gpt_run: Path, exported: Path) -> None:
    source, theirs, reader = open_source(gpt_run), _theirs(exported), _reader(exported)
    ids_BT = torch.tensor([[reader.bos_token_id, *reader.encode("炉火 fire")]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found_BT = theirs.generate(ids_BT, do_sample=False, max_new_tokens=24)
    wanted_BT = ids_BT
    with torch.no_grad():
        while wanted_BT.shape[1] < found_BT.shape[1]:
            logits_BTV = source.model.logits(source.model(wanted_BT).hidden_BTC)
            wanted_BT = torch.cat([wanted_BT, logits_BTV[:, -1:].argmax(-1)], dim=1)
    assert found_BT.shape[1] > ids_BT.shape[1]
    assert found_BT.tolist() == wanted_BT.tolist()


def test_the_folder_holds_what_other_programs_read(exported: Path) -> None:
    artifact = open_artifact(exported, "export", verify="hashes")
    assert artifact.facts["proven_with"] == ["danlu", "transformers"]
    names = {path.name for path in exported.iterdir()}
    assert names == {
        "README.md", "config.json", "generation_config.json", "manifest.json", "model.safetensors", "tokenizer.json",
        "tokenizer_config.json",
    }  # fmt: skip
    tokenizer = json.loads((exported / "tokenizer_config.json").read_text())
    assert tokenizer["tokenizer_class"] == "PreTrainedTokenizerFast"
    assert tokenizer["clean_up_tokenization_spaces"] is False
    assert tokenizer["split_special_tokens"] is True
    assert tokenizer["bos_token"] == tokenizer["eos_token"] == "<|bos|>"
    assert json.loads((exported / "generation_config.json").read_text())["eos_token_id"] == 0


def test_the_code_of_the_card_runs(exported: Path) -> None:
    code = (exported / "README.md").read_text().split("```python\n")[1].split("```")[0]
    done = subprocess.run([sys.executable, "-c", code], cwd=exported, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Once upon a time")


def test_weights_may_be_stored_in_half_the_bytes(gpt_run: Path, exported: Path, tmp_path: Path) -> None:
    small = export(gpt_run, "huggingface", tmp_path / "small", overrides=["dtype=bfloat16"]).path
    assert (small / "model.safetensors").stat().st_size < 0.6 * (exported / "model.safetensors").stat().st_size
    assert _theirs(small).dtype == torch.bfloat16
    assert open_source(gpt_run).model.embed.weight.dtype == torch.float32


@pytest.mark.parametrize("arch", ["t5", "bart"])
def test_encoder_decoders_are_proven_and_write(make_run: Callable[..., Path], tmp_path: Path, arch: str) -> None:
    run = make_run(arch)
    done = export(run, "huggingface", tmp_path / "hf")
    assert [proof.program for proof in done.proofs] == ["danlu", "transformers"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = transformers.AutoModelForSeq2SeqLM.from_pretrained(str(done.path), local_files_only=True).eval()
    assert theirs.generation_config.decoder_start_token_id == open_source(run).model.start_id
    assert theirs.generate(torch.tensor([[0, 5, 6, 7]]), max_new_tokens=5, do_sample=False).shape[1] > 1
    assert "AutoModelForSeq2SeqLM" in (done.path / "README.md").read_text()
