"""What the lines are: how they begin and end, how long they are, how often they come again."""

from collections.abc import Mapping

import numpy as np

from danlu.corpus.measures.batch import NEWLINE, SPACE, Array, TextBatch, mix, powers, share

BULLETS = "-*•●○■□▪▶◆◇‣·"
ENDS = "。．.!?！？…;；\"'”’」』）)】》:："
SHORT = 30  # characters, FineWeb's short line
TELLING = 5  # units; brackets, table cells and formula marks come again in any manual, which says nothing of copying


def measure(batch: TextBatch) -> Mapping[str, Array]:
    """Shares of the lines with something on them: bullets, ellipses, closing punctuation, short, seen before.

    `duplicate_lines` counts lines of TELLING units, `duplicate_line_characters` their characters; paragraphs (runs of
    lines between blank ones) likewise.
    """
    lines = _Lines(batch)
    num_lines = lines.count_D(np.ones(lines.first_L.size))
    length_L = (lines.last_L - lines.first_L + 1).astype(np.float64)
    first_L, last_L = batch.codes_C[lines.first_L], batch.codes_C[lines.last_L]
    total = lines.count_D(length_L)
    units_L = lines.units()
    telling_L = units_L >= TELLING
    again_L = _seen_before(lines.hash_L, lines.document_L) & telling_L
    dots_L = (last_L == ord(".")) & (length_L > 2) & (batch.codes_C[np.maximum(lines.last_L - 1, 0)] == ord("."))
    paragraph = lines.paragraphs(units_L)
    telling_P = paragraph.units_P >= TELLING
    again_P = _seen_before(paragraph.hash_P, paragraph.document_P) & telling_P
    return {
        "num_text_lines": num_lines.astype(np.int64),
        "mean_line_length": share(total, num_lines),
        "bullet_lines": share(lines.count_D(np.isin(first_L, _codes(BULLETS)) * 1.0), num_lines),
        "ellipsis_lines": share(lines.count_D(((last_L == ord("…")) | dots_L) * 1.0), num_lines),
        "punctuated_lines": share(lines.count_D(np.isin(last_L, _codes(ENDS)) * 1.0), num_lines),
        "short_lines": share(lines.count_D((length_L <= SHORT) * 1.0), num_lines),
        "duplicate_lines": share(lines.count_D(again_L * 1.0), lines.count_D(telling_L * 1.0)),
        "duplicate_line_characters": share(lines.count_D(again_L * length_L), total),
        "duplicate_paragraphs": share(paragraph.count_D(again_P * 1.0), paragraph.count_D(telling_P * 1.0)),
        "duplicate_paragraph_characters": share(paragraph.count_D(again_P * paragraph.length_P), total),
    }


class _Paragraphs:
    """Runs of text lines: hash, document, characters and units of each (`_P`)."""

    def __init__(self, hash_P: Array, document_P: Array, length_P: Array, units_P: Array, num_documents: int) -> None:
        self.hash_P, self.document_P, self.length_P, self.units_P = hash_P, document_P, length_P, units_P
        self._num_documents = num_documents

    def count_D(self, weights_P: Array) -> Array:
        return np.bincount(self.document_P, weights_P, minlength=self._num_documents)


class _Lines:
    """The lines (`_L`) that hold more than space: first and last visible character, document, 64-bit hash."""

    def __init__(self, batch: TextBatch) -> None:
        visible = np.flatnonzero(batch.classes_C != SPACE)
        # The number of the line that each visible character is on; a new document begins a new line.
        change_C = (batch.codes_C == NEWLINE).astype(np.int32)
        np.add.at(change_C, batch.starts_D[batch.num_characters_D > 0], 1)
        line_V = np.cumsum(change_C, dtype=np.int32)[visible]
        begins = np.ones(visible.size, bool)
        begins[1:] = line_V[1:] != line_V[:-1]
        starts = np.flatnonzero(begins)
        ends = np.append(starts[1:], visible.size) - 1 if starts.size else starts
        self.number_L = line_V[starts]
        self.first_L, self.last_L = visible[starts], visible[ends]
        self.document_L = batch.owners(self.first_L)
        place_V = np.arange(visible.size) - np.repeat(starts, np.diff(starts, append=visible.size))
        weighted = mix(batch.codes_C[visible].astype(np.uint64)) * powers()[place_V & 1023]
        self.hash_L = mix(np.add.reduceat(weighted, starts)) if starts.size else np.zeros(0, np.uint64)
        self._num_documents = len(batch.texts)
        self._unit_starts = batch.unit_starts_U

    def units(self) -> Array:
        """Han characters and words on each line."""
        return np.searchsorted(self._unit_starts, self.last_L, "right") - np.searchsorted(
            self._unit_starts, self.first_L
        )

    def count_D(self, weights_L: Array) -> Array:
        return np.bincount(self.document_L, weights_L, minlength=self._num_documents)

    def paragraphs(self, units_L: Array) -> _Paragraphs:
        begins = np.ones(self.hash_L.size, bool)
        begins[1:] = (np.diff(self.number_L) > 1) | (np.diff(self.document_L) > 0)
        starts = np.flatnonzero(begins)
        if not starts.size:
            return _Paragraphs(self.hash_L, self.document_L, np.zeros(0), units_L, self._num_documents)
        place_L = np.arange(self.hash_L.size) - np.repeat(starts, np.diff(starts, append=self.hash_L.size))
        hash_P = mix(np.add.reduceat(self.hash_L * powers()[place_L & 1023], starts))
        length_P = np.add.reduceat((self.last_L - self.first_L + 1).astype(np.float64), starts)
        units_P = np.add.reduceat(units_L, starts)
        return _Paragraphs(hash_P, self.document_L[starts], length_P, units_P, self._num_documents)


def _seen_before(hashes: Array, documents: Array) -> Array:
    """Which items have an equal one before them in the same document."""
    keys = mix(hashes ^ mix(documents.astype(np.uint64) + np.uint64(1)))
    order = np.argsort(keys, kind="stable")
    again = np.zeros(keys.size, bool)
    again[order[1:]] = keys[order[1:]] == keys[order[:-1]]
    return again


def _codes(characters: str) -> Array:
    return np.array([ord(character) for character in characters], np.uint32)
