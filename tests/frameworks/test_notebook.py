"""The notebook of the examples runs from top to bottom, and its values show themselves."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat", reason="notebooks need nbformat, nbclient and ipykernel")
pytest.importorskip("nbclient", reason="notebooks need nbformat, nbclient and ipykernel")
pytest.importorskip("ipykernel", reason="notebooks need nbformat, nbclient and ipykernel")
pytest.importorskip("onnx", reason="the notebook writes an ONNX model")

NOTEBOOK = Path(__file__).parents[2] / "examples" / "look_inside.ipynb"


@pytest.fixture(scope="module")
def executed():
    from nbclient import NotebookClient

    notebook = nbformat.read(NOTEBOOK, as_version=4)
    environment = {**os.environ, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    client = NotebookClient(
        notebook, timeout=900, startup_timeout=300, kernel_name="python3", resources={"metadata": {"path": "."}}
    )
    client.create_kernel_manager()
    client.km.transport = "ipc"  # files in place of ports
    client.execute(env=environment)
    return notebook


def outputs(notebook, kind: str) -> list[str]:
    return [
        output["data"][kind]
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if kind in output.get("data", {})
    ]


def test_it_is_kept_without_outputs():
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert all(not cell.outputs for cell in notebook.cells if cell.cell_type == "code")


@pytest.mark.filterwarnings("ignore")
def test_it_runs_and_shows(executed):
    html = outputs(executed, "text/html")
    tables = [text for text in html if text.startswith("<table>")]
    assert any("[3,1] 4×4 full" in text for text in tables), "the explanation"
    assert any("<th>1</th>" in text and "[2,1,1]" in text for text in tables), "a list of irreps as one table"
    assert any(text.startswith("<iframe") and "tetrahedron" in text for text in html), "the solid"
    assert any("at least 576 of 576 right" in text for text in html), "the verdict"
    assert any("margins.pdf" in text for text in outputs(executed, "text/plain"))
    plain = [text for text in outputs(executed, "text/plain") if not text.startswith("Verdict(")]
    assert max(map(len, plain)) < 400, "short reprs"
