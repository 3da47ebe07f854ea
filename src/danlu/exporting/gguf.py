"""Format `gguf`: one file that llama.cpp and the programs around it load.

Names of tensors and fields are those of the `gguf` library, which llama.cpp's own converter uses (ggml-org/llama.cpp,
gguf-py and convert_hf_to_gguf.py); the tokenizer names a pattern that llama.cpp knows, so text is cut there as here.

I, O inputs and outputs of a matrix, H heads, D width of one head.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch

from danlu.core.disk import disk_errors, write_durably
from danlu.core.errors import ArtifactError, UsageError
from danlu.core.language import Text
from danlu.core.settings import setting
from danlu.exporting.card import CardSettings, model_card
from danlu.exporting.format import ExportFormat, Proof
from danlu.exporting.source import ExportSource
from danlu.models.stored import to_theirs
from danlu.tokenizers.tokenizer import SEPARATOR

FILE = "model.gguf"
Values = npt.NDArray[Any]
NORMAL, CONTROL = 1, 3  # token types of GGUF


class GGUFSettings(CardSettings):
    """What the file holds."""

    dtype: Literal["float32", "float16", "bfloat16"] = setting(
        "float32",
        "number type of the matrices; gains and biases stay float32",
        "矩阵的数值类型；增益与偏置保持 float32",
    )


@dataclass(frozen=True, kw_only=True)
class Kind:
    """How one of our rows is told to llama.cpp: its name there, its fields, and how a tensor is laid out.

    `lay` gets the name of transformers, the tensor and our settings.
    """

    architecture: str
    fields: Callable[[Any, Any], None]
    lay: Callable[[str, Values, Any], Values]


def check(source: ExportSource, settings: GGUFSettings) -> None:
    """Raises UsageError for an architecture or a tokenizer that llama.cpp does not know, or without the library."""
    del settings
    _library()
    name = source.architecture.name
    if name not in KINDS:
        raise UsageError(
            Text("GGUF cannot hold the architecture '{name}'", "GGUF 无法保存架构 '{name}'"),
            got=name,
            allowed=Text("a model of: {known}", "以下架构的模型：{known}"),
            fix=Text(
                "export with --to onnx, or pretrain with --arch gpt", "请用 --to onnx 导出，或用 --arch gpt 预训练"
            ),
            name=name,
            known=", ".join(KINDS),
        )
    if source.tokenizer.kind != "bpe":
        raise UsageError(
            Text("GGUF cannot hold a tokenizer of kind '{kind}'", "GGUF 无法保存 '{kind}' 类型的分词器"),
            got=source.tokenizer.kind,
            allowed=Text("a tokenizer of kind bpe", "bpe 类型的分词器"),
            fix=Text(
                "pretrain with --tokenizer bpe, or export with --to huggingface or onnx",
                "请用 --tokenizer bpe 预训练，或用 --to huggingface 或 onnx 导出",
            ),
            kind=source.tokenizer.kind,
        )


def write(source: ExportSource, out: Path, settings: GGUFSettings) -> None:
    """Writes model.gguf and a card into `out`; equal models give equal bytes."""
    gguf = _library()
    kind = KINDS[source.architecture.name]
    with disk_errors(out):
        writer = gguf.GGUFWriter(str(out / FILE), kind.architecture)
        writer.add_name(source.name)
        kind.fields(writer, _settings(source))
        for name, field in _tokenizer_fields(source).items():
            getattr(writer, f"add_{name}")(field)
        for name, values in _tensors(source).items():
            numbers, number_type = _numbers(values, settings.dtype)
            writer.add_tensor(name, numbers, raw_dtype=number_type)
        with closing(writer):
            writer.write_header_to_file()
            writer.write_kv_data_to_file()
            writer.write_tensors_to_file()
    card = model_card(source, license_name=settings.license, languages=settings.languages, use=_USE, library="gguf")
    write_durably(out / "README.md", card.encode())


def prove(source: ExportSource, out: Path, settings: GGUFSettings) -> list[Proof]:
    """Reads the file back and compares every tensor, bit by bit, and every field of the tokenizer."""
    reader = _library().GGUFReader(str(out / FILE))
    found = {tensor.name: tensor for tensor in reader.tensors}
    wanted = _tensors(source)
    if found.keys() != wanted.keys():
        raise _differs(", ".join(sorted(found.keys() ^ wanted.keys())))
    for name, values in wanted.items():
        numbers, _ = _numbers(values, settings.dtype)
        tensor = found[name]
        same_shape = tuple(int(size) for size in reversed(tensor.shape)) == values.shape
        if not same_shape or np.asarray(tensor.data).tobytes() != numbers.tobytes():
            raise _differs(name)
    fields = {"token_list": "tokens", "token_types": "token_type", "token_merges": "merges"}
    for name, field in _tokenizer_fields(source).items():
        if name in fields and reader.get_field(f"tokenizer.ggml.{fields[name]}").contents() != field:
            raise _differs(fields[name])
    return [Proof(program="gguf", largest_difference=0.0, num_texts=0)]


def _library() -> Any:
    try:
        import gguf
    except ImportError:
        raise UsageError(
            Text("the export needs the package gguf", "该导出需要 gguf 软件包"),
            got=Text("it is not installed", "未安装"),
            allowed=Text("danlu with the extra export", "带有 export 附加项的 danlu"),
            fix=Text("pip install 'danlu[export]'", "请执行 pip install 'danlu[export]'"),
        ) from None
    return gguf


def _settings(source: ExportSource) -> Any:
    return source.architecture.settings.model_validate(dict(source.model.blueprint.settings))


def _tensors(source: ExportSource) -> dict[str, Values]:
    """Every tensor by its name in GGUF, float32, [O, I]."""
    gguf = _library()
    layout, shape = source.architecture.layout, _settings(source)
    assert layout is not None
    kind = KINDS[source.architecture.name]
    architecture = next(key for key, name in gguf.MODEL_ARCH_NAMES.items() if name == kind.architecture)
    names = gguf.get_tensor_name_map(architecture, shape.depth)
    weights = {name: weight.detach().float().cpu() for name, weight in source.model.named_parameters()}
    found = {}
    for theirs, tensor in to_theirs(layout.tensors(shape), weights).items():
        name = names.get_name(theirs, try_suffixes=(".weight", ".bias"))
        assert name is not None, theirs
        found[name] = np.ascontiguousarray(kind.lay(theirs, tensor.numpy(), shape))
    return found


def _numbers(values: Values, dtype: str) -> tuple[Values, Any]:
    """A tensor in the number type of the file, and that type's name where NumPy has none for it."""
    types = _library().GGMLQuantizationType
    if values.ndim == 1 or dtype == "float32":
        return values, types.F32
    if dtype == "float16":
        return values.astype(np.float16), types.F16
    rounded = torch.from_numpy(values).bfloat16().view(torch.uint8)
    return rounded.numpy(), types.BF16


