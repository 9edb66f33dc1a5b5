"""The notebook runs, and shows what its code gives."""

from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[2] / "docs/explore.ipynb"
AGAIN = "jupyter execute --inplace docs/explore.ipynb"


def read() -> Any:  # noqa: ANN401 - nbformat's nodes are dicts with attributes
    """Return the notebook as it is kept."""
    return nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call] # nbformat's


def shown(notebook: Any) -> list[Any]:  # noqa: ANN401 - as above
    """Return what each cell of code shows."""
    return [
        [output.get("data", output) for output in cell.outputs]
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


def test_the_notebook_shows_what_its_code_gives(tmp_path: Path) -> None:
    """Run from top to bottom in a new kernel, every cell gives the output that is kept with it."""
    fresh = read()
    folder = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(fresh, timeout=60, kernel_name="python3", resources=folder).execute()
    assert shown(fresh) == shown(read()), f"if the new output is right: {AGAIN}"
