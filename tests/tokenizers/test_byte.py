"""The kind of bytes: nothing is learnt."""

from danlu.tokenizers.byte import train
from danlu.tokenizers.tokenizer import TokenizerSettings


def test_ids_are_bytes_behind_the_control_tokens() -> None:
    tokenizer = train(lambda: iter(()), TokenizerSettings(kind="byte"))
    assert tokenizer.vocab_size == 257
    assert tokenizer.encode("a丹") == [1 + byte for byte in "a丹".encode()]


def test_two_control_tokens_move_the_bytes() -> None:
    settings = TokenizerSettings(kind="byte", control_tokens=("<|bos|>", "<|mask|>"))
    assert train(lambda: iter(()), settings).encode("a") == [2 + ord("a")]