def _tokenizer_fields(source: ExportSource) -> dict[str, Any]:
    tokenizer = source.tokenizer
    model = json.loads(tokenizer.library.to_str())["model"]
    tokens: list[str] = [""] * tokenizer.vocab_size
    for token, number in model["vocab"].items():
        tokens[number] = token
    types = [NORMAL] * len(tokens)
    for token, number in tokenizer.control_tokens.items():
        tokens[number], types[number] = token, CONTROL
    bos = tokenizer.control_tokens[SEPARATOR]
    merges = [pair if isinstance(pair, str) else " ".join(pair) for pair in model["merges"]]
    return {
        "tokenizer_model": "gpt2",
        "tokenizer_pre": str(tokenizer.facts["pre_tokenizer"]),
        "token_list": tokens,
        "token_types": types,
        "token_merges": merges,
        "bos_token_id": bos,
        "eos_token_id": bos,  # the separator starts the next document: this one is over
        "add_bos_token": True,  # every document began with it in training
    }


def _rotary_fields(writer: Any, shape: Any) -> None:
    _common_fields(writer, shape)
    writer.add_head_count_kv(shape.num_key_heads)
    writer.add_key_length(shape.head_width)
    writer.add_value_length(shape.head_width)
    writer.add_rope_dimension_count(shape.head_width)
    writer.add_rope_freq_base(shape.rotary_base)
    writer.add_layer_norm_rms_eps(shape.epsilon)


def _gpt2_fields(writer: Any, shape: Any) -> None:
    _common_fields(writer, shape)
    writer.add_layer_norm_eps(shape.epsilon)


def _common_fields(writer: Any, shape: Any) -> None:
    writer.add_context_length(shape.context_length)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.depth)
    writer.add_feed_forward_length(shape.inner_width)
    writer.add_head_count(shape.num_heads)


def _as_it_is(name: str, values: Values, shape: Any) -> Values:
    del name, shape
    return values


def _untransposed(name: str, values: Values, shape: Any) -> Values:
    """transformers stores the matrices of GPT-2's layers [I, O]; GGUF wants [O, I]."""
    del shape
    return values.T if values.ndim == 2 and ".h." in name else values


def _interleaved(name: str, values: Values, shape: Any) -> Values:
    """llama.cpp turns neighbouring places of a head, Llama's class the two halves: rows of queries and keys move."""
    heads = {"q_proj": shape.num_heads, "k_proj": shape.num_key_heads}
    for part, num_heads in heads.items():
        if name.endswith(f"{part}.weight"):
            halves = values.reshape(num_heads, 2, shape.head_width // 2, values.shape[1])
            return halves.swapaxes(1, 2).reshape(values.shape)
    return values


def _differs(what: str) -> ArtifactError:
    return ArtifactError(
        Text("the GGUF file does not equal the model; nothing was kept", "GGUF 文件与模型不一致；未保留任何文件"),
        got=what,
        allowed=Text("every tensor and every field as written", "每个张量与字段都与写入时一致"),
        fix=Text("report it with the versions that danlu doctor shows", "请附上 danlu doctor 显示的版本信息进行反馈"),
    )


KINDS: Mapping[str, Kind] = {
    "gpt": Kind(architecture="qwen3", fields=_rotary_fields, lay=_as_it_is),
    "qwen2": Kind(architecture="qwen2", fields=_rotary_fields, lay=_as_it_is),
    "llama": Kind(architecture="llama", fields=_rotary_fields, lay=_interleaved),
    "mistral": Kind(architecture="llama", fields=_rotary_fields, lay=_interleaved),
    "gpt2": Kind(architecture="gpt2", fields=_gpt2_fields, lay=_untransposed),
}

_USE = """Every document began with the separator in training; llama.cpp puts it in front of a prompt by itself.
训练时每篇文档都以分隔符开头；llama.cpp 会自动把它加在提示文本之前。

```sh
llama-completion -m model.gguf -p "Once upon a time" -n 100
```
"""

FORMAT = ExportFormat(name="gguf", settings=GGUFSettings, check=check, write=write, prove=prove)
