"""A folder as a reader of the documents has it: `texts/`, `other.txt`, and the run that most pages begin with."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHINESE = (
    "丹炉把一个文件夹的文本炼成语言模型。{number} 号样例:先读取,再分词,然后训练;最后评估第 {number} 次的结果。\n\n"
)


def write_texts(folder: Path) -> None:
    """200 KB of English from the help topics of Python, some Chinese, a note, and a text that is in neither."""
    from pydoc_data.topics import topics

    english = "\n\n".join(topics[name] for name in sorted(topics))
    (folder / "texts").mkdir()
    (folder / "texts" / "english.txt").write_text(english[:200_000], encoding="utf-8")
    (folder / "texts" / "chinese.txt").write_text(
        "".join(CHINESE.format(number=n) for n in range(60)), encoding="utf-8"
    )
    (folder / "texts" / "note.txt").write_text("A note that is too short for most rules.\n", encoding="utf-8")
    (folder / "other.txt").write_text(english[-4_000:], encoding="utf-8")


@pytest.fixture(scope="session")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reader's folder after `danlu pretrain texts/ --for 10m`, shortened to 20 s."""
    folder = tmp_path_factory.mktemp("reader")
    write_texts(folder)
    subprocess.run([sys.executable, "-m", "danlu", "pretrain", "texts/", "--for", "20s"], cwd=folder, check=True)
    return folder


@pytest.fixture
def folder(reader: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the reader's folder, as the working folder."""
    place = tmp_path / "reader"
    shutil.copytree(reader, place)
    monkeypatch.chdir(place)
    return place
