"""Another limit as a query says what a build with that limit does."""

from pathlib import Path

import pytest

from danlu.core.errors import UsageError
from danlu.corpus.limit_changes import asked_limits, limit_changes
from danlu.corpus.rules.rule import Limits
from danlu.corpus.settings import CorpusSettings, DuplicateSettings
from danlu.corpus.store import Corpus
from danlu.corpus.what_if import what_if
from mixed_corpus import build_mixed_corpus

STANDARD = CorpusSettings(preset="standard")


def test_limits_are_read_in_each_form() -> None:
    found = asked_limits(
        STANDARD, changes=["num_units=20:", "digits=:0.5", "limits.letters.least=0.1", "corpus.limits.symbols=off"]
    )
    assert found["num_units"] == Limits(least=20)
    assert found["digits"] == Limits(most=0.5)
    assert found["letters"] == Limits(least=0.1)
    assert "symbols" not in found
    assert asked_limits(STANDARD, changes=["num_units.least=20"])["num_units"] == Limits(least=20, most=100_000)
    assert asked_limits(STANDARD, preset="minimal") == {}
    names = [change.rule for change in limit_changes(asked_limits(STANDARD), found)]
    assert sorted(names) == ["digits", "letters", "num_units", "symbols"]


@pytest.mark.parametrize(
    ("change", "part"),
    [("num_unit=1:", "num_units"), ("num_units=3", "LEAST:MOST"), ("digits=a:b", "LEAST:MOST"),
     ("digits=3:2", "LEAST:MOST"), ("digits.mean=3", "LEAST:MOST"), ("digits=nan:", "LEAST:MOST"), ("=", "rule")],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(change: str, part: str) -> None:
    with pytest.raises(UsageError) as refused:
        asked_limits(STANDARD, changes=[change])
    assert part in refused.value.render("en")
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("preset", ["standard", "minimal"])
def test_the_limits_of_the_build_move_nothing(preset: str, tmp_path: Path) -> None:
    corpus = build_mixed_corpus(tmp_path, preset=preset)
    found = what_if(corpus)
    assert found.changes == ()
    assert found.entering.num_documents == found.leaving.num_documents == 0
    assert found.documents_before == found.documents_after == corpus.artifact.facts["documents_kept"]
    assert found.bytes_before == sum(corpus.artifact.facts["bytes_kept"].values())
    assert found.documents_in == corpus.artifact.facts["documents_in"]


@pytest.mark.parametrize(
    "changes",
    [("num_units=1:",), ("num_units=75:",), ("digits=:0", "punctuated_lines=off"), ("letters=0.999:", "num_units=off")],
)
def test_the_query_foretells_the_build(changes: tuple[str, ...], tmp_path: Path) -> None:
    near = DuplicateSettings(near=False)
    first = build_mixed_corpus(tmp_path / "one", duplicates=near)
    found = what_if(first, changes=changes)
    limits = asked_limits(CorpusSettings.model_validate(first.artifact.settings), changes=changes)
    before = asked_limits(STANDARD)
    pairs = {name: (limits.get(name, Limits()).least, limits.get(name, Limits()).most) for name in {**before, **limits}}
    second = build_mixed_corpus(tmp_path / "two", duplicates=near, limits=pairs)
    assert found.entering.num_documents + found.leaving.num_documents > 0
    assert found.documents_after == second.artifact.facts["documents_kept"]
    assert found.bytes_after == sum(second.artifact.facts["bytes_kept"].values())


def test_what_moves_is_shown_with_its_reason(tmp_path: Path) -> None:
    corpus = build_mixed_corpus(tmp_path)
    found = what_if(corpus, changes=["num_units=1:", "digits=:0"])
    assert found.entering.rules["num_units"] == found.entering.num_documents > 0
    for sample in found.entering.samples:
        assert sample.rule == "num_units"
        assert sample.value is not None
        assert sample.value < 20 == sample.limit
    assert found.leaving.rules == {"digits": found.leaving.num_documents}
    for sample in found.leaving.samples:
        assert sample.value is not None
        assert sample.value > 0 == sample.limit
    assert sum(found.leaving.languages.values()) == found.leaving.num_documents


def test_a_looser_preset_lets_near_duplicates_back_in(tmp_path: Path) -> None:
    corpus = build_mixed_corpus(tmp_path)
    found = what_if(corpus, preset="minimal")
    assert found.entering.rules["near_duplicate"] == 1
    minimal = build_mixed_corpus(tmp_path / "minimal", preset="minimal")
    assert found.documents_after == minimal.artifact.facts["documents_kept"]


def test_measures_that_the_build_did_not_take_are_taken_now(tmp_path: Path) -> None:
    corpus = build_mixed_corpus(tmp_path, preset="minimal")
    assert "digit_share" not in corpus.measures()
    found = what_if(corpus, preset="standard")
    assert found.leaving.rules["num_units"] >= 2
    assert any("digit_share" in note.en for note in found.notes)
    assert any("近似重复" in note.zh for note in found.notes)


def test_validation_files_are_never_judged(tmp_path: Path) -> None:
    from danlu.corpus.pipeline import build_corpus
    from danlu.corpus.settings import CorpusRuntime
    from danlu.corpus.store import open_corpus

    texts = build_mixed_corpus(tmp_path).artifact.path.parent / "texts"
    (tmp_path / "valid.txt").write_text("7")
    out = tmp_path / "with-valid"
    build_corpus([texts], out, STANDARD, CorpusRuntime(executor="here"), valid_sources=[tmp_path / "valid.txt"])
    found: Corpus = open_corpus(out)
    assert what_if(found).leaving.num_documents == 0
