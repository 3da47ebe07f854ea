"""RoBERTa (Liu et al. 2019, arXiv:1907.11692): BERT's shape without segments; its positions begin at the third row."""

from danlu.models.bert_family import Kind, bert_like
from danlu.models.bert_layout import Names, bert_layout

ARCHITECTURE = bert_like(
    Kind(name="roberta", num_segments=1, first_position=2),
    bert_layout(
        Names(
            model_type="roberta",
            class_name="RobertaForMaskedLM",
            prefix="roberta",
            head={
                "dense": "lm_head.dense.weight",
                "dense_bias": "lm_head.dense.bias",
                "norm.weight": "lm_head.layer_norm.weight",
                "norm.bias": "lm_head.layer_norm.bias",
                "bias": "lm_head.bias",
            },
            num_segments=1,
            first_position=2,
        )
    ),
)
