"""The model card of an export: metadata that the hub reads, then what the model is, in English and Chinese."""

import json
from collections.abc import Sequence
from typing import Any

from danlu import __version__
from danlu.core.quantities import format_count
from danlu.core.settings import Settings, setting
from danlu.exporting.source import ExportSource


class CardSettings(Settings):
    """What the card of an export says that no one can measure."""

    license: str = setting(
        "", "identifier for the card, e.g. mit; empty: left open", "模型卡许可证标识，如 mit；空则留待填写"
    )
    languages: tuple[str, ...] = setting(
        (),
        "codes for the card, e.g. ['zh', 'en']; empty: those of the run's corpus",
        "模型卡语言代码，如 ['zh', 'en']；空则取自语料",
    )


def model_card(
    source: ExportSource,
    *,
    license_name: str = "",
    languages: Sequence[str] = (),
    use: str | None = None,
    library: str = "transformers",
) -> str:
    """README.md of the exported folder. Nothing is invented: what is not known is left out or said to be open.

    `use` tells how to load it with `library` (None: with the classes of transformers).
    """
    languages = languages or source.facts.get("languages", ())
    body = _BODY.format(
        name=source.name,
        class_name=source.architecture.layout.class_name if source.architecture.layout else source.architecture.name,
        parameters=format_count(source.num_parameters),
        vocab_size=source.model.vocab_size,
        kind=source.tokenizer.kind,
        context=source.model.context_length,
        origin=_origin(source),
        scores=_scores(source),
        use=_use(source) if use is None else use,
    )
    return f"---\n{_metadata(source, license_name, languages, library)}---\n\n{body}"


def _metadata(source: ExportSource, license_name: str, languages: Sequence[str], library: str) -> str:
    """YAML between the dashes; JSON values are YAML."""
    task = _TASKS[source.model.direction]
    fields: dict[str, Any] = {"library_name": library, "pipeline_tag": task, "tags": ["danlu"]}
    if languages:
        fields["language"] = list(languages)
    if license_name:
        fields["license"] = license_name
    bits = source.facts.get("bits_per_byte")
    if isinstance(bits, (int, float)):
        name = "pseudo bits per byte" if source.facts.get("pseudo") else "bits per byte"
        metric = {"type": name.replace(" ", "_"), "name": name, "value": round(float(bits), 4)}
        result = {
            "task": {"type": task, "name": "Language modelling"},
            "dataset": {"name": "held-out part of the owner's text", "type": "private"},
            "metrics": [metric],
        }
        fields["model-index"] = [{"name": source.name, "results": [result]}]
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in fields.items()]
    if not license_name:
        lines.append("# license: the owner of the text and of the model decides; 许可证由文本与模型的所有者决定")
    if not languages:
        lines.append("# language: [zh, en]")
    return "\n".join(lines) + "\n"


def _scores(source: ExportSource) -> str:
    """A table of bits per byte with the reference lines of the run, or that nothing is known.

    No reference line stands beside a pseudo-likelihood, which is no code length.
    """
    bits = source.facts.get("bits_per_byte")
    if not isinstance(bits, (int, float)):
        return "Not measured. / 未测量。"
    if source.facts.get("pseudo"):
        return _PSEUDO.format(bits=bits)
    rows = [("this model / 本模型", bits)]
    lines = source.facts.get("reference_lines")
    if isinstance(lines, dict):
        rows += [(str(name), value) for name, value in lines.items() if isinstance(value, (int, float))]
    table = "\n".join(f"| {name} | {value:.3f} |" for name, value in rows)
    return f"| bits per byte / 每字节比特 | lower is better / 越低越好 |\n|---|---|\n{table}"


def _origin(source: ExportSource) -> str:
    """Who trained it: danlu, or the makers of the folder that it was imported from."""
    imported = source.facts.get("imported_from")
    if imported:
        return _IMPORTED.format(name=imported, version=__version__)
    return _TRAINED.format(version=__version__)


