"""The tokenizer of a folder that `danlu export` wrote: danlu's own, known by its separator."""

from pathlib import Path

from tokenizers import Tokenizer as LibraryTokenizer

from danlu.core.disk import read_json
from danlu.tokenizers.tokenizer import SEPARATOR, Tokenizer


def exported_tokenizer(folder: Path) -> Tokenizer | None:
    """The tokenizer of `folder`/tokenizer.json where danlu made it; None where another program did, or there is none."""
    path = folder / "tokenizer.json"
    try:
        added = read_json(path)["added_tokens"] if path.is_file() else []
        own = [entry["content"] for entry in added if entry["id"] == 0] == [SEPARATOR]
        return Tokenizer(LibraryTokenizer.from_file(str(path)), "bpe") if own else None
    except Exception:  # unreadable: the reader of other programs' tokenizers says why
        return None
