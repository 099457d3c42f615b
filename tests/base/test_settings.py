"""Settings: built from values or YAML, refused with every mistake at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from objektiv.base.errors import SettingsError
from objektiv.base.settings import Settings, make, read_yaml, write_yaml


class Bake(Settings):
    """Settings of a cake."""

    minutes: int = Field(40, ge=1, le=300, description="How long it bakes.")
    heat: float = Field(180.0, gt=0, description="Degrees Celsius.")
    fit: Literal["tin", "tray"] = Field("tin", description="What it bakes in.")
    name: str | None = Field(None, description="What it is called.")
    layers: tuple[int, ...] = Field((1, 2), description="Thickness of the layers.")
    pan: Path | None = Field(None, description="Where it bakes.")
    fill: Literal["auto"] | Annotated[int, Field(multiple_of=5)] = Field(
        "auto", description="Cherries on it."
    )


def test_values_make_settings() -> None:
    """Given values are taken, others have their default."""
    assert make(Bake, {"minutes": 50}) == Bake(minutes=50, heat=180.0, fit="tin")


def test_every_mistake_is_told_at_once() -> None:
    """A wrong name, a value past its limit and a wrong word come in one message."""
    with pytest.raises(SettingsError) as caught:
        make(Bake, {"minuts": 3, "heat": -1, "fit": "pan"}, source="cake.yaml")
    message = str(caught.value)

    assert message.startswith("cake.yaml cannot be used: ")
    assert "unknown setting 'minuts', did you mean 'minutes'?" in message
    assert "heat = -1: Input should be greater than 0" in message
    assert "fit = 'pan': Input should be 'tin' or 'tray'" in message
    assert "Known settings: minutes, heat, fit, name, layers, pan, fill" in message
    assert caught.value.exit_code == 2


def test_a_far_name_is_refused_without_a_guess() -> None:
    """An unknown setting like no other is named alone."""
    with pytest.raises(SettingsError) as caught:
        make(Bake, {"qqq": 1})

    assert caught.value.value == "unknown setting 'qqq'"


@given(
    st.builds(
        Bake,
        minutes=st.integers(1, 300),
        heat=st.floats(min_value=1e-300, max_value=1e300),
        name=st.none() | st.text(st.characters(codec="utf-8"), max_size=20),
        layers=st.lists(st.integers(-5, 5), max_size=3).map(tuple),
    )
)
def test_what_is_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, bake: Bake) -> None:
    """Any settings survive being written as YAML and read again."""
    path = tmp_path_factory.mktemp("yaml") / "settings.yaml"
    write_yaml(bake, path)

    assert read_yaml(Bake, path) == bake


def test_written_settings_explain_themselves(tmp_path: Path) -> None:
    """Above each value stands its help sentence as a comment."""
    write_yaml(Bake(), tmp_path / "settings.yaml")
    lines = (tmp_path / "settings.yaml").read_text(encoding="utf-8").splitlines()

    assert lines[:4] == ["# How long it bakes.", "minutes: 40", "# Degrees Celsius.", "heat: 180.0"]
    assert yaml.safe_load("\n".join(lines))["layers"] == [1, 2]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("minutes: [", "cannot be read as YAML"),
        ("minutes: 4\n\tfit: tin", "cannot be read as YAML"),
        ("- minutes", "is not a list of settings: list"),
        ("", "is not a list of settings: NoneType"),
        ("minutes: soon", "minutes = 'soon': Input should be a valid integer"),
        ("!!python/object/apply:os.getcwd []", "cannot be read as YAML"),
        ("minutes: 0", "minutes = 0: Input should be greater than or equal to 1"),
        ("minutes: 4\nfit: tin\nminutes: 5", "'minutes' stands in it more than once"),
        ("minutes: 2024-13-45", "cannot be read as YAML: month must be in 1..12"),
        ("fill: auto\nfill: 7", "'fill' stands in it more than once"),
        ("fill: 7", "fill = 7: Input should be 'auto' or a multiple of 5. "),
        ("layers: [1, x]", "layers.1 = 'x': Input should be a valid integer"),
        ("pan: [1, 2]", "pan = [1, 2]: Input is not a valid path. "),
    ],
)
def test_broken_yaml_is_refused(tmp_path: Path, text: str, told: str) -> None:
    """A settings file that is not YAML, no mapping or past a limit is named with its fault."""
    path = tmp_path / "settings.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(SettingsError) as caught:
        read_yaml(Bake, path)

    assert told in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["1: 2", "? [a]\n: 2", "null: 1", "[" * 2_000])
def test_odd_yaml_is_refused(tmp_path: Path, text: str) -> None:
    """Names that are no text, and nesting without end, are refused like any broken file."""
    path = tmp_path / "settings.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(SettingsError, match=r"settings\.yaml"):
        read_yaml(Bake, path)


def test_a_value_that_grows_by_aliases_is_told_in_short(tmp_path: Path) -> None:
    """Ten lines of YAML that mean a billion words make a short message."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    path = tmp_path / "settings.yaml"
    path.write_text("\n".join([*lines, "minutes: *a8"]), encoding="utf-8")

    with pytest.raises(SettingsError, match="minutes = ") as caught:
        read_yaml(Bake, path)

    assert len(str(caught.value)) < 5_000


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"name: \x80"])
def test_a_file_that_is_no_text_is_refused(tmp_path: Path, data: bytes) -> None:
    """Bytes that are not UTF-8 are told as such."""
    path = tmp_path / "settings.yaml"
    path.write_bytes(data)

    with pytest.raises(SettingsError, match="cannot be read as YAML"):
        read_yaml(Bake, path)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """A settings file that is not there is named."""
    with pytest.raises(SettingsError, match=r"none\.yaml cannot be read as YAML.*No such file"):
        read_yaml(Bake, tmp_path / "none.yaml")
