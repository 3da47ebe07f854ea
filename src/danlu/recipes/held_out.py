"""The validation split as documents that can be scored: ids, raw bytes and domain of each."""

import numpy as np
import pyarrow.parquet as pq

from danlu.evaluation.language import DocumentSet
from danlu.evaluation.windows import Stream
from danlu.tokenizers.token_store import Tokens


def document_set(tokens: Tokens) -> DocumentSet:
    """All documents of a split, in order."""
    table = pq.read_table(tokens.artifact.path / f"{tokens.split}.sources.parquet")
    return DocumentSet(
        stream=Stream(ids=tokens.ids.astype(np.uint32), starts=tokens.starts),
        bytes_D=np.asarray(table.column("num_bytes").to_numpy(), dtype=np.int64),
        domains=tuple(str(name) for name in table.column("domain").to_pylist()),
    )
