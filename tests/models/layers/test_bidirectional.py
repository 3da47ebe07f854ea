"""Layers that read both ways: against torch's own bidirectional LSTM, packed sequences included."""

import torch
from torch import nn

from danlu.models.layers.bidirectional import BidirectionalStack

WIDTH, HIDDEN, LENGTH = 6, 5, 9


def made() -> BidirectionalStack:
    """Two layers with random weights."""
    torch.manual_seed(0)
    stack = BidirectionalStack(cell="lstm", width=WIDTH, hidden_width=HIDDEN, depth=2, dropout=0.0)
    assert stack.project is not None
    nn.init.normal_(stack.project)
    return stack


def torchs_own(stack: BidirectionalStack) -> nn.LSTM:
    """The same weights in `nn.LSTM(bidirectional=True)`."""
    theirs = nn.LSTM(WIDTH, HIDDEN, num_layers=2, batch_first=True, bidirectional=True)
    for layer in range(2):
        for cells, ending in ((stack.forwards, ""), (stack.backwards, "_reverse")):
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
                source = getattr(cells[layer], f"{name}_l0")
                getattr(theirs, f"{name}_l{layer}{ending}").data.copy_(source)
    return theirs


@torch.no_grad()
def test_whole_windows_equal_torchs_bidirectional_lstm() -> None:
    stack, x_BTC = made(), torch.randn(3, LENGTH, WIDTH)
    torch.testing.assert_close(stack(x_BTC), torchs_own(stack)(x_BTC)[0] @ stack.project.T)


@torch.no_grad()
def test_texts_of_several_lengths_equal_packed_sequences() -> None:
    stack, x_BTC, lengths_B = made(), torch.randn(4, LENGTH, WIDTH), torch.tensor([9, 1, 4, 8])
    packed = nn.utils.rnn.pack_padded_sequence(x_BTC, lengths_B, batch_first=True, enforce_sorted=False)
    theirs, _ = nn.utils.rnn.pad_packed_sequence(torchs_own(stack)(packed)[0], batch_first=True)
    ours = stack(x_BTC, lengths_B=lengths_B)
    for row, length in enumerate(lengths_B.tolist()):
        torch.testing.assert_close(ours[row, :length], theirs[row, :length] @ stack.project.T)
