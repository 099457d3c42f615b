"""What the tests of bad input share: folders to spoil, a command asked in process, its answer."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from objektiv.base.errors import ObjektivError
from objektiv.cli import exits
from objektiv.cli import main as cli
from tests.flow import drawn

REPOSITORY = Path(__file__).resolve().parents[2]
Words = Sequence[object]


@dataclass(frozen=True)
class Answer:
    """What one command left: its exit code, its text and the errors that were told."""

    code: int
    out: str
    err: str
    errors: Sequence[ObjektivError] = ()


@dataclass(frozen=True)
class World:
    """A trained run and folders of a test's own; `ask` runs a command as a terminal would."""

    shapes: Path  # 30 discs and 30 stripes
    trained: Path
    bank: Path  # knows the shapes
    tmp: Path
    capsys: pytest.CaptureFixture[str]
    heard: list[ObjektivError] = field(default_factory=list)

    @property
    def out(self) -> Path:
        """Where runs of this test go."""
        return self.tmp / "runs"

    @property
    def picture(self) -> Path:
        """One good picture."""
        return sorted(self.shapes.rglob("*.png"))[0]

    def ask(self, *words: object) -> Answer:
        """The answer of `objektiv WORDS`."""
        self.capsys.readouterr()
        self.heard.clear()
        code = exits.run(cli.app, [str(word) for word in words])
        text = self.capsys.readouterr()
        return Answer(code, text.out, text.err, tuple(self.heard))

    def train(self, data: Path, *options: object) -> Words:
        """The words that train on `data` with the shared bank."""
        told = ["--bank", self.bank, "--out", self.out, "--precision", "fp32", *options]
        return ["train", data, *told]

    def predict(self, *words: object) -> Words:
        """The words that name the good picture."""
        return ["predict", self.picture, *words]

    def data(self, *classes: str, count: int = 8, name: str = "data") -> Path:
        """A folder of its own with `count` of the shapes in each class."""
        for kind in classes or drawn.CLASSES:
            (self.tmp / name / kind).mkdir(parents=True)
            for path in sorted((self.shapes / kind).iterdir())[:count]:
                shutil.copy(path, self.tmp / name / kind / path.name)
        return self.tmp / name

    def file(self, name: str, data: bytes = b"") -> Path:
        """A new file."""
        (self.tmp / name).parent.mkdir(parents=True, exist_ok=True)
        (self.tmp / name).write_bytes(data)
        return self.tmp / name

    def bundle(self) -> Path:
        """The run's bundle in a folder of its own; replace its files, do not write into them."""
        return shutil.copytree(self.trained / "model", self.tmp / "model", copy_function=os.link)


Ask = Callable[[World], Words]
Row = tuple[int, str, Ask]  # exit code, what is told, what is asked


def assert_row(world: World, row: Row) -> None:
    """A row of a table is refused, leaves no run, and touches nothing that was finished."""
    code, told, ask = row
    words, before = ask(world), finished(world)

    answer = world.ask(*words)

    assert_refused(answer, code, told)
    assert not world.out.exists() or list(world.out.iterdir()) == []
    assert before.items() <= finished(world).items()


def finished(world: World) -> dict[Path, int]:
    """Size of every finished file: of the run, and of the bank's shards."""
    paths = [*world.trained.rglob("*"), *world.bank.rglob("*.shard")]
    return {path: path.stat().st_size for path in paths if path.is_file()}


def assert_refused(answer: Answer, code: int, told: str) -> None:
    """One error was told, in four parts on one line, with the code of its family; no traceback."""
    assert "Traceback" not in answer.out + answer.err
    assert [(e.exit_code, type(e).__name__) for e in answer.errors] != [], answer
    (error,) = answer.errors
    assert (answer.code, error.exit_code) == (code, code), answer.err
    parts = (error.happened, error.value, error.allowed, error.next)
    assert all(str(part).strip() for part in parts), parts
    assert answer.err.splitlines()[-1].startswith("objektiv: ")
    assert re.search(told, str(error)), str(error)


def in_a_process(program: str, *words: object, **how: object) -> Answer:
    """The answer of a real child process that runs `program` and then the command line."""
    start = "from objektiv.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", f"{program}\n{start}", *map(str, words)],
        cwd=REPOSITORY,
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
        **({"stdout": subprocess.PIPE} | how),  # type: ignore[call-overload]
    )
    return Answer(done.returncode, done.stdout or "", done.stderr)
