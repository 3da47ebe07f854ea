"""What a model costs before it is built: parameters, arithmetic, memory of training."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ParameterCount:
    """Parameters by kind (a tied matrix counts once), and what one token costs.

    `total` = `embedding` + `matrices` + gains and biases. `embedding` holds every matrix with a row for each token (an
    untied head too). `flops_per_token_forward` counts two for each multiply-add of matrix products, averaged over the
    positions of a full context window, head included; forward and backward together cost three times as much.
    `kept_per_token`: numbers that the forward pass keeps for the backward pass, for each token of a micro-batch.
    """

    total: int
    embedding: int
    matrices: int
    flops_per_token_forward: float
    kept_per_token: int

    @property
    def flops_per_token(self) -> float:
        """Operations of forward and backward together."""
        return 3.0 * self.flops_per_token_forward


@dataclass(frozen=True, kw_only=True)
class TrainingMemory:
    """Bytes that a training step holds at its peak, without the program itself (torch: about 300 MB)."""

    weights: int
    gradients: int
    optimizer: int
    activations: int

    @property
    def total(self) -> int:
        """The sum of all four."""
        return self.weights + self.gradients + self.optimizer + self.activations


def training_memory(
    count: ParameterCount,
    *,
    micro_batch_tokens: int,
    bytes_per_number: int = 4,
    states_per_parameter: float = 2.0,
) -> TrainingMemory:
    """An estimate for micro-batches of `micro_batch_tokens` tokens.

    `bytes_per_number`: of activations, 2 under bfloat16 autocast (weights stay float32). `states_per_parameter`: float32
    numbers that the optimizer and averages keep (AdamW 2, Muon 1, one more for an average of weights). Activations
    include a half more than is kept, for the temporaries of the widest layer; tests hold it within a factor of two.
    """
    kept = count.kept_per_token * micro_batch_tokens * bytes_per_number
    return TrainingMemory(
        weights=4 * count.total,
        gradients=4 * count.total,
        optimizer=int(4 * states_per_parameter * count.total),
        activations=kept * 3 // 2,
    )
