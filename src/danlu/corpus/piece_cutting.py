"""Documents without the lines or paragraphs that stood before in the corpus: texts, measures and edits anew."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from danlu.corpus.judging import measure_batch
from danlu.corpus.measures.batch import TextBatch
from danlu.corpus.pieces import without
from danlu.corpus.settings import CorpusSettings
from danlu.corpus.shard_reading import measure_column


def without_repeated(table: pa.Table, settings: CorpusSettings) -> pa.Table:
    """The rows of `table` after cutting the pieces in its column `repeated`.

    A document of which only blanks would be left is dropped as it was, with the number of its pieces as the value.
    """
    marked = pc.and_(pc.is_valid(table.column("repeated")), pc.is_null(table.column("reason")))
    places = [place for place, it in enumerate(marked.to_pylist()) if it]
    if not places:
        return table
    kind = settings.duplicates.pieces
    reason = f"repeated_{kind}"
    rows: list[dict[str, Any]] = table.to_pylist()
    changed = []
    for place in places:
        row = rows[place]
        shortened = without(row["text"], kind, row["repeated"])
        if shortened.text.strip():
            row["text"], row["edits"] = shortened.text, [*row["edits"], f"{reason}:{shortened.num_removed}"]
            changed.append(row)
        else:
            row["reason"], row["value"] = reason, float(shortened.num_removed)
    if changed:
        measured = measure_batch(TextBatch([row["text"] for row in changed]), settings)
        for name, values in measured.items():
            for row, value in zip(changed, measure_column(name, values).to_pylist(), strict=True):
                row[name] = value
    return pa.Table.from_pylist(rows, schema=table.schema)
