"""A run's documents: every one opens, says what the run found, and asks for the rest."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import pytest

from objektiv.base.language import speaking
from objektiv.faces.deliverables import write_deliverables, write_pdf
from tests.faces.conftest import MakeReport

docx = pytest.importorskip("docx", reason="the extra office is not installed")
pptx = pytest.importorskip("pptx", reason="the extra office is not installed")
pytest.importorskip("fpdf", reason="the extra office is not installed")


def test_try(make_report, tmp_path):
    data = make_report(groups=25)
    for lang in ("en", "de"):
        with speaking(lang):
            (tmp_path / lang).mkdir()
            write_pdf(data, Path(f"/tmp/papers/try-{lang}.pdf"))
            print(write_deliverables(data, Path(f"/tmp/papers/try-{lang}")))
