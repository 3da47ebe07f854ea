"""BERT (Devlin et al. 2019, arXiv:1810.04805): reads both ways, learns from hidden tokens, tells two segments apart."""

from danlu.models.bert_family import Kind, bert_like
from danlu.models.bert_layout import Names, bert_layout

ARCHITECTURE = bert_like(
    Kind(name="bert", num_segments=2, first_position=0),
    bert_layout(
        Names(
            model_type="bert",
            class_name="BertForMaskedLM",
            prefix="bert",
            head={
                "dense": "cls.predictions.transform.dense.weight",
                "dense_bias": "cls.predictions.transform.dense.bias",
                "norm.weight": "cls.predictions.transform.LayerNorm.weight",
                "norm.bias": "cls.predictions.transform.LayerNorm.bias",
                "bias": "cls.predictions.bias",
            },
            num_segments=2,
            first_position=0,
        )
    ),
)
