"""Adding pictures over HTTP."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from objektiv.studio.corrections import relabel
from objektiv.studio.gallery import items
from objektiv.studio.projects import Project, new_project, open_project
from tests.data.pictures import png
from tests.flow import drawn

JSON = {"accept": "application/json"}


@pytest.fixture
def own(home: Path) -> Project:
    """A project that holds its own pictures, none yet."""
    return new_project(home, "Mine")


def picture(number: int, kind: str = "disc") -> bytes:
    """A PNG file."""
    return png(drawn.picture(kind, number))


def packed(members: dict[str, bytes]) -> bytes:
    """A zip archive."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


def post(client: TestClient, project: Project, files: list[tuple[str, bytes]], **form: str):  # type: ignore[no-untyped-def]
    """What the studio says to a form with files."""
    parts = [("files", (name, data, "image/png")) for name, data in files]
    return client.post(f"/p/{project.name}/add", files=parts, data=form, headers=JSON)


def test_a_whole_folder_brings_its_classes(client: TestClient, own: Project) -> None:
    """A browser sends the paths as names."""
    sent = [(f"set/{kind}/{n}.png", picture(n, kind)) for kind in drawn.CLASSES for n in range(3)]
    answer = post(client, own, sent)

    assert answer.json() == {"kept": 6, "already": 0, "refused": []}
    assert items(own).counts()["items"].to_list() == [3, 3]


def test_what_is_no_picture_is_named(client: TestClient, own: Project) -> None:
    """On the page its name is escaped, and the rest is stored."""
    sent = [
        ("<img src=x>.png", b"<svg onload='alert(1)'/>"),
        ("empty.jpg", b""),
        ("a.png", picture(1)),
    ]
    parts = [("files", (name, data, "image/png")) for name, data in sent]

    text = client.post(f"/p/{own.name}/add", files=parts, data={"label": "disc"}).text
    assert "1 picture stored" in text
    assert "2 files were left out" in text
    assert "<img src=x>" not in text
    assert "this is not an image" in text


@pytest.mark.parametrize(
    "name", ["../../../evil.png", "a\\..\\evil.png", "caf\udcff.png", "x" * 3000]
)
def test_names_of_clients_are_data_only(client: TestClient, own: Project, name: str) -> None:
    """Whatever they hold, the stored name is ours."""
    raw = (
        b'--b\r\ncontent-disposition: form-data; name="label"\r\n\r\ndisc\r\n--b\r\n'
        b'content-disposition: form-data; name="files"; filename="'
        + name.encode("utf-8", "surrogateescape")
        + b'"\r\ncontent-type: image/png\r\n\r\n'
        + picture(1)
        + b"\r\n--b--\r\n"
    )
    kind = {"content-type": "multipart/form-data; boundary=b", **JSON}
    answer = client.post(f"/p/{own.name}/add", content=raw, headers=kind)

    assert answer.json()["kept"] == 1
    (stored,) = [p for p in own.data.rglob("*") if p.is_file()]
    assert stored.parent == own.data / "disc"
    assert not list(own.folder.parent.parent.rglob("*evil*"))


def test_ten_thousand_files_in_one_form_are_refused(client: TestClient, own: Project) -> None:
    """The page says how many may come at once, and nothing is stored."""
    part = b'--b\r\ncontent-disposition: form-data; name="files"; filename="a.png"\r\n\r\nx\r\n'
    kind = {"content-type": "multipart/form-data; boundary=b"}
    answer = client.post(f"/p/{own.name}/add", content=part * 10_000 + b"--b--\r\n", headers=kind)

    assert answer.status_code == 400
    assert "At most 1,000 files" in answer.text
    assert not list(own.data.iterdir())


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"", "multipart/form-data; boundary=b"), (b"x", "text/plain"), (b"x", "multipart/form-data")],
)
def test_a_form_without_files_is_refused(
    client: TestClient, own: Project, content: bytes, kind: str
) -> None:
    """Also one that is no form."""
    answer = client.post(f"/p/{own.name}/add", content=content, headers={"content-type": kind})

    assert answer.status_code == 400
    assert "This did not work" in answer.text


def test_an_archive_brings_its_folders(client: TestClient, own: Project) -> None:
    """Texts and what macOS adds are passed over; nothing of the unpacking stays."""
    members = {f"set/{kind}/{n}.png": picture(n, kind) for kind in drawn.CLASSES for n in range(2)}
    members |= {"__MACOSX/set/._0.png": b"x", "set/readme.txt": b"hello"}
    answer = post(client, own, [("set.zip", packed(members))])

    assert answer.json() == {"kept": 4, "already": 0, "refused": []}
    assert {p.name for p in own.folder.iterdir() if p.name.startswith(".")} == set()


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"../evil.png": b"x"}, "leaves the folder"),
        ({"set/disc/bomb.png": b"\0" * 30_000_000}, "than is allowed"),
    ],
)
def test_a_dangerous_archive_is_refused_whole(
    client: TestClient, own: Project, members: dict[str, bytes], told: str
) -> None:
    """Nothing of it is written."""
    answer = post(client, own, [("set.zip", packed(members))])

    assert answer.status_code == 400
    assert told in str(answer.json())
    assert not list(own.folder.rglob("*.png"))


def test_a_zip_that_is_none_is_a_file_that_is_left_out(client: TestClient, own: Project) -> None:
    """Its name is told."""
    answer = post(client, own, [("set.zip", b"not a zip"), ("a.png", picture(1))], label="disc")

    assert (answer.json()["kept"], answer.json()["refused"][0][0]) == (1, "set.zip")


def test_a_burst_of_the_camera_is_one_group(client: TestClient, own: Project) -> None:
    """Each press of the button is one series."""
    for burst, numbers in (("a", range(3)), ("b", range(3, 5))):
        sent = [(f"{n}.jpg", picture(n)) for n in numbers]
        post(client, own, sent, label="disc", burst=burst)
    project = open_project(own.folder.parent, own.name)

    assert sorted(items(project).items["group"].value_counts()["count"]) == [2, 3]


def test_a_table_of_labels_takes_in_what_was_added(client: TestClient, own: Project) -> None:
    """At once, so that a training that starts now reads it."""
    post(client, own, [(f"{n}.png", picture(n)) for n in range(3)], label="disc")
    relabel(own, [items(own).items["id"][0]], "ring", classes="new")
    post(client, own, [("new.png", picture(9))], label="disc")

    assert (own.folder / "labels.csv").read_text(encoding="utf-8").count("\n") == 5


def test_a_project_of_another_folder_has_no_such_pages(
    client: TestClient, project: Project
) -> None:
    """The page says why."""
    for address in ("add", "camera"):
        answer = client.get(f"/p/{project.name}/{address}")
        assert answer.status_code == 400
        assert "cannot be added" in answer.text
    assert post(client, project, [("a.png", picture(99))], label="disc").status_code == 400


def test_pages_list_the_classes(client: TestClient, own: Project) -> None:
    """Also those without a picture; a new one leads back to the page it was made on."""
    answer = client.post(f"/p/{own.name}/classes", data={"name": "ring", "back": "camera"})

    assert answer.headers["location"] == f"/p/{own.name}/camera"
    assert 'data-capture="ring"' in client.get(f"/p/{own.name}/camera").text
    assert 'value="ring"' in client.get(f"/p/{own.name}/add").text
    assert "ring" in client.get(f"/p/{own.name}").text
