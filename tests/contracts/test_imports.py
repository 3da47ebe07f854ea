"""Every row with a class in transformers: a folder that transformers wrote becomes the same model and the same ids.

B batch, T positions, V vocabulary.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from danlu.exporting.huggingface import read_by_transformers
from danlu.models import ARCHITECTURES
from danlu.recipes.import_model import import_model
from danlu.recipes.load import load
from foreign_folders import NASTY, open_theirs, write_model, write_tokenizer
from measured import MEASURED

pytest.importorskip("transformers")
ROWS = [name for name in ARCHITECTURES.names() if ARCHITECTURES.load(name).layout]
TIEABLE = [
    name
    for name in ROWS
    if "tied" in ARCHITECTURES.load(name).settings.model_fields
    and ARCHITECTURES.load(name).direction == "left-to-right"
]
CASES = [(name, {}) for name in ROWS] + [(name, {"tie_word_embeddings": False}) for name in TIEABLE]


@pytest.mark.parametrize(("name", "fields"), CASES)
def test_scores_and_ids_are_those_of_transformers(
    name: str, fields: dict[str, object], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    folder = tmp_path / "theirs"
    entries = write_tokenizer(folder, name)
    model = write_model(folder, name, entries + 3, **fields)  # as many models, it has more rows than there are entries
    result = import_model(folder, tmp_path / "ours")
    assert (result.architecture, result.head, result.left_out) == (name, True, ())
    assert [proof.program for proof in result.proofs] == ["transformers"]
    reader = open_theirs(folder)
    for place in (folder, result.path):
        ours = load(place)
        ids_BT = torch.randint(2, entries, (3, 40), generator=torch.Generator().manual_seed(1))
        with torch.no_grad():
            difference = float((ours.logits(ids_BT) - read_by_transformers(model, ids_BT).logits).abs().max())
        assert difference <= 1e-4
        for text in NASTY:
            assert ours.encode(text) == reader(text, add_special_tokens=False)["input_ids"], text
    record_property(MEASURED, (f"import {name} {' '.join(fields)}".rstrip(), difference))


@pytest.mark.parametrize("name", [name for name in ROWS if ARCHITECTURES.load(name).direction != "encoder-decoder"])
def test_a_body_without_a_head_gives_the_vectors_of_transformers(
    name: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    folder = tmp_path / "theirs"
    entries = write_tokenizer(folder, name)
    body = write_model(folder, name, entries, head=False, **({"tie_word_embeddings": False} if name in TIEABLE else {}))
    result = import_model(folder, tmp_path / "ours")
    assert not result.head
    assert all("pooler" in left_out for left_out in result.left_out)
    ids_BT = torch.randint(2, entries, (3, 40), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        found_BTC, wanted_BTC = load(result.path).network(ids_BT).hidden_BTC, body(ids_BT).last_hidden_state
    difference = float((found_BTC - wanted_BTC).abs().max())
    assert difference <= 1e-4
    record_property(MEASURED, (f"import {name}, body alone", difference))
