"""Windows over documents: every token is scored exactly once, whatever the context and the stride."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from danlu.evaluation.windows import Windows, cut_windows, join_documents, sample_windows

SEPARATOR = 0
LENGTHS_V = np.array([0, 1, 2, 3, 1, 4, 2, 1], dtype=np.int64)

documents = st.lists(st.lists(st.integers(1, 7), max_size=40), min_size=1, max_size=8)


def _windows(texts: list[list[int]], context: int, stride: int | None) -> Windows:
    stream = join_documents([np.array(text, dtype=np.uint32) for text in texts], SEPARATOR)
    return cut_windows(stream.ids, stream.starts, context=context, lengths_V=LENGTHS_V, stride=stride)


@given(texts=documents, context=st.integers(1, 12), data=st.data())
def test_every_token_is_scored_once_with_the_context_it_was_promised(
    texts: list[list[int]], context: int, data: st.DataObject
) -> None:
    stride = data.draw(st.one_of(st.none(), st.integers(1, context)))
    windows = _windows(texts, context, stride)
    scored: list[list[int]] = [[] for _ in texts]
    place = [0] * len(texts)
    for start, length, skip, document, num_bytes in zip(
        windows.starts_W, windows.lengths_W, windows.skips_W, windows.documents_W, windows.bytes_W, strict=True
    ):
        assert 0 <= skip < length <= context
        targets = windows.ids[start + 1 : start + length + 1][skip:].tolist()
        # Before each scored token stand `context - stride` tokens at least, or all there are.
        assert skip >= min(place[document], context - (stride or context))
        scored[document] += targets
        place[document] += len(targets)
        assert num_bytes == sum(LENGTHS_V[token] for token in targets)
    assert scored == texts


@given(texts=documents, context=st.integers(1, 12))
def test_windows_begin_with_the_separator_and_never_cross_documents(texts: list[list[int]], context: int) -> None:
    windows = _windows(texts, context, None)
    for start, length in zip(windows.starts_W, windows.lengths_W, strict=True):
        assert SEPARATOR not in windows.ids[start + 1 : start + length + 1]
    first = np.unique(windows.documents_W, return_index=True)[1]
    assert (windows.ids[windows.starts_W[first]] == SEPARATOR).all()


def test_a_sample_is_fixed_and_larger_ones_contain_it() -> None:
    windows = _windows([[1, 2, 3, 4] * 50, [5, 6] * 30], 8, None)
    small, again = sample_windows(windows, 60, seed=3), sample_windows(windows, 60, seed=3)
    large = sample_windows(windows, 150, seed=3)
    assert small.starts_W.tolist() == again.starts_W.tolist()
    assert set(small.starts_W.tolist()) < set(large.starts_W.tolist())
    assert int(small.num_tokens_W.sum()) >= 60
    assert sample_windows(windows, 10_000, seed=3) is windows
