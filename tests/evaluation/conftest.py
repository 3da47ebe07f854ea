"""A run folder as a pretraining run leaves it, written by hand: what the report and the comparison read."""

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from danlu.core.artifacts import finish_artifact

NUM_STEPS, NUM_SECONDS = 1840, 596.0
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)> \u202e\x00 {{ 7 * 7 }}"


@pytest.fixture(scope="session")
def fake_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run over a mixed corpus, with resumption, drops and hostile text in its samples."""
    return make_run(tmp_path_factory.mktemp("runs") / "red-chamber")


def make_run(folder: Path) -> Path:
    """Writes the run folder; equal bytes each time."""
    _corpus(folder / "corpus")
    _tokenizer(folder / "tokenizer")
    _tokens(folder / "tokens")
    _lines(folder / "metrics.jsonl", _metrics())
    _lines(folder / "events.jsonl", _events())
    (folder / "settings.toml").write_text(SETTINGS, encoding="utf-8")
    return folder


def _lines(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")


def _corpus(folder: Path) -> None:
    rows = [
        ("exact_duplicate", "poems/tang.jsonl", 1.0, 0.0, "床前明月光,疑是地上霜。举头望明月,低头思故乡。"),
        ("exact_duplicate", "manual/intro.md", 1.0, 0.0, "This page is intentionally left blank. " * 9),
        ("empty", "manual/blank.txt", 0.0, 1.0, ""),
        ("undecodable", "scans/old.txt", 0.41, 0.02, HOSTILE),
    ]
    names = ("reason", "source", "value", "limit", "text")
    (folder / "dropped").mkdir(parents=True)
    table = pa.table({name: [row[i] for row in rows] for i, name in enumerate(names)})
    pq.write_table(table, folder / "dropped" / "part-00000.parquet")
    finish_artifact(
        folder,
        "corpus",
        settings={},
        facts={
            "documents_in": 4318,
            "documents_kept": 4127,
            "dropped": {"exact_duplicate": 164, "empty": 21, "undecodable": 6},
            "bytes_kept": {"train": 8_123_456, "valid": 431_200},
            "num_documents": {"train": 3921, "valid": 206},
        },
    )


def _tokenizer(folder: Path) -> None:
    folder.mkdir()
    (folder / "tokenizer.json").write_text("{}")
    finish_artifact(folder, "tokenizer", settings={}, facts={"vocab_size": 4096, "bos_id": 0})


def _tokens(folder: Path) -> None:
    folder.mkdir()
    (folder / "train.ids").write_bytes(b"")
    facts = {
        "train": {"num_documents": 3921, "num_tokens": 2_712_345, "num_bytes": 8_123_456},
        "valid": {"num_documents": 206, "num_tokens": 144_100, "num_bytes": 431_200},
        "vocab_size": 4096,
    }
    finish_artifact(folder, "tokens", settings={}, facts=facts)


def _curve(step: float) -> float:
    return 1.86 + 5.6 * math.exp(-step / 45) + 1.1 * math.exp(-step / 500) - 0.07 * max(0.0, step / NUM_STEPS - 0.8) * 5


def _metrics() -> Iterable[Mapping[str, Any]]:
    noise = np.random.default_rng(5)
    for step in range(1, NUM_STEPS + 1):
        seconds = 9 + (NUM_SECONDS - 22) * step / NUM_STEPS
        share = step / NUM_STEPS
        bits = _curve(step) + 0.06 * float(noise.standard_normal()) - 0.05
        yield {
            "event": "step",
            "step": step,
            "loss": bits * 2.1,
            "bits_per_byte": bits,
            "lr": min(1.0, step / 40, max(0.0, (1 - share) / 0.2)),
            "grad_norm": "nan"
            if step == 700
            else 0.4 + math.exp(-step / 30) * 3 + 0.05 * abs(float(noise.standard_normal())),
            "tokens": step * 4096,
            "epochs": step * 4096 / 2_712_345,
            "tokens_per_second": 13_200 + 300 * float(noise.standard_normal()) - (3000 if 900 < step < 960 else 0),
            "gflops": 118.0,
            "share_of_peak": 0.47,
            "seconds": seconds,
        }
        if step % 92 == 0 or step == 10:
            yield {
                "event": "valid",
                "step": step,
                "bits_per_byte": _curve(step) + 0.03,
                "loss": _curve(step) * 2.12,
                "accuracy": 0.45 - 0.3 * math.exp(-step / 300),
                "seconds": seconds,
            }
        if step % 184 == 0:
            for prompt, text in SAMPLES[min(len(SAMPLES) - 1, step // 500)]:
                yield {"event": "sample", "step": step, "prompt": prompt, "text": text}


SAMPLES = [
    [("却说宝玉", "的的,了不一是。人来的了,不"), ("The furnace", " the of a the and in to was the s of")],
    [
        ("却说宝玉", "道:“我们来了。”贾母笑道:“你们去罢,我"),
        ("The furnace", " of the stream was a great and the work of"),
    ],
    [
        ("却说宝玉", "听了,忙笑道:“好妹妹,你且别恼,我原是顽话。”黛玉冷笑道:“谁与你恼?”说着便往外走。"),
        (
            "The furnace",
            " had been cold for many years, and the master of the house did not know\nwho had lit it again.",
        ),
    ],
    [
        (
            "却说宝玉",
            "听了这话,心中早明白了八九分,只不好说出来,因笑道:“姐姐既这么说,我便去回老太太。”袭人道:“正是呢,"
            "昨儿太太还问起这事。”\n一时贾母处摆饭,众人都往前头来。",
        ),
        (
            "The furnace",
            " had been burning since the morning, and by the time the apprentice returned with the coal the glass was ready to"
            " be drawn. " + HOSTILE,
        ),
    ],
]


def _events() -> Iterable[Mapping[str, Any]]:
    lines = {"gzip": 3.412, "xz": 2.987, "ngram": 2.331}
    yield {"event": "requested", "sources": {"texts/": "ab12"}, "valid": {}, "settings": {"budget": {"seconds": 600.0}}}
    why = {
        "dtype": ("float32", "bfloat16 ran at 0.41 of the speed of float32 (96 against 235 GFLOP/s)"),
        "threads": (2, "2 threads: 235 GFLOP/s, 1 thread: 121 GFLOP/s"),
        "compile": (False, "54 s before the first step would cost more than it saves in 10m00s"),
    }
    for name, (value, reason) in why.items():
        yield {"event": "decision", "name": name, "value": value, "reason": reason}
    yield {
        "event": "quote",
        "parameters": 4_210_000,
        "vocab_size": 4096,
        "context_length": 256,
        "batch_tokens": 4096,
        "steps": 1790,
        "tokens": 7_331_840,
        "epochs": 2.7,
        "tokens_per_second": 12_800.0,
        "seconds": 600.0,
        "memory_bytes": 910_000_000,
        "disk_bytes": 151_000_000,
        "watt_hours": 1.9,
        "bits_per_byte": 1.98,
        "bits_per_byte_low": 1.85,
        "bits_per_byte_high": 2.14,
    }
    details = {"ngram": {"order": 5, "trained_bytes": 4_000_000, "training_bytes": 8_123_456}}
    yield {"event": "references", "lines": lines, "details": details, "seconds": 1.1}
    yield {"event": "resumed", "step": 512}
    yield {"event": "cooldown", "step": 1472, "last_step": NUM_STEPS}
    yield {"event": "trained", "step": NUM_STEPS, "tokens": NUM_STEPS * 4096}
    yield _finished(lines)


def _finished(lines: Mapping[str, float]) -> Mapping[str, Any]:
    bins = [
        {
            "low": k / 15,
            "high": (k + 1) / 15,
            "num_tokens": 20_000 - 1200 * k,
            "confidence": c,
            "accuracy": c - 0.04 * c * c,
        }
        for k, c in enumerate((k + 0.5) / 15 for k in range(15))
    ]
    domains = [
        _domain("novels", 1.861, 161, 302_100),
        _domain("poems", 2.874, 31, 41_000),
        _domain("manual <b>en</b>", 1.742, 14, 88_100),
    ]
    return {
        "event": "finished",
        "bits_per_byte": 1.934,
        "interval": {"low": 1.901, "high": 1.969, "unit": "documents", "num_units": 206},
        "perplexity": 54.2,
        "accuracy": 0.351,
        "calibration": {"expected_calibration_error": 0.0123, "bins": bins},
        "domains": domains,
        "num_bytes": 431_200,
        "tokens_per_second": 13_180.0,
        "seconds": 597.4,
        "parameters": 4_207_104,
        "steps": NUM_STEPS,
        "tokens": NUM_STEPS * 4096,
        "reference_lines": dict(lines),
    }


def _domain(name: str, bits: float, num_documents: int, num_bytes: int) -> Mapping[str, Any]:
    return {
        "domain": name,
        "bits_per_byte": bits,
        "perplexity": 50.0,
        "accuracy": 0.35,
        "num_documents": num_documents,
        "num_bytes": num_bytes,
        "num_tokens": num_bytes // 3,
        "interval": {"low": bits - 0.05, "high": bits + 0.06, "unit": "documents", "num_units": num_documents},
    }


SETTINGS = """# architecture, a row of ARCHITECTURES
arch = "gpt"
# seed of every random stream
seed = 0

[budget]
# seconds of work, start-up and evaluation included
seconds = 600.0

[model]
width = 256
depth = 6
"""
