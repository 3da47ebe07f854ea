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
from danlu.core.settings import Settings, setting
from danlu.exporting.card import model_card
from danlu.exporting.format import ExportFormat, Proof
from danlu.exporting.parity import check_ids, check_logits, parity_ids, parity_texts
from danlu.exporting.source import ExportSource
from danlu.models import ARCHITECTURES
from danlu.models.model import LanguageModel
from danlu.models.store import load_model, save_model
from danlu.tokenizers.tokenizer import PADDING, Tokenizer, transformers_config

MAX_POSITIONS = 512  # of the ids that logits are compared on


class HuggingFaceSettings(Settings):
    """What the folder holds and what its card says."""

    dtype: Literal["stored", "float32", "bfloat16"] = setting(
        "stored", "number type of the weights; stored: as the model has them", "权重的数值类型；stored 为保持原样"
    )
    license: str = setting(
        "", "identifier for the card, e.g. mit; empty: left open", "模型卡许可证标识，如 mit；空则留待填写"
    )
    languages: tuple[str, ...] = setting(
        (),
        "codes for the card, e.g. ['zh', 'en']; empty: those of the run's corpus",
        "模型卡语言代码，如 ['zh'，'en']；空则取自语料",
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
            "load {path} with danlu.load, read its model.safetensors with the safetensors library, or pretrain with --arch gpt",
            "可用 danlu.load 加载 {path}，用 safetensors 库读取其中的 model.safetensors，或用 --arch gpt 预训练",
        ),
        name=source.architecture.name,
        known=", ".join(row.name for row in rows if row.layout),
        path=source.artifact.path,
    )


def write(source: ExportSource, out: Path, settings: HuggingFaceSettings) -> None:
    """Writes config.json, model.safetensors, tokenizer.json and the rest into `out`; equal models give equal bytes."""
    tokenizer = source.tokenizer
    context = source.model.context_length
    save_model(_in_dtype(source.model, settings.dtype), out, bos_id=tokenizer.bos_id)
    write_durably(out / "tokenizer.json", (tokenizer.library.to_str(pretty=True) + "\n").encode())
    required = {"clean_up_tokenization_spaces": False, "split_special_tokens": True, "model_max_length": context}
    write_json(out / "tokenizer_config.json", {**transformers_config(tokenizer), **required})
    generation = {
        "bos_token_id": tokenizer.bos_id,
        "eos_token_id": tokenizer.bos_id,  # the separator starts the next document: this one is over
        "pad_token_id": tokenizer.bos_id,  # else every call of generate() warns
        "max_length": context,
    }
    write_json(out / "generation_config.json", generation)
    card = model_card(source, license_name=settings.license, languages=settings.languages)
    write_durably(out / "README.md", card.encode())


def prove(source: ExportSource, out: Path, settings: HuggingFaceSettings) -> list[Proof]:
    """Loads the files with danlu, and with transformers where it is installed; raises ArtifactError at a difference."""
    texts = parity_texts()
    context = source.model.context_length
    first = source.tokenizer.control_tokens.get(PADDING, -1) + 1
    ids_BT = parity_ids(source.model.vocab_size, min(context, MAX_POSITIONS), source.tokenizer.bos_id, first=first)
    wanted_BTV = _logits(_in_dtype(source.model, settings.dtype).float(), ids_BT)
    library = LibraryTokenizer.from_file(str(out / "tokenizer.json"))
    check_ids(source.tokenizer, Tokenizer(library, source.tokenizer.kind).encode, "danlu", texts)
    found_BTV = _logits(load_model(out, dtype=torch.float32), ids_BT)
    proofs = [_proof("danlu", check_logits(wanted_BTV, found_BTV, "danlu"), texts)]
    if importlib.util.find_spec("transformers") is not None:
        proofs.append(_proof("transformers", _transformers_difference(source, out, ids_BT, wanted_BTV), texts))
    return proofs


def _proof(program: str, difference: float, texts: list[str]) -> Proof:
    return Proof(program=program, largest_difference=difference, num_texts=len(texts))


def _transformers_difference(source: ExportSource, out: Path, ids_BT: Tensor, wanted_BTV: Tensor) -> float:
    """Compares ids and logits in transformers; returns the largest difference of logits."""
    layout = source.architecture.layout
    assert layout is not None
    with _quiet_transformers() as transformers:
        reader: Any = transformers.AutoTokenizer.from_pretrained(str(out), local_files_only=True)
        check_ids(source.tokenizer, lambda text: reader(text)["input_ids"], "transformers", parity_texts())
        kind: Any = getattr(transformers, layout.class_name)
        model = kind.from_pretrained(str(out), local_files_only=True, dtype=torch.float32)
        with torch.no_grad():
            found_BTV: Tensor = model.eval()(ids_BT).logits.float()
    return check_logits(wanted_BTV, found_BTV, "transformers")


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
def _logits(model: LanguageModel, ids_BT: Tensor) -> Tensor:
    return model.logits(model.eval()(ids_BT).hidden_BTC)


FORMAT = ExportFormat(name="huggingface", settings=HuggingFaceSettings, check=check, write=write, prove=prove)
