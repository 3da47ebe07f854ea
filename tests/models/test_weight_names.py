"""Weights under other names than the class gives them find their place; nothing that says something else is dropped."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from danlu.models.weight_names import match_names

BERT = (
    "bert.embeddings.word_embeddings.weight",
    "bert.embeddings.LayerNorm.weight",
    "bert.embeddings.LayerNorm.bias",
    "cls.predictions.bias",
)
GPT2 = ("transformer.wte.weight", "transformer.h.0.attn.c_attn.bias", "lm_head.weight")


def _weights(*names: str) -> dict[str, torch.Tensor]:
    return {name: torch.full((2, 3), float(number)) for number, name in enumerate(names)}


@given(st.sets(st.sampled_from(BERT)), st.booleans(), st.booleans())
def test_names_without_prefix_and_old_names_find_their_place(names: set[str], bare: bool, old: bool) -> None:
    def written(name: str) -> str:
        name = name.removeprefix("bert.") if bare else name
        return (
            name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
            if old
            else name
        )

    right = _weights(*sorted(names))
    found = match_names({written(name): tensor for name, tensor in right.items()}, BERT)
    assert found.weights.keys() == right.keys()
    assert all(found.weights[name] is right[name] for name in right)
    assert found.left_out == ()


def test_buffers_are_no_weights() -> None:
    buffers = (
        "bert.embeddings.position_ids",
        "h.0.attn.bias",
        "transformer.h.0.attn.masked_bias",
        "x.rotary_emb.inv_freq",
    )
    assert match_names(_weights(*buffers), (*BERT, *GPT2)).weights == {}
    kept = match_names(_weights("h.0.attn.c_attn.bias"), GPT2).weights
    assert list(kept) == ["transformer.h.0.attn.c_attn.bias"]


def test_heads_of_other_tasks_are_left_out_by_name() -> None:
    names = ("pooler.dense.weight", "bert.pooler.dense.bias", "cls.seq_relationship.weight", "classifier.weight")
    found = match_names(_weights(*names), BERT)
    assert found.weights == {}
    assert found.left_out == tuple(sorted(names))


def test_a_tied_copy_is_dropped_and_another_head_stays() -> None:
    embedding = torch.randn(5, 3)
    tied = {"bert.embeddings.word_embeddings.weight": embedding, "cls.predictions.decoder.weight": embedding.clone()}
    assert list(match_names(tied, BERT).weights) == ["bert.embeddings.word_embeddings.weight"]
    other = {**tied, "cls.predictions.decoder.weight": embedding + 1}
    assert "cls.predictions.decoder.weight" in match_names(other, BERT).weights


def test_a_bias_may_stand_under_its_second_name_alone() -> None:
    found = match_names({"cls.predictions.decoder.bias": torch.ones(5)}, BERT)
    assert list(found.weights) == ["cls.predictions.bias"]


def test_a_bias_of_zeros_adds_nothing() -> None:
    assert match_names({"final_logits_bias": torch.zeros(1, 5)}, BERT).weights == {}
    assert list(match_names({"final_logits_bias": torch.ones(1, 5)}, BERT).weights) == ["final_logits_bias"]


def test_what_has_no_place_keeps_its_name() -> None:
    assert list(match_names(_weights("adapter.weight"), BERT).weights) == ["adapter.weight"]
