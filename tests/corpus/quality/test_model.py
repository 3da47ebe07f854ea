"""The stored score: the same figures after reading, in any batch; damage and other folders are refused."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file

from danlu.core.artifacts import finish_artifact
from danlu.core.errors import ArtifactError
from danlu.corpus.measures.batch import TextBatch
from danlu.corpus.quality.model import FILE, KIND, QualityModel, open_quality, save_quality, scale_of
from danlu.corpus.quality.settings import QualityTrainSettings
from small_corpus import write_corpus

RANDOM = np.random.default_rng(0)
MODEL = QualityModel(
    RANDOM.integers(-(2**20), 2**20, 2**12).astype(np.int32),
    scale_of(RANDOM.normal(0, 3, 500)),
    scale_of(RANDOM.normal(1, 2, 500)),
)


@given(texts=st.lists(st.text(max_size=40), max_size=6))
def test_scores_lie_between_0_and_1_and_need_no_neighbours(texts: list[str]) -> None:
    together = MODEL.score(TextBatch(texts))
    assert ((together.quality_D >= 0) & (together.quality_D <= 1)).all()
    for place, text in enumerate(texts):
        alone = MODEL.score(TextBatch([text]))
        assert alone.quality_D[0] == together.quality_D[place]
        assert alone.raw_D[0] == together.raw_D[place]


def test_quality_is_the_share_of_good_text_below() -> None:
    raw = np.sort(RANDOM.normal(0, 3, 2001))
    places = np.interp(raw, scale_of(raw), np.linspace(0, 1, 1001))
    assert np.abs(places - np.arange(2001) / 2000).max() < 0.002


def test_a_stored_score_is_read_back(tmp_path: Path) -> None:
    save_quality(MODEL, tmp_path / "m", QualityTrainSettings(), inputs={"good": "x"}, facts={})
    texts = ["some words of text", "一些汉字", ""]
    read, kept = open_quality(tmp_path / "m").score(TextBatch(texts)), MODEL.score(TextBatch(texts))
    assert np.array_equal(read.quality_D, kept.quality_D)
    assert np.array_equal(read.raw_D, kept.raw_D)


def test_a_score_trained_anew_in_the_same_folder_is_read_anew(tmp_path: Path) -> None:
    folder, batch = tmp_path / "m", TextBatch(["some words of text"])
    save_quality(MODEL, folder, QualityTrainSettings(), inputs={}, facts={})
    before = open_quality(folder).score(batch).raw_D
    other = QualityModel(-MODEL.weights_B, MODEL.scale_han, MODEL.scale_other)
    save_quality(other, folder, QualityTrainSettings(), inputs={}, facts={})
    assert np.array_equal(open_quality(folder).score(batch).raw_D, -before)


@pytest.mark.parametrize("scale", [np.full(1001, np.nan), np.linspace(1, 0, 1001)])
def test_a_scale_that_does_not_rise_is_refused(scale: np.ndarray, tmp_path: Path) -> None:
    model = QualityModel(MODEL.weights_B, MODEL.scale_han, scale)
    save_quality(model, tmp_path / "m", QualityTrainSettings(), inputs={}, facts={})
    with pytest.raises(ArtifactError, match="damaged"):
        open_quality(tmp_path / "m")


def test_what_is_no_score_is_refused(tmp_path: Path) -> None:
    write_corpus(tmp_path / "corpus", ["a text"])
    with pytest.raises(ArtifactError, match="another kind"):
        open_quality(tmp_path / "corpus")
    with pytest.raises(ArtifactError, match="not a finished"):
        open_quality(tmp_path / "none")
    wrong = tmp_path / "wrong"
    wrong.mkdir()
    tables = {"weights": np.zeros(1000, np.int32), "good_han": np.zeros(1001), "good_other": np.zeros(1001)}
    save_file(tables, wrong / FILE)
    finish_artifact(wrong, KIND, settings={})
    with pytest.raises(ArtifactError, match="damaged"):
        open_quality(wrong)
    (wrong / FILE).write_bytes(b"\x00" * (wrong / FILE).stat().st_size)
    finish_artifact(wrong, KIND, settings={"another": 1})
    with pytest.raises(ArtifactError, match="damaged"):
        open_quality(wrong)
