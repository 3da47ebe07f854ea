"""Networks: token ids in, a hidden vector for each position out, and the head that turns it into logits.

To add one: a file with an `ARCHITECTURE` beside these, and its row here; tests/contracts then runs it.
"""

from danlu.core.language import Text
from danlu.core.registry import Registry

ARCHITECTURES = Registry(
    "danlu.architectures",
    Text("architecture", "架构"),
    {
        "gpt": "danlu.models.gpt:ARCHITECTURE",
        "gpt2": "danlu.models.gpt2:ARCHITECTURE",
        "llama": "danlu.models.llama:ARCHITECTURE",
        "mistral": "danlu.models.mistral:ARCHITECTURE",
        "qwen2": "danlu.models.qwen2:ARCHITECTURE",
        "bert": "danlu.models.bert:ARCHITECTURE",
        "roberta": "danlu.models.roberta:ARCHITECTURE",
        "modernbert": "danlu.models.modernbert:ARCHITECTURE",
        "bilstm": "danlu.models.bilstm:ARCHITECTURE",
        "bart": "danlu.models.bart:ARCHITECTURE",
        "t5": "danlu.models.t5:ARCHITECTURE",
        "transformer": "danlu.models.transformer:ARCHITECTURE",
        "lstm": "danlu.models.lstm:ARCHITECTURE",
        "gru": "danlu.models.gru:ARCHITECTURE",
        "rnn": "danlu.models.rnn:ARCHITECTURE",
    },
)
