"""What an export is compared on, and that a difference is never let through."""

import pytest
import torch

from danlu.core.errors import ArtifactError
from danlu.exporting.parity import check_ids, check_logits, parity_ids, parity_texts
from danlu.tokenizers import TOKENIZERS
from danlu.tokenizers.tokenizer import Tokenizer, TokenizerSettings


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    """Every byte is an entry: nothing is learnt."""
    made: Tokenizer = TOKENIZERS.load("byte")(lambda: iter(()), TokenizerSettings(kind="byte"))
    return made


def test_the_texts_are_the_same_each_time_and_hold_what_breaks_tokenizers() -> None:
    texts = parity_texts()
    assert texts == parity_texts()
    assert len(texts) > 300
    whole = "".join(texts)
    for piece in ("丹炉", "\r\n", "\u200d", "<|bos|>", "\x00", "e\u0301", "\U0001f525", "  "):
        assert piece in whole
    assert max(map(ord, whole)) > 0xFFFF
    whole.encode()


def test_equal_ids_pass_and_one_other_id_is_told(tokenizer: Tokenizer) -> None:
    texts = parity_texts(20)
    check_ids(tokenizer, tokenizer.encode, "itself", texts)
    with pytest.raises(ArtifactError, match="another"):
        check_ids(
            tokenizer,
            lambda text: [*tokenizer.encode(text), 0] if "emoji" in text else tokenizer.encode(text),
            "another",
            texts,
        )


def test_logits_may_differ_by_rounding_only() -> None:
    wanted_BTV = torch.randn(2, 3, 5, generator=torch.Generator().manual_seed(0))
    assert check_logits(wanted_BTV, wanted_BTV + 1e-5, "other") == pytest.approx(1e-5, rel=0.1)
    for wrong in (wanted_BTV + 1e-2, wanted_BTV * float("nan"), wanted_BTV[:, :2]):
        with pytest.raises(ArtifactError):
            check_logits(wanted_BTV, wrong, "other")


def test_ids_start_with_the_separator_and_stay_in_the_vocabulary() -> None:
    ids_BT = parity_ids(7, 100, 3)
    assert ids_BT.shape == (2, 100)
    assert ids_BT[:, 0].tolist() == [3, 3]
    assert 0 <= int(ids_BT.min()) <= int(ids_BT.max()) < 7
