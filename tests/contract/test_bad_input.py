"""Bad input is answered: the exit code of its kind, four parts, no traceback, nothing left behind.

The table of data, tables of labels, settings and options. Bundles and disks stand in
test_bad_models.py beside this, what is read or set aside in test_bad_files.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.asking import Ask, Row, Words, World, assert_row

USAGE, DATA = 2, 3


def _few(count: int) -> Ask:
    """Eight stripes, and so many discs."""

    def ask(world: World) -> Words:
        data = world.data()
        for path in sorted((data / "disc").iterdir())[count:]:
            path.unlink()
        return world.train(data)

    return ask


def _spoilt(world: World) -> Words:
    data = world.data()
    for path in (data / "disc").iterdir():
        path.write_bytes(b"no picture")
    return world.train(data)


def _all_empty(world: World) -> Words:
    for path in (data := world.data()).rglob("*.png"):
        path.write_bytes(b"")
    return world.train(data)


def _twice_a_part(world: World) -> Words:
    for part in ("val", "valid", "train"):
        world.data(name=f"data/{part}")
    return world.train(world.tmp / "data")


FOLDERS: dict[str, Row] = {
    "an empty folder": (
        DATA,
        "no image in .*the folder is empty",
        lambda w: w.train(w.file("empty/.hidden").parent),
    ),
    "a folder that is not there": (
        *(DATA, "no such folder: .*shapess. .*did you mean 'shapes'"),
        lambda w: w.train(w.shapes.with_name("shapess")),
    ),
    "a picture for a folder": (DATA, "a file, not a folder", lambda w: w.train(w.picture)),
    "text alone": (
        *(DATA, "text files, not read: 1"),
        lambda w: w.train(w.file("a/b/x.txt", b"hi").parents[1]),
    ),
    "one class": (DATA, "one class only: 'disc' with 8", lambda w: w.train(w.data("disc"))),
    "a class with one image": (DATA, "'disc' has 1. Each class needs at least 3", _few(1)),
    "a class with two images": (DATA, "'disc' has 2. Each class needs at least 3", _few(2)),
    "a class that cannot be read": (
        *(DATA, "'disc' has 0; in quarantine: 8. .*look at the first .*this is not an image"),
        _spoilt,
    ),
    "no file that can be read": (DATA, "none of the 16 files .*: 16 empty", _all_empty),
    "a part twice": (DATA, "holds one part twice: train, val, valid", _twice_a_part),
    "a group that is nowhere": (
        *(DATA, "60 of 60 names do not match"),
        lambda w: w.train(w.shapes, "--group", "Q"),
    ),
    "a split of other data": (
        *(DATA, "does not fit the data: 44 ids are not in the data"),
        lambda w: w.train(w.data(), "--split", w.trained / "split.csv"),
    ),
    "a broken split": (
        *(DATA, "no column fold"),
        lambda w: w.train(w.data(), "--split", w.file("split.csv", b"id,part\n1,test")),
    ),
    "data of other classes": (
        *(DATA, "1 class that the bundle does not know: 'disk'. .*disc, stripe. .*mean 'disc'"),
        lambda w: _evaluate(w, w.data("disc").joinpath("disc").rename(w.tmp / "data/disk").parent),
    ),
    "nothing to score": (
        *(DATA, "no image in"),
        lambda w: _evaluate(w, w.tmp),
    ),
    "nothing to name": (
        *(DATA, "no picture was found"),
        lambda w: ["predict", w.file("a/.hidden").parent, "--run", w.trained],
    ),
    "a picture that is not there": (
        *(DATA, "no such file or folder: .*did you mean"),
        lambda w: ["predict", f"{w.picture}x", "--run", w.trained],
    ),
}


def _evaluate(world: World, data: Path) -> Words:
    bundle = world.trained / "model"
    return ["evaluate", data, "--bundle", bundle, "--out", world.out]


def _table(text: str | bytes) -> Ask:
    def ask(world: World) -> Words:
        (world.data() / "labels").mkdir()
        data = text.encode() if isinstance(text, str) else text
        return world.train(world.tmp, "--labels", world.file("data/labels.csv", data))

    return ask


A, B = "disc/g00_disc_0.png", "disc/g00_disc_10.png"
TABLES: dict[str, Row] = {
    "a table without rows": (DATA, "labels.csv: the table has no row", _table("path,label\n")),
    "an empty table": (DATA, "no column 'path'; no column 'label'", _table("")),
    "a misspelt column": (DATA, "'spilt', did you mean 'split'", _table("path,label,spilt\n")),
    "a column twice": (DATA, "two columns 'path'", _table("path,path,label\n")),
    "a table that is no text": (DATA, "it is not UTF-8", _table(b"path,label\n\xff,a")),
    "an open quotation": (DATA, "line 2: unexpected end", _table('path,label\n"x,a')),
    "rows that are wrong": (
        *(DATA, "4 bad rows: line 3: 'no.png' is no file; line 4: .*already in line 2; line 5:"),
        _table(f"path,label\n{A},a\nno.png,b\n{A},b\n../x.png,a\n{B},"),
    ),
    "a part that is unknown": (
        DATA,
        "'trian' is unknown",
        _table(f"path,label,split\n{A},a,trian"),
    ),
    "one label": (DATA, "one class only: 'a' with 2", _table(f"path,label\n{A},a\n{B},a")),
    "a label of two lines": (DATA, r"'a\\nb'. At most 255", _table(f'path,label\n{A},"a\nb"')),
    "a label without end": (DATA, "At most 255 char", _table(f"path,label\n{A},{'x' * 256}")),
    "a table that is not there": (
        *(DATA, "the table .* cannot be read: No such file"),
        lambda w: w.train(w.shapes, "--labels", w.tmp / "no.csv"),
    ),
}


def _settings(text: str | bytes, *options: str) -> Ask:
    data = text.encode() if isinstance(text, str) else text
    return lambda w: w.train(w.shapes, "--settings", w.file("settings.yaml", data), *options)


SETTINGS: dict[str, Row] = {
    "settings that are no YAML": (USAGE, "cannot be read as YAML", _settings("a: [1, 2")),
    "settings that are no text": (USAGE, "cannot be read as YAML", _settings(b"\xff\xfe\0")),
    "settings that are a list": (USAGE, "not a list of settings: list", _settings("- seed")),
    "empty settings": (USAGE, "not a list of settings: NoneType", _settings("")),
    "a setting twice": (USAGE, "'seed' stands in it more than once", _settings("seed: 1\nseed: 2")),
    "an unknown setting": (USAGE, "'sead', did you mean 'seed'", _settings("sead: 1")),
    "a setting of another type": (USAGE, "seed = 'soon': .*integer", _settings("seed: soon")),
    "a setting past its limit": (USAGE, "folds = 99: .*less", _settings("folds: 99")),
    "two mistakes": (
        *(USAGE, "size = 7: Input should be 'auto' or greater than or equal to 8; ratios = "),
        _settings("size: 7\nratios: [0.5, 0.5, 0.5]"),
    ),
    "a date that is none": (USAGE, "month must be in 1..12", _settings("seed: 2024-13-45")),
    "settings that would run": (
        *(USAGE, "could not determine a constructor"),
        _settings("seed: !!python/object/apply:os.getcwd []"),
    ),
    "settings that are not there": (
        *(USAGE, "cannot be read as YAML: No such file"),
        lambda w: w.train(w.shapes, "--settings", w.tmp / "no.yaml"),
    ),
    "runs among the data": (
        *(USAGE, "--out lies among the data: .*name another folder with --out"),
        lambda w: w.train(w.tmp, "--out", w.tmp / "runs"),
    ),
    "a bank among the data": (
        *(USAGE, "--bank lies among the data"),
        lambda w: w.train(w.data(), "--bank", w.tmp / "data/bank"),
    ),
    "an unknown option": (
        *(USAGE, "No such option: --bakbone. Near it: .*--backbone. .*train --help"),
        lambda w: w.train(w.shapes, "--bakbone", "lite0"),
    ),
    "an unknown command": (USAGE, "No such command 'trian'", lambda w: ["trian", w.shapes]),
    "a missing word": (USAGE, "Missing argument 'DATA'", lambda w: ["train"]),
    "a wrong value": (
        *(USAGE, "fit = 'cover': Input should be 'letterbox', 'stretch' or 'crop'"),
        lambda w: w.train(w.shapes, "--fit", "cover"),
    ),
    "a group that is no pattern": (
        *(USAGE, "group = .*not a regular expression"),
        lambda w: w.train(w.shapes, "--group", "("),
    ),
    "an unknown backbone": (
        *(USAGE, "no backbone has this name: 'lite00'. Ready: lite0.*did you mean 'lite0'"),
        lambda w: w.train(w.shapes, "--backbone", "lite00"),
    ),
    "an unknown backbone to predict": (
        *(USAGE, "no backbone has this name: 'resnet50'. Ready: lite0.*'ResNet50'"),
        lambda w: w.predict("--backbone", "resnet50"),
    ),
    "an unknown head": (
        *(USAGE, "no head has this name: 'logistik'. .*did you mean 'logistic'"),
        lambda w: w.train(w.shapes, "--head", "logistik"),
    ),
    "an unknown positive class": (
        *(USAGE, "cannot be the positive one: 'disk'. .*did you mean 'disc'"),
        lambda w: w.train(w.shapes, "--positive", "disk"),
    ),
    "two demands on a threshold": (
        *(USAGE, "only one of sensitivity, specificity and costs can be demanded"),
        lambda w: w.train(w.shapes, "--sensitivity", "0.98", "--specificity", "0.9"),
    ),
    "a column that no table has": (
        *(USAGE, "no such column to tell scores by: 'widht'. .*did you mean 'width'"),
        lambda w: w.train(w.shapes, "--by", "widht"),
    ),
    "no model": (USAGE, "0 given. Exactly one of", lambda w: w.predict()),
    "two models": (
        *(USAGE, r"2 given \(run, backbone\)"),
        lambda w: w.predict("--run", w.trained, "--backbone", "lite0"),
    ),
    "a run that is not there": (
        *(USAGE, "no such run: .*did you mean .*shapes-001"),
        lambda w: w.predict("--run", w.trained.with_name("shapes-01")),
    ),
    "a packed bundle of another name": (
        *(USAGE, r"A new file whose name ends in \.objektiv"),
        lambda w: ["export", w.trained, "--to", w.tmp / "shapes.zip"],
    ),
    "a packed bundle that is there": (
        *(USAGE, "exists. .*nothing is overwritten"),
        lambda w: ["export", w.trained, "--to", w.file("shapes.objektiv")],
    ),
}


TABLE = FOLDERS | TABLES | SETTINGS


@pytest.mark.parametrize("name", TABLE)
def test_bad_input_is_refused(world: World, name: str) -> None:
    """Its exit code, four parts, no traceback; no run is left, and nothing finished is touched."""
    assert_row(world, TABLE[name])
