"""A finished model in the hands of a program: ids, logits, text.

B batch, T positions, V vocabulary.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from danlu.core.artifacts import check_input, is_finished, open_artifact
from danlu.core.errors import ArtifactError, UsageError
from danlu.core.language import Text
from danlu.core.settings import resolve
from danlu.exporting.foreign import is_foreign
from danlu.generation.decode import generate_text, generate_texts
from danlu.generation.sampling import SamplingSettings
from danlu.models.model import LanguageModel
from danlu.models.store import CONFIG, load_model
from danlu.tokenizers.exported import exported_tokenizer
from danlu.tokenizers.imported import imported_tokenizer
from danlu.tokenizers.tokenizer import Tokenizer, open_tokenizer

POSITIONS_AT_ONCE = 2048  # of texts whose vectors are computed together


@final
class LoadedModel:
    """A language model with its tokenizer, in evaluation mode. `network` is the torch module itself."""

    def __init__(self, path: Path, network: LanguageModel, tokenizer: Tokenizer) -> None:
        self.path, self.network, self.tokenizer = path, network, tokenizer

    @property
    def context_length(self) -> int:
        """Positions of one window: `logits` takes at most this many."""
        return self.network.context_length

    @property
    def bos_id(self) -> int:
        """The document separator: what every document starts with."""
        return self.tokenizer.bos_id

    @property
    def vocab_size(self) -> int:
        """Ids are 0 to `vocab_size` - 1."""
        return self.network.vocab_size

    def encode(self, text: str) -> list[int]:
        """The ids of `text`, without the document separator; text never becomes a control token."""
        return self.tokenizer.encode(text)

    def decode(self, ids: Sequence[int]) -> str:
        """The text of `ids`: the exact inverse of `encode`; control ids have no text."""
        return self.tokenizer.decode(ids)

    @torch.no_grad()
    def logits(self, ids_BT: Tensor | NDArray[np.integer[Any]] | Sequence[Sequence[int]]) -> Tensor:
        """Scores of the next token, float32 [B, T, V], for ids [B, T]; position t sees positions 0 to t.

        Raises UsageError when `ids_BT` has another shape, an id outside the vocabulary, or more than `context_length`
        positions.
        """
        ids = torch.as_tensor(np.asarray(ids_BT) if not isinstance(ids_BT, Tensor) else ids_BT)
        if not (ids.is_floating_point() or ids.dtype == torch.bool):
            ids = ids.long()  # torch has no minimum of uint16, the type of tokens on disk
        self._check(ids)
        self.network.eval()
        device = self.network.embed.weight.device
        hidden_BTC = self.network(ids.to(device)).hidden_BTC
        return self.network.logits(hidden_BTC)

    @torch.no_grad()
    def vectors(self, texts: Sequence[str]) -> Tensor:
        """One vector for each text, float32 [N, C]: the mean of the hidden vectors of its positions, what frames it included.

        Those of an encoder-decoder are its encoder's. Longer texts are cut to the context; what closes a text stays.
        """
        self.network.eval()
        weight = self.network.embed.weight
        room = self.context_length - len(self.tokenizer.framed([]))
        rows = [self.tokenizer.framed(ids[:room].tolist()) for ids in self.tokenizer.encode_batch(texts)]
        found_NC = torch.zeros(len(texts), weight.shape[1])
        for batch in _batches_of_like_length(rows):
            lengths_B = torch.tensor([len(rows[number]) for number in batch], device=weight.device)
            ids_BT = torch.nn.utils.rnn.pad_sequence([torch.tensor(rows[number]) for number in batch], batch_first=True)
            hidden_BTC = self._read_whole(ids_BT.to(weight.device), lengths_B).float()
            real_BT = torch.arange(ids_BT.shape[1], device=weight.device) < lengths_B[:, None]
            sums_BC = hidden_BTC.where(real_BT[..., None], 0.0).sum(dim=1)
            found_NC[batch] = (sums_BC / lengths_B[:, None]).cpu()
        return found_NC

    def _read_whole(self, ids_BT: Tensor, lengths_B: Tensor) -> Tensor:
        if self.network.direction == "encoder-decoder":
            return self.network.encode(ids_BT, lengths_B).hidden_BSC
        return self.network(ids_BT, lengths_B=lengths_B).hidden_BTC  # type: ignore[no-any-return]

    def generate(self, text: str, **sampling: Any) -> str:
        """What the model writes after `text`; `sampling` are SamplingSettings (temperature, max_tokens, seed, ...)."""
        return "".join(self._pieces(text, resolve(SamplingSettings, values=sampling)))

    def generate_many(self, texts: Sequence[str], **sampling: Any) -> list[str]:
        """What the model writes after each of `texts`, all in one batch; text number n is drawn with `seed` + n.

        Equal beginnings so give different texts. Eight together take 2.7 times as long as one (10M parameters, float32).
        """
        return generate_texts(self.network, self.tokenizer, texts, resolve(SamplingSettings, values=sampling))

    def stream(self, text: str, *, overrides: Sequence[str] = ()) -> Iterator[str]:
        """As `generate`, in pieces as they are ready; `overrides` as on the command line (`temperature=0.7`)."""
        return self._pieces(text, resolve(SamplingSettings, overrides=overrides))

    def __repr__(self) -> str:
        size = sum(weight.numel() for weight in self.network.parameters())
        return f"LoadedModel({str(self.path)!r}, {self.network.blueprint.architecture}, {size:,} parameters)"

    def _pieces(self, text: str, settings: SamplingSettings) -> Iterator[str]:
        return generate_text(self.network, self.tokenizer, text, settings)

    def _check(self, ids: Tensor) -> None:
        whole = ids.ndim == 2 and ids.numel() > 0 and ids.dtype == torch.long
        if whole and ids.shape[1] <= self.context_length and int(ids.min()) >= 0 and int(ids.max()) < self.vocab_size:
            return
        found = f"{ids.dtype} {list(ids.shape)}"
        raise UsageError(
            Text("these ids cannot be read by the model", "模型无法读取这些编号"),
            got=f"{found}, {int(ids.min())} .. {int(ids.max())}" if ids.numel() else found,
            allowed=Text(
                "whole numbers from 0 to {last}, of shape [B, T] with T from 1 to {length}",
                "形状为 [B, T]、T 从 1 到 {length}、取值 0 到 {last} 的整数",
            ),
            fix=Text("give one row per text, and cut longer texts into windows", "每个文本一行；较长的文本请切成窗口"),
            last=self.vocab_size - 1,
            length=self.context_length,
        )


def _batches_of_like_length(rows: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Numbers of rows, the longest first, in batches of at most POSITIONS_AT_ONCE positions with their padding."""
    batch: list[int] = []
    for number in sorted(range(len(rows)), key=lambda number: -len(rows[number])):
        if batch and (len(batch) + 1) * len(rows[batch[0]]) > POSITIONS_AT_ONCE:
            yield batch
            batch = []
        batch.append(number)
    if batch:
        yield batch


