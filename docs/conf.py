"""Sphinx: `python -m sphinx -W docs site`. Pages of the API and of the surfaces, and all pictures, are made here."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import chdir
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
GENERATED = HERE / "generated"
sys.path.insert(0, str(HERE / "_ext"))
os.environ["MPLBACKEND"] = "Agg"

from api import api_pages  # noqa: E402
from catalog import catalog_page, draw_surfaces  # noqa: E402
from examples import run_page  # noqa: E402
from plain import as_restructured_text  # noqa: E402
from sphinx.domains.python import PyObject  # noqa: E402
from traced import traced_functions  # noqa: E402

import fastdescent  # noqa: E402

project = "fastdescent"
author = "the authors of fastdescent"
release = version = fastdescent.__version__
html_title = f"fastdescent {version}"
html_theme = "furo"
html_show_copyright = False
html_copy_source = False
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["generated/**/*.md"]
myst_heading_anchors = 3
default_role = "code"
smartquotes_action = "D"  # dashes; quotes stay as in code
add_module_names = False
autodoc_typehints = "none"
autodoc_preserve_defaults = True
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False


def make_pages(app: Any) -> None:
    """Writes the generated pages, and runs the examples of the pages that show their pictures."""
    shutil.rmtree(GENERATED, ignore_errors=True)
    GENERATED.mkdir()
    for name, text in api_pages().items():
        (GENERATED / name).write_text(text, encoding="utf-8")
    (GENERATED / "catalog.txt").write_text(catalog_page("/generated/surfaces"), encoding="utf-8")
    (GENERATED / "traced.txt").write_text(traced_functions(), encoding="utf-8")
    draw_surfaces(GENERATED / "surfaces")
    for page in sorted(HERE.rglob("*.md")):
        if f"generated/{page.stem}/" in page.read_text(encoding="utf-8"):
            folder = GENERATED / page.stem
            folder.mkdir()
            with chdir(folder):
                run_page(page)


def plain_docstring(app: Any, what: str, name: str, value: Any, options: Any, lines: list[str]) -> None:
    lines[:] = as_restructured_text(lines)


def no_signature_of_results(
    app: Any, what: str, name: str, value: Any, options: Any, signature: str | None, returned: str | None
) -> tuple[str, str] | None:
    """Classes whose docstring has no Parameters are results, which nobody makes by hand."""
    if what == "class" and signature and "Parameters\n" not in (value.__doc__ or ""):
        return "", ""
    return None


def setup(app: Any) -> None:
    for field in PyObject.doc_field_types:
        if field.name == "variable":
            field.label = "Attributes"
    app.connect("builder-inited", make_pages)
    app.connect("autodoc-process-docstring", plain_docstring, priority=400)  # before napoleon
    app.connect("autodoc-process-signature", no_signature_of_results)
