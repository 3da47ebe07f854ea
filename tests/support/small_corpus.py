"""A corpus artifact made directly from texts, for tests of the stages behind it."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from danlu.core.artifacts import finish_artifact
from danlu.corpus.store import COLUMNS, KIND, Corpus, PartWriter, open_corpus


def write_corpus(folder: Path, train: Sequence[str], valid: Sequence[str] = ()) -> Corpus:
    """The finished corpus in `folder` with these texts, in this order."""
    texts = [*train, *valid]
    splits = ["train"] * len(train) + ["valid"] * len(valid)
    rows = [
        {
            "id": f"{number:016x}",
            "source": "texts.txt",
            "offset": number,
            "domain": "texts",
            "text": text,
            "split": splits[number],
            "cluster": f"{number:016x}",
        }
        for number, text in enumerate(texts)
    ]
    schema = pa.schema(COLUMNS)
    writer = PartWriter(folder / "documents" / "part-00000.parquet", schema)
    writer.write(pa.Table.from_pylist(rows, schema=schema))
    writer.close()
    facts = {
        "num_documents": {"train": len(train), "valid": len(valid)},
        "bytes_kept": {
            "train": sum(len(text.encode()) for text in train),
            "valid": sum(len(text.encode()) for text in valid),
        },
    }
    finish_artifact(folder, KIND, settings={}, facts=facts)
    return open_corpus(folder)
