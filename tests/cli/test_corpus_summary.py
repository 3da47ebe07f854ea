"""What the corpus commands print: the funnel, the fate of a document and why."""

from typing import Any

import pytest

from danlu.cli.layout import display_width
from danlu.cli.summaries import summary

BUILT: dict[str, Any] = {
    "path": "corpora/mine", "documents_in": 9, "documents_kept": 7, "dropped": {"empty": 1, "language": 1},
    "bytes_kept": {"train": 196951, "valid": 38212}, "files_skipped": {}, "seconds": 1.26,
}  # fmt: skip
SAMPLE = {"id": "ab", "source": "a.txt", "offset": 0, "text": "menu\x1b[2J | home " * 20, "value": 0.1, "limit": 0.4}
REPORT = {
    **BUILT, "steps": [{"reason": "language", "num_documents": 2, "num_bytes": 65639, "num_left": 7}],
    "percentiles": {"num_bytes": {"1": 100.0, "50": 2000.0}}, "languages": {"en": 5, "zh": 2},
    "domains": {f"domain-{n}": n for n in range(20)}, "samples": {"language": [SAMPLE]}, "valid_seen_in_train": 0,
}  # fmt: skip
TOKENIZER = {
    "path": "tokenizers/mine", "settings": {"kind": "bpe"}, "facts": {"vocab_size": 1000, "quality": {"bytes_per_token": 2.95}},
}  # fmt: skip
RULE = {
    "rule": "duplicate_paragraph_characters",
    "meaning": "重复",
    "value": 0.25,
    "least": None,
    "most": 0.2,
    "passed": False,
}
EXPLAINED = {
    "id": "ab", "source": "a.txt", "offset": 3, "kept": False, "reason": "language", "value": 0.1244, "limit": 0.4,
    "twin": None, "twin_source": None, "edits": ["nfc:1"], "language": "en", "text": "The\x07 beginning " * 90,
    "split": None, "judgements": [RULE, {**RULE, "rule": "language", "least": 0.1, "passed": True}],
}  # fmt: skip


@pytest.mark.parametrize("tongue", ["en", "zh"])
@pytest.mark.parametrize("width", [40, 80])
@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("corpus build", BUILT),
        ("corpus report", REPORT),
        ("corpus verify", BUILT),
        ("corpus explain", EXPLAINED),
        ("tokenizer train", TOKENIZER),
    ],
)
def test_lines_fit(name: str, result: object, width: int, tongue: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANLU_LANG", tongue)
    lines = summary(name, result, width)
    assert all(display_width(line) <= width for line in lines), lines
    assert not any(character in "".join(lines) for character in "\x07\x1b")


def test_the_funnel_adds_up_before_the_eyes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANLU_LANG", "en")
    lines = summary("corpus report", REPORT, 80)
    assert lines[1].split() == ["9", "came", "in"]
    assert lines[2].split()[:2] == ["-2", "language"]
    assert lines[3].split() == ["7", "kept"]


def test_a_broken_rule_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANLU_LANG", "en")
    shown = "\n".join(summary("corpus explain", EXPLAINED, 80))
    assert "dropped: language, 0.1244 (limit 0.4)" in shown
    assert "! duplicate_paragraph_characters" in shown
    assert "0.25 (at most 0.2)" in shown
    assert "0.25 (0.1 to 0.2)" in shown
    assert "kept, in the split 'train'" in "\n".join(
        summary("corpus explain", {**EXPLAINED, "kept": True, "split": "train"}, 80)
    )
