"""Every row with a class in transformers: the same network, number for number, out and back in.

B batch, T positions, V vocabulary.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch.nn import functional

from danlu.models import ARCHITECTURES
from danlu.models.store import save_model
from danlu.models.stored import to_theirs
from measured import MEASURED

from .test_architectures import TIEABLE, VOCAB_SIZE, row_of, scores, settings_of, some_ids, tiny

STORED = [name for name in ARCHITECTURES.names() if ARCHITECTURES.load(name).layout]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("name", "changes"),
    [(name, {}) for name in STORED]
    + [(name, {"tied": False}) for name in STORED if name in TIEABLE]
    + [("t5", {"activation": "relu", "decoder_depth": 2, "start_id": 7})]
    + [("modernbert", {"depth": 4, "global_every": 2, "local_reach": 3})],
)
def test_logits_and_gradients_equal_those_of_transformers(
    name: str, changes: dict[str, object], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    transformers = pytest.importorskip("transformers")
    layout = row_of(name).layout
    assert layout is not None
    model, ids_BT = tiny(name, **changes), some_ids().clamp(min=2)  # 1 is RoBERTa's padding
    save_model(model, tmp_path)
    kind = getattr(transformers, layout.class_name)
    theirs, report = kind.from_pretrained(tmp_path, output_loading_info=True, attn_implementation="eager")
    assert not any(report.values()), report
    if model.direction == "encoder-decoder":
        read_BS, written_BT = ids_BT[:, :10], model.begun(ids_BT[:, 10:])
        ours_BTV = model.logits(model(written_BT, source=model.encode(read_BS)).hidden_BTC)
        theirs_BTV = theirs(read_BS, decoder_input_ids=written_BT).logits
        ids_BT = written_BT
        assert theirs.config.decoder_start_token_id == model.start_id
    else:
        ours_BTV, theirs_BTV = scores(model, ids_BT), theirs(ids_BT).logits
    assert ours_BTV.shape == (*ids_BT.shape, VOCAB_SIZE)
    torch.testing.assert_close(ours_BTV, theirs_BTV, atol=1e-4, rtol=0)
    changed = " ".join(f"{key}={value}" for key, value in changes.items())
    record_property(MEASURED, (f"export {name} {changed}".rstrip(), float((ours_BTV - theirs_BTV).abs().max())))
    for logits_BTV in (ours_BTV, theirs_BTV):
        functional.cross_entropy(logits_BTV.flatten(0, 1), ids_BT.roll(3).flatten()).backward()
    ours = {name: weight.grad for name, weight in model.named_parameters() if weight.grad is not None}
    expected = to_theirs(layout.tensors(settings_of(name, **changes)), ours)
    found = {name: weight.grad for name, weight in theirs.named_parameters()}
    assert expected.keys() == found.keys()
    for key, gradient in expected.items():
        torch.testing.assert_close(gradient, found[key], atol=2e-5, rtol=1e-3)
