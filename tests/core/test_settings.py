"""Settings: three layers, every problem at once, and TOML that reads back."""

from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from danlu.core.errors import UsageError
from danlu.core.settings import Settings, build, differences, digest, gather, merge, plain, resolve, setting, to_toml


class InnerSettings(Settings):
    """A nested table."""

    rate: float = setting(0.1, "rate; above 0", "比率;大于 0", gt=0)
    kind: Literal["red", "blue"] = setting("red", "colour", "颜色")


class OuterSettings(Settings):
    """One field of each kind."""

    steps: int | None = setting(None, "steps", "步数", ge=1)
    name: str = setting("x", "a name\nof two lines", "名称")
    prompts: tuple[str, ...] = setting((), "prompts", "开头")
    weights: dict[str, float] = setting({}, "weight of each domain", "各领域权重")
    on: bool = setting(False, "switch", "开关")
    inner: InnerSettings = setting(InnerSettings, "the inner table", "内层表")


TEXTS = st.text(st.characters(codec="utf-8"))
OUTERS = st.builds(
    OuterSettings,
    steps=st.none() | st.integers(1, 10**12),
    name=TEXTS,
    prompts=st.lists(TEXTS, max_size=3).map(tuple),
    weights=st.dictionaries(TEXTS, st.floats(allow_nan=False, allow_infinity=False), max_size=3),
    on=st.booleans(),
    inner=st.builds(
        InnerSettings, rate=st.floats(1e-300, 1e300, exclude_min=True), kind=st.sampled_from(["red", "blue"])
    ),
)


@given(OUTERS)
def test_toml_reads_back(tmp_path_factory: pytest.TempPathFactory, settings: OuterSettings) -> None:
    file = tmp_path_factory.mktemp("toml") / "settings.toml"
    file.write_bytes(to_toml(settings).encode())
    assert resolve(OuterSettings, file=file) == settings


def test_toml_has_each_meaning_and_unset_settings_as_comments(monkeypatch: pytest.MonkeyPatch) -> None:
    written = to_toml(OuterSettings())
    assert "# steps\n# steps =\n" in written
    assert "# a name of two lines\nname = " in written
    assert "# the inner table\n[inner]\n# rate; above 0\nrate = 0.1\n" in written
    monkeypatch.setenv("DANLU_LANG", "zh")
    assert "# 内层表\n[inner]\n# 比率;大于 0\nrate = 0.1\n" in to_toml(OuterSettings())


def test_each_layer_goes_over_the_one_before(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text("steps = 1\nname = 'file'\n[inner]\nrate = 1.0\nkind = 'blue'\n")
    settings = resolve(
        OuterSettings, file=file, values={"name": "values", "inner": {"rate": 2}}, overrides=["inner.rate=3e-4"]
    )
    assert settings == OuterSettings(steps=1, name="values", inner=InnerSettings(rate=3e-4, kind="blue"))


@pytest.mark.parametrize(
    ("override", "name", "value"),
    [
        ("name=2m", "name", "2m"),
        ("name=", "name", ""),
        ("name='12'", "name", "12"),
        ("name=a=b", "name", "a=b"),
        ("name=丹炉", "name", "丹炉"),
        ("on=true", "on", True),
        (" steps = 1_000 ", "steps", 1000),
        ('prompts=["a", "b"]', "prompts", ("a", "b")),
        ("weights={a = 1.5}", "weights", {"a": 1.5}),
        ("weights.a=1.5", "weights", {"a": 1.5}),
    ],
)
def test_overrides(override: str, name: str, value: object) -> None:
    assert getattr(resolve(OuterSettings, overrides=[override]), name) == value


def test_all_problems_at_once_with_the_nearest_names() -> None:
    with pytest.raises(UsageError) as refused:
        resolve(OuterSettings, overrides=["stpes=3", "inner.rat=1", "inner.kind=green", "steps=0", "inner.deep.er=1"])
    message = str(refused.value)
    assert "5 problem(s)" in message
    assert "unknown setting 'stpes'. Did you mean 'steps'?" in message
    assert "unknown setting 'inner.rat'. Did you mean 'rate'?" in message
    assert "inner.kind" in message
    assert "'green'" in message
    assert "steps: " in message
    assert "'inner.deep'" in message


def test_problems_are_told_in_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANLU_LANG", "zh")
    with pytest.raises(UsageError, match="设置中有 1 处问题") as refused:
        resolve(OuterSettings, overrides=["stpes=3"])
    assert "未知的设置 'stpes'。是否指 'steps'?" in str(refused.value)
    with pytest.raises(UsageError) as refused:
        resolve(OuterSettings, overrides=["steps=0", "inner.rate=often", "inner.kind=green", "on=perhaps"])
    message = str(refused.value)
    for part in ("steps: 须不小于 1", "inner.rate: 须为数", "inner.kind: 只能是", "on: 须为 true 或 false"):
        assert part in message


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "0", "-1"])
def test_a_number_out_of_range_is_refused(value: str) -> None:
    with pytest.raises(UsageError, match=r"inner\.rate"):
        resolve(OuterSettings, overrides=[f"inner.rate={value}"])


@pytest.mark.parametrize("overrides", [["steps"], ["=3"], ["steps", "name"]])
def test_what_is_no_override_is_refused(overrides: list[str]) -> None:
    with pytest.raises(UsageError, match=f"{len(overrides)} problem"):
        gather(overrides=overrides)


@pytest.mark.parametrize("content", [b"steps = = 3", b"\xff\xfe", b"steps = 1\nsteps = 2"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "broken.toml"
    file.write_bytes(content)
    with pytest.raises(UsageError, match="broken"):
        gather(file=file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no-such"):
        gather(file=tmp_path / "no-such.toml")


def test_settings_do_not_change() -> None:
    settings = OuterSettings()
    with pytest.raises(ValidationError):
        settings.name = "y"


def test_merging_leaves_its_sources_alone() -> None:
    first: dict[str, Any] = {"inner": {"deep": {"a": 1}}}
    tree: dict[str, Any] = {}
    merge(tree, first)
    merge(tree, {"inner": {"deep": {"b": 2}}})
    assert tree == {"inner": {"deep": {"a": 1, "b": 2}}}
    assert first == {"inner": {"deep": {"a": 1}}}


def test_differences_name_each_leaf() -> None:
    before = {"a": 1, "b": {"c": "丹", "d": [1]}, "gone": 1}
    after = {"a": 1, "b": {"c": "炉", "d": [1]}, "new": None}
    assert differences(before, after) == ['b.c: "丹" -> "炉"', "gone: 1 -> null"]
    assert differences(before, before) == []


@given(OUTERS)
def test_a_digest_is_of_the_values(settings: OuterSettings) -> None:
    values = plain(settings)
    assert digest(values) == digest(dict(reversed(values.items())))
    assert digest(values) != digest({**values, "name": settings.name + "x"})
    assert build(OuterSettings, values) == settings
