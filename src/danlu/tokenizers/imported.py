"""The tokenizer of a Hugging Face folder: ids exactly those that transformers gives for the folder.

Read from `tokenizer.json`, else from `vocab.txt` (WordPiece, as BERT's), `vocab.json` with `merges.txt` (byte-level BPE, as
GPT-2's) or a sentencepiece model, with `tokenizer_config.json` and `special_tokens_map.json` where they are there.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tokenizers import AddedToken
from tokenizers import Tokenizer as LibraryTokenizer

from danlu.core.disk import read_json
from danlu.core.errors import ArtifactError
from danlu.core.language import Text
from danlu.core.settings import plain
from danlu.tokenizers.folder_files import FILES, FolderTokenizer
from danlu.tokenizers.form import IMPORTED, FormSettings, Roles
from danlu.tokenizers.named_tokens import NAMES, defaults_for
from danlu.tokenizers.tokenizer import Tokenizer


def imported_tokenizer(folder: Path, num_entries: int) -> Tokenizer:
    """The tokenizer in `folder`, for a model of `num_entries` rows.

    Raises ArtifactError when there is none, when it cannot be read, names no token that begins a text, or has more entries
    than the model has rows.
    """
    config, model_config = _config_of(folder), _json_of(folder / "config.json")
    found = _read(folder, config, model_config)
    library = found.library
    try:
        _add_missing(library, config)
        roles = _roles(library, config, model_config, _json_of(folder / "generation_config.json"))
        settings = FormSettings(
            roles=roles,
            text_becomes_control=not config.get("split_special_tokens", False),
            num_entries=num_entries,
            source=found.source,
        )
        return Tokenizer(library, IMPORTED, plain(settings))
    except ArtifactError:
        raise
    except Exception as problem:  # the library raises bare Exception for whatever it cannot use
        raise _unusable(folder / found.source, f"{type(problem).__name__}: {problem}") from problem


def _read(folder: Path, config: Mapping[str, Any], model_config: Mapping[str, Any]) -> FolderTokenizer:
    for name, read in FILES.items():
        if (folder / name).is_file():
            try:
                return FolderTokenizer(
                    read(folder / name, {**config, "model_type": model_config.get("model_type")}), name
                )
            except ArtifactError:
                raise
            except Exception as problem:  # as above
                raise _unusable(folder / name, f"{type(problem).__name__}: {problem}") from problem
    raise ArtifactError(
        Text("there is no tokenizer in {path}", "{path} 中没有分词器"),
        got=", ".join(sorted(entry.name for entry in folder.iterdir())[:12]),
        allowed=Text("one of: {names}", "以下文件之一：{names}"),
        fix=Text("copy the tokenizer's files of the model into the folder", "请把该模型的分词器文件复制到此目录"),
        path=folder,
        names=", ".join(FILES),
    )


def _config_of(folder: Path) -> dict[str, Any]:
    """What is known of the control tokens: the class's own, then special_tokens_map.json, then tokenizer_config.json."""
    own = _json_of(folder / "tokenizer_config.json")
    if "auto_map" in own:
        raise _unusable(folder / "tokenizer_config.json", "auto_map: it asks to run code of its own")
    model = _json_of(folder / "config.json")
    kind = str(own.get("tokenizer_class") or model.get("tokenizer_class") or "").removesuffix("Fast")
    defaults = defaults_for(kind, str(model.get("model_type")))
    return {**defaults, **_json_of(folder / "special_tokens_map.json"), **own, "tokenizer_class": kind}


def _json_of(path: Path) -> dict[str, Any]:
    """The object in `path`; empty where there is no such file."""
    if not path.is_file():
        return {}
    try:
        value = read_json(path)
    except (ValueError, json.JSONDecodeError) as problem:
        raise _unusable(path, f"not JSON: {problem}") from problem
    if not isinstance(value, dict):
        raise _unusable(path, "not a JSON object")
    return value


