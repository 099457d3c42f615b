"""Documents that follow from the code are as the code is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from scripts import benchmark_page, bundle_page, data_pictures, docs, markdown, order

README = (order.REPOSITORY / "README.md").read_text(encoding="utf-8")


def test_documents_are_fresh() -> None:
    """Every generated document is what the code would write today."""
    stale = [
        path.relative_to(order.REPOSITORY).as_posix()
        for path, text in docs.documents().items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]

    assert stale == [], "run `python -m scripts.docs` and commit what it writes"


def test_pictures_of_the_docs_are_fresh() -> None:
    """The pictures of docs/data.md were made from today's files; their bytes are not compared."""
    assert data_pictures.is_fresh(), "run `python -m scripts.data_pictures`"


def test_pictures_of_the_docs_are_small_and_all_shown() -> None:
    """Each has at most 200 kB, and a page of docs shows it."""
    pages = (order.REPOSITORY / "docs").glob("*.md")
    page = "".join(path.read_text(encoding="utf-8") for path in pages)
    pictures = list(data_pictures.FOLDER.glob("*.png"))

    assert pictures
    assert [p.name for p in pictures if p.stat().st_size > 200_000] == []
    assert [p.name for p in pictures if f"(pictures/{p.name})" not in page] == []


def test_the_page_of_the_bundle_tells_every_field() -> None:
    """Each member, each field with its meaning, each output, and no field that is gone."""
    from objektiv.shipping.ends import INPUT, outputs
    from objektiv.shipping.facts import FORMATS, MEMBERS, Facts, Golden

    page = (order.REPOSITORY / "docs" / "bundle.md").read_text(encoding="utf-8")
    fields = {name for kind in (Facts, Golden) for name in kind.model_fields}
    named = {field.split(".")[0] for field in bundle_page.MEANINGS}

    assert named == fields
    assert [name for name in bundle_page.MEANINGS if f"| `{name}` |" not in page] == []
    assert [name for name in MEMBERS if f"| `{name}` |" not in page] == []
    ends = [INPUT.name, *(end.name for end in outputs(2, strange=True))]
    assert [name for name in ends if f"`{name}`" not in page] == []
    assert [n for n in FORMATS if f"| {n} | 0.1" not in page] == []


def test_a_field_without_a_meaning_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever adds a field to a bundle must say what it means."""
    with pytest.raises(ValueError, match="needs the marks <!-- members -->"):
        bundle_page.page("no marks")
    monkeypatch.delitem(bundle_page.MEANINGS, "head")
    with pytest.raises(ValueError, match="no meaning of head"):
        bundle_page.blocks()


def test_every_command_is_documented() -> None:
    """The page of commands has a section for each verb of the program."""
    from typer.main import get_command

    from objektiv.cli.main import app

    verbs = sorted(get_command(app).commands)  # type: ignore[attr-defined]
    sections = re.findall(r"^## `objektiv (\w+)`$", docs.commands_page(), re.MULTILINE)

    assert sorted(sections) == verbs


def test_commands_of_extras_exist() -> None:
    """A verb that the table of extras names is a verb of the program."""
    page = docs.commands_page()
    named = {
        command.split()[0]
        for name in docs.extras.EXTRAS
        for command in docs.extras.EXTRAS.get(name).commands
    }

    assert [verb for verb in sorted(named) if f"## `objektiv {verb}`" not in page] == []


def test_readme_has_exactly_three_set_up_commands() -> None:
    """One runs the demo, one the tests, and one the tests that need the extras."""
    blocks = re.findall(r"<!-- ci: (\w+) -->\n```sh\n(.+?)\n```", README, re.DOTALL)

    assert [name for name, _ in blocks] == ["demo", "test", "extras"]
    assert all("\n" not in command for _, command in blocks)
    assert "objektiv demo" in blocks[0][1]
    assert "[test]" in blocks[1][1] and "pytest" in blocks[1][1]
    assert "[torch,zoo,tune,office,store]" in blocks[2][1] and "pytest" in blocks[2][1]


def test_links_of_the_readme_lead_somewhere() -> None:
    """Every relative link in the top pages names a file that is there."""
    pages = ["README.md", "CONTRIBUTING.md", "SECURITY.md"]
    pages += ["docs/decisions/README.md", "docs/data.md", "docs/bundle.md"]
    dead = []
    for page in pages:
        path = order.REPOSITORY / page
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8")):
            if not (path.parent / target).exists():
                dead.append(f"{page}: {target}")

    assert dead == []


def test_table_survives_bars_and_line_breaks() -> None:
    """A bar or a line break in a cell does not break a table."""
    assert markdown.table(["a"], [["x|y\nz"]]) == "| a |\n| --- |\n| x\\|y z |\n"


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "integer", "minimum": 1}, "whole number, at least 1"),
        ({"type": "number", "exclusiveMinimum": 0}, "number, above 0"),
        ({"type": "integer", "maximum": 2000}, "whole number, at most 2,000"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "text or none"),
        ({"enum": ["a", "b"], "type": "string"}, "`a`, `b`"),
        ({"const": "auto", "type": "string"}, "`auto`"),
        ({"type": "array", "prefixItems": [{"type": "number"}] * 3}, "3 x number"),
        ({"type": "array", "items": {"$ref": "#/$defs/Stage"}}, "list of `stem`"),
    ],
)
def test_limits_are_said_in_words(schema: dict[str, object], words: str) -> None:
    """A setting's schema is told as a reader would say it."""
    assert docs.allowed(schema, {"Stage": {"enum": ["stem"]}}) == words


