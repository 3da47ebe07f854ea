"""Format `huggingface`: a folder that transformers loads, with the weights, the tokenizer and a model card.

B batch, T positions, V vocabulary.
"""

import copy
import importlib.util
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import torch
from tokenizers import Tokenizer as LibraryTokenizer
from torch import Tensor

from danlu.core.disk import write_durably, write_json
from danlu.core.errors import UsageError
from danlu.core.language import Text
from danlu.core.settings import setting
from danlu.exporting.card import CardSettings, model_card
from danlu.exporting.format import ExportFormat, Proof
from danlu.exporting.parity import check_ids, check_logits, parity_ids, parity_texts
from danlu.exporting.source import ExportSource
from danlu.models import ARCHITECTURES
from danlu.models.heads import MissingHead
from danlu.models.model import LanguageModel
from danlu.models.store import load_model, save_model
from danlu.tokenizers.tokenizer import Tokenizer, transformers_config

MAX_POSITIONS = 512  # of the ids that logits are compared on


class HuggingFaceSettings(CardSettings):
    """What the folder holds and what its card says."""

    dtype: Literal["stored", "float32", "bfloat16"] = setting(
        "stored", "number type of the weights; stored: as the model has them", "权重的数值类型；stored 为保持原样"
    )


def check(source: ExportSource, settings: HuggingFaceSettings) -> None:
    """Raises UsageError for an architecture without a class in transformers."""
    del settings
    if source.architecture.layout is not None:
        return
    rows = [ARCHITECTURES.load(name) for name in ARCHITECTURES.names()]
    raise UsageError(
        Text("transformers has no class for the architecture '{name}'", "transformers 没有 '{name}' 架构对应的类"),
        got=source.architecture.name,
        allowed=Text("a model of: {known}", "以下架构的模型：{known}"),
        fix=Text(
            "export with --to onnx, load {path} with danlu.load, or pretrain with --arch gpt",
            "请用 --to onnx 导出，或用 danlu.load 加载 {path}，或用 --arch gpt 预训练",
        ),
        name=source.architecture.name,
        known=", ".join(row.name for row in rows if row.layout),
        path=source.artifact.path,
    )


def write(source: ExportSource, out: Path, settings: HuggingFaceSettings) -> None:
    """Writes config.json, model.safetensors, tokenizer.json and the rest into `out`; equal models give equal bytes."""
    tokenizer = source.tokenizer
    context = source.model.context_length
    ends = source.end_ids
    save_model(_in_dtype(source.model, settings.dtype), out, bos_id=tokenizer.bos_id, eos_id=ends[0])
    write_tokenizer(source, out)
    generation = {
        "bos_token_id": tokenizer.bos_id,
        "eos_token_id": ends[0] if len(ends) == 1 else ends,  # the separator starts the next document: this one is over
        # none would make every call of generate() warn
        "pad_token_id": tokenizer.bos_id if tokenizer.pad_id is None else tokenizer.pad_id,
        "max_length": context,
    }
    if source.model.direction == "encoder-decoder":
        generation["decoder_start_token_id"] = source.model.start_id
    write_json(out / "generation_config.json", generation)
    card = model_card(source, license_name=settings.license, languages=settings.languages)
    write_durably(out / "README.md", card.encode())


def write_tokenizer(source: ExportSource, out: Path) -> None:
    """Writes tokenizer.json and tokenizer_config.json: with them transformers and tokenizers give equal ids."""
    write_durably(out / "tokenizer.json", (source.tokenizer.library.to_str(pretty=True) + "\n").encode())
    required = {"clean_up_tokenization_spaces": False, "model_max_length": source.model.context_length}
    write_json(out / "tokenizer_config.json", {**transformers_config(source.tokenizer), **required})


def prove(source: ExportSource, out: Path, settings: HuggingFaceSettings) -> list[Proof]:
    """Loads the files with danlu, and with transformers where it is installed; raises ArtifactError at a difference."""
    texts = parity_texts()
    ids_BT = _compared_ids(source)
    wanted_BTV = _scores(_in_dtype(source.model, settings.dtype).float(), ids_BT)
    library = LibraryTokenizer.from_file(str(out / "tokenizer.json"))
    check_ids(
        source.tokenizer, Tokenizer(library, source.tokenizer.kind, source.tokenizer.facts).encode, "danlu", texts
    )
    found_BTV = _scores(load_model(out, dtype=torch.float32), ids_BT)
    proofs = [_proof("danlu", check_logits(wanted_BTV, found_BTV, "danlu"), texts)]
    if importlib.util.find_spec("transformers") is not None:
        proofs.append(_proof("transformers", _transformers_difference(source, out, ids_BT, wanted_BTV), texts))
    return proofs