def load(path: Path | str) -> LoadedModel:
    """The model of a run, of a finished model folder, or of a Hugging Face folder.

    Nothing is downloaded and no code of the folder is run. Every byte of a finished folder is compared with its hash.
    Raises ArtifactError when there is no model, when it is damaged, or when its tokenizer belongs to another model.
    """
    folder = model_folder(path)
    if is_finished(folder):
        open_artifact(folder, verify="hashes")
    return open_model(folder)


def open_model(folder: Path) -> LoadedModel:
    """The model in `folder` itself. Weights of half the bytes that others stored are widened: CPUs compute with float32."""
    own = is_finished(folder)
    network = load_model(folder, dtype=None if own else torch.float32)
    return LoadedModel(folder, network, tokenizer_of(folder, network.vocab_size))


def model_folder(path: Path | str) -> Path:
    """The folder with the weights: `path` itself, or `path`/model of a run. Raises ArtifactError when there is none."""
    folder = Path(path)
    for inside in (folder / "model", folder):
        if (inside / CONFIG).is_file():
            return inside
    raise ArtifactError(
        Text("there is no model in {path}", "{path} 中没有模型"),
        got=_found(folder),
        allowed=Text(
            "a finished run, or a folder with config.json and model.safetensors",
            "已完成的训练，或含 config.json 与 model.safetensors 的目录",
        ),
        fix=Text(
            "check the path; if the run was interrupted, repeat its command first, it goes on",
            "请检查路径；若训练曾中断，请先重复原命令，它会继续",
        ),
        path=folder,
    )


def tokenizer_of(folder: Path, num_entries: int) -> Tokenizer:
    """The tokenizer inside or beside the model `folder`, checked to be the one that the model was trained with.

    `num_entries`: rows of the model, for a tokenizer of others, which may have fewer entries.
    """
    if is_foreign(folder):
        return imported_tokenizer(folder, num_entries)
    for place in (folder / "tokenizer", folder, folder.parent / "tokenizer"):
        if not is_finished(place, "tokenizer"):
            continue
        tokenizer = open_tokenizer(place)
        if is_finished(folder) and tokenizer.artifact is not None and "tokenizer" in open_artifact(folder).inputs:
            check_input(open_artifact(folder), "tokenizer", tokenizer.artifact)
        return tokenizer
    return exported_tokenizer(folder) or imported_tokenizer(folder, num_entries)


def _found(folder: Path) -> Text | str:
    if not folder.exists():
        return Text("no such folder", "没有这个目录")
    if not folder.is_dir():
        return Text("a file", "是一个文件")
    return ", ".join(sorted(entry.name for entry in folder.iterdir())[:8]) or Text("an empty folder", "空目录")