def _add_missing(library: LibraryTokenizer, config: Mapping[str, Any]) -> None:
    """Control tokens that only the configuration names become control tokens of the library too, as in transformers."""
    there = {token.content for token in library.get_added_tokens_decoder().values()}
    decoder = config.get("added_tokens_decoder") or {}
    listed = [decoder[number] for number in sorted(decoder, key=int)]
    more = [config.get(name) for name in ("additional_special_tokens", "extra_special_tokens")]
    named = [config.get(name) for name in NAMES] + [one for some in more for one in _several(some)]
    tokens = [_added(one, special=bool(one.get("special"))) for one in listed if isinstance(one, Mapping)]
    tokens += [_added(one, special=True) for one in named if one]
    for token in tokens:
        if token.content in there:
            continue
        there.add(token.content)
        (library.add_special_tokens if token.special else library.add_tokens)([token])


def _several(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    return list(value) if isinstance(value, list) else []


def _added(token: Any, *, special: bool) -> AddedToken:
    """A control token from its content, or from the object that describes it."""
    if not isinstance(token, Mapping):
        return AddedToken(str(token), special=special, normalized=False)
    return AddedToken(
        str(token["content"]),
        single_word=bool(token.get("single_word")),
        lstrip=bool(token.get("lstrip")),
        rstrip=bool(token.get("rstrip")),
        normalized=bool(token.get("normalized", not special)),
        special=special,
    )


def _roles(
    library: LibraryTokenizer, config: Mapping[str, Any], model: Mapping[str, Any], generation: Mapping[str, Any]
) -> Roles:
    """Which control token does what. A text that begins with no token in training begins with the one that ends texts."""
    named = {name: _content(config.get(name)) for name in NAMES}
    two_parts = bool(model.get("is_encoder_decoder"))
    begin = _token_of(library, _first(model.get("bos_token_id")))
    end = named["eos_token"] or _token_of(library, _first(model.get("eos_token_id")))
    begins = named["cls_token"] or named["bos_token"] or begin or end
    if not begins:
        raise ValueError("no token begins a text: bos_token, cls_token and eos_token are missing")
    numbers = [*_several_ids(generation.get("eos_token_id")), *_several_ids(model.get("eos_token_id"))]
    ends = [name for name in (end, *(_token_of(library, number) for number in numbers)) if name and name != begins]
    return Roles(
        begins=begins,
        closes=named["sep_token"] if named["cls_token"] else (end if two_parts else ""),
        pads=named["pad_token"],
        hides=named["mask_token"],
        unknown=_unknown_of(library) or named["unk_token"] * (named["unk_token"] not in (begins, *ends)),
        ends=tuple(dict.fromkeys(ends)),
        sentinels=_sentinels(library),
    )


def _sentinels(library: LibraryTokenizer) -> tuple[str, ...]:
    """T5's names of the spans that were taken out, in order."""
    there = {token.content for token in library.get_added_tokens_decoder().values()}
    names = [f"<extra_id_{number}>" for number in range(len(there))]
    return tuple(name for name in names if name in there)


def _content(token: Any) -> str:
    return str(token["content"]) if isinstance(token, Mapping) else str(token or "")


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else value


def _several_ids(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _token_of(library: LibraryTokenizer, number: Any) -> str:
    return (library.id_to_token(number) or "") if isinstance(number, int) and number >= 0 else ""


def _unknown_of(library: LibraryTokenizer) -> str:
    """The token that the library's model itself gives for text without an entry."""
    model = json.loads(library.to_str())["model"]
    if isinstance(model.get("unk_id"), int):
        return str(model["vocab"][model["unk_id"]][0])
    return str(model.get("unk_token") or "")


def _unusable(path: Path, problem: str) -> ArtifactError:
    return ArtifactError(
        Text("{path} holds a tokenizer that danlu cannot use", "danlu 无法使用 {path} 中的分词器"),
        got=problem[:300],
        allowed=Text(
            "tokenizer.json, vocab.txt or a sentencepiece model that belongs to the model",
            "与模型匹配的 tokenizer.json、vocab.txt 或 sentencepiece 模型",
        ),
        fix=Text("copy the folder again from where it came", "请重新复制该目录"),
        path=path,
    )