def prove_import(source: ExportSource) -> list[Proof]:
    """Compares the model of a folder that another program made with what transformers, where it is installed, reads from
    the same folder; raises ArtifactError at a difference."""
    if importlib.util.find_spec("transformers") is None:
        return []
    ids_BT, texts = _compared_ids(source), parity_texts()
    difference = _transformers_difference(source, source.artifact.path, ids_BT, _scores(source.model, ids_BT))
    return [_proof("transformers", difference, texts)]


def _compared_ids(source: ExportSource) -> Tensor:
    """Ids without padding, which stands for no text: RoBERTa gives it a position of its own."""
    tokenizer, size = source.tokenizer, source.model.vocab_size
    ids_BT = parity_ids(size, min(source.model.context_length, MAX_POSITIONS), tokenizer.bos_id)
    spare = next(number for number in range(size) if number != tokenizer.pad_id)
    return (
        ids_BT.where(ids_BT != tokenizer.pad_id, spare) if tokenizer.pad_id not in (None, tokenizer.bos_id) else ids_BT
    )


def _proof(program: str, difference: float, texts: list[str]) -> Proof:
    return Proof(program=program, largest_difference=difference, num_texts=len(texts))


def _transformers_difference(source: ExportSource, out: Path, ids_BT: Tensor, wanted_BTV: Tensor) -> float:
    """Compares ids and logits in transformers; returns the largest difference of logits."""
    layout = source.architecture.layout
    assert layout is not None
    with _quiet_transformers() as transformers:
        reader: Any = transformers.AutoTokenizer.from_pretrained(str(out), local_files_only=True)
        check_ids(
            source.tokenizer,
            lambda text: reader(text, add_special_tokens=False)["input_ids"],
            "transformers",
            parity_texts(),
        )
        bare = isinstance(source.model.head, MissingHead)
        kind: Any = getattr(transformers, layout.bare_class if bare else layout.class_name)
        model = kind.from_pretrained(str(out), local_files_only=True, dtype=torch.float32)
        with torch.no_grad():
            result = read_by_transformers(model.eval(), ids_BT)
        found_BTV: Tensor = (result.last_hidden_state if bare else result.logits).float()
    return check_logits(wanted_BTV, found_BTV, "transformers")


def read_by_transformers(model: Any, ids_BT: Tensor) -> Any:
    """What a model of transformers gives for `ids_BT`; the encoder of one with two parts reads the first id alone, and its
    decoder the others, as danlu's do."""
    if not model.config.is_encoder_decoder:
        return model(ids_BT)
    begin_B1 = torch.full_like(ids_BT[:, :1], model.config.decoder_start_token_id)
    return model(input_ids=ids_BT[:, :1], decoder_input_ids=torch.cat([begin_B1, ids_BT[:, 1:]], dim=1))


@contextmanager
def _quiet_transformers() -> Iterator[Any]:
    """transformers, offline, without its progress bars, log lines and warnings; its settings are put back."""
    before = os.environ.get("HF_HUB_OFFLINE")
    os.environ["HF_HUB_OFFLINE"] = "1"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import transformers
        from transformers.utils import logging

        verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
        logging.set_verbosity_error()
        logging.disable_progress_bar()
        try:
            yield transformers
        finally:
            logging.set_verbosity(verbosity)
            if bars:
                logging.enable_progress_bar()
            if before is None:
                del os.environ["HF_HUB_OFFLINE"]
            else:
                os.environ["HF_HUB_OFFLINE"] = before


def _in_dtype(model: LanguageModel, dtype: str) -> LanguageModel:
    """A copy of `model` with weights of `dtype`, so that the caller's stays as it is."""
    same = copy.deepcopy(model)
    return same if dtype == "stored" else same.to({"float32": torch.float32, "bfloat16": torch.bfloat16}[dtype])


@torch.no_grad()
def _scores(model: LanguageModel, ids_BT: Tensor) -> Tensor:
    """Logits, or the hidden vectors of a body without a head."""
    hidden_BTC = model.eval()(ids_BT).hidden_BTC
    return hidden_BTC.float() if isinstance(model.head, MissingHead) else model.logits(hidden_BTC)


FORMAT = ExportFormat(name="huggingface", settings=HuggingFaceSettings, check=check, write=write, prove=prove)