def _result(folder: Path, **changes: object) -> Path:
    result = {
        "name": "Extraction",
        "machine": {"cpu": "Test CPU", "cores": 2, "memory": 2**30, "system": "S", "python": "3"},
        "rows": [{"side": "ours", "images a second": 1234.5}, {"side": "theirs", "peak": 3}],
        "claims": [{"what": "at least 4x", "value": 5.0, "target": 4, "holds": True}],
    }
    result.update(changes)
    (folder / "x.json").write_text(json.dumps(result), encoding="utf-8")
    return folder


def test_benchmark_page_shows_rows_claims_and_the_machine(tmp_path: Path) -> None:
    """A result becomes a section with its machine, its rows side by side and its claims."""
    text = benchmark_page.page(_result(tmp_path))

    assert "Machine: Test CPU, 2 cores, 1 GiB, S, Python 3." in text
    assert "| side | images a second | peak |" in text
    assert "| ours | 1,234 |  |" in text
    assert "| theirs |  | 3 |" in text
    assert "| at least 4x | 5 | 4 | yes |" in text


def test_rows_that_share_little_are_tables_of_their_own(tmp_path: Path) -> None:
    """Steps and their seconds do not stand in columns of classes."""
    rows = [{"class": "a", "pictures": 1}, {"class": "b"}, {"step": "look", "seconds": 2}]
    text = benchmark_page.page(_result(tmp_path, rows=rows))

    assert "| class | pictures |\n" in text
    assert "| b |  |\n\n| step | seconds |\n" in text


def test_a_claim_that_does_not_hold_is_shown(tmp_path: Path) -> None:
    """A missed target stands in the page as a bold no."""
    claim = {"what": "fast", "value": 1, "target": 2, "holds": False}

    assert "| fast | 1 | 2 | **no** |" in benchmark_page.page(_result(tmp_path, claims=[claim]))


def test_an_incomplete_result_is_refused(tmp_path: Path) -> None:
    """A claim without its target does not reach the page."""
    claim = {"what": "fast", "value": 1, "holds": True}

    with pytest.raises(ValueError, match=r"a claim in x\.json lacks target"):
        benchmark_page.page(_result(tmp_path, claims=[claim]))


def test_nothing_measured_is_said(tmp_path: Path) -> None:
    """Without results the page says that nothing was measured."""
    assert "Nothing has been measured yet." in benchmark_page.page(tmp_path)


def test_wrong_arguments_are_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown option of the docs program ends with 2 and writes nothing."""
    assert docs.main(["--chek"]) == 2
    assert "usage" in capsys.readouterr().err