def _use(source: ExportSource) -> str:
    """How to load it with transformers; how texts began in training is known of danlu's own models alone."""
    direction = source.model.direction
    return _LOADING.format(name=_CLASSES[direction]) if source.facts.get("imported_from") else _USES[direction]


_TASKS = {
    "left-to-right": "text-generation",
    "bidirectional": "fill-mask",
    "encoder-decoder": "text2text-generation",
}

_CLASSES = {
    "left-to-right": "AutoModelForCausalLM",
    "bidirectional": "AutoModelForMaskedLM",
    "encoder-decoder": "AutoModelForSeq2SeqLM",
}

_TRAINED = """A language model pretrained from scratch on its owner's text with danlu {version}.

由 danlu {version} 在所有者自己的文本上从零预训练的语言模型。"""

_IMPORTED = """The model `{name}`, trained by others, imported and written again by danlu {version}.

他人训练的模型 `{name}`，由 danlu {version} 导入并重新写出。"""

_PSEUDO = """| pseudo bits per byte / 伪每字节比特 | lower is better / 越低越好 |
|---|---|
| this model / 本模型 | {bits:.3f} |

Each token was foretold from all that surrounds it: this is no code length and compares with its like alone.
每个词元由其周围的全部内容预测：这不是编码长度，只能与同类数值比较。"""

_LOADING = """```python
from transformers import {name}, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained(".")
model = {name}.from_pretrained(".")
```
"""

_USE = """Every document began with the separator `bos_token` in training, so a prompt begins with it too.
训练时每篇文档都以分隔符 `bos_token` 开头,因此提示文本前也要加上它。

```python
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained(".")
model = AutoModelForCausalLM.from_pretrained(".")
ids = torch.tensor([[tokenizer.bos_token_id, *tokenizer.encode("Once upon a time")]])
print(tokenizer.decode(model.generate(ids, do_sample=True, temperature=0.8)[0, 1:]))
```

Text never becomes a control token: `split_special_tokens` is on, and control tokens enter as ids only.
文本不会变成控制符:`split_special_tokens` 已开启,控制符只能以编号形式输入。
"""

_READS_BOTH_WAYS = """Texts began with the separator `bos_token` in training, and `mask_token` stands for what is to be filled in.
训练文本以分隔符 `bos_token` 开头，`mask_token` 表示待填的位置。

```python
import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained(".")
model = AutoModelForMaskedLM.from_pretrained(".")
ids = [tokenizer.bos_token_id, *tokenizer.encode("Once upon a"), tokenizer.mask_token_id]
print(tokenizer.decode(model(torch.tensor([ids])).logits[0, -1].argmax()))
```
"""

_READS_AND_WRITES = """The encoder reads a text that begins with the separator `bos_token`, the decoder writes.
编码器读入以分隔符 `bos_token` 开头的文本，解码器写出结果。

```python
import torch
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained(".")
model = AutoModelForSeq2SeqLM.from_pretrained(".")
ids = torch.tensor([[tokenizer.bos_token_id, *tokenizer.encode("Once upon a time")]])
print(tokenizer.decode(model.generate(ids, max_new_tokens=40)[0]))
```
"""

_USES = {"left-to-right": _USE, "bidirectional": _READS_BOTH_WAYS, "encoder-decoder": _READS_AND_WRITES}

_BODY = """# {name}

{origin}

| | |
|---|---|
| class / 类 | `{class_name}` |
| parameters / 参数量 | {parameters} |
| vocabulary / 词表 | {vocab_size} (`{kind}`) |
| context / 上下文 | {context} tokens |

## Measured on held-out text / 在留出文本上的测量

{scores}

## Use / 用法

{use}
## Limits / 局限

The model repeats what its text says, errors and private facts included; it follows no instructions and was not
tested for safety. 模型只会延续其训练文本的内容(包括其中的错误与隐私信息),不会遵循指令,也未经安全测试。
"""
