"""The settings behind a config.json of T5."""

import pytest

from danlu.models.t5 import T5Settings
from danlu.models.t5_layout import read_settings, write_config


@pytest.mark.parametrize("tied", [True, False])
def test_what_is_written_is_read(tied: bool) -> None:
    settings = T5Settings(width=32, num_heads=4, inner_width=64, tied=tied)
    assert read_settings({**write_config(settings, 50), "model_type": "t5"}) == settings


@pytest.mark.parametrize("field", [{"feed_forward_proj": "silu"}, {"scale_decoder_outputs": False}])
def test_what_would_be_computed_otherwise_is_refused(field: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(field))):
        read_settings({**write_config(T5Settings(), 50), **field})
