"""The documentation: every example on its pages runs, and every public name is on the pages of the API."""

from __future__ import annotations

import doctest
import re
from pathlib import Path
from types import ModuleType

import api
import catalog
import examples
import plain
import pytest
import traced

import fastdescent as fd
from fastdescent import surfaces

ROOT = Path(__file__).resolve().parents[2]
GENERATED = ROOT / "docs" / "generated"
PAGES = [ROOT / "README.md", *sorted(p for p in (ROOT / "docs").rglob("*.md") if GENERATED not in p.parents)]


@pytest.mark.parametrize(
    "page",
    [p for p in PAGES if examples.examples(p) and p.name != "jax.md"],
    ids=lambda p: p.relative_to(ROOT).as_posix(),
)
def test_examples_on_pages(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    examples.run_page(page)


def test_pages_have_examples() -> None:
    assert sum(len(examples.examples(page)) for page in PAGES) > 80


def page_with(tmp_path: Path, *blocks: str) -> Path:
    page = tmp_path / "page.md"
    page.write_text("# Title\n\n" + "\n\ntext\n\n".join(f"```{block}\n```" for block in blocks) + "\n")
    return page


def test_blocks_share_a_namespace(tmp_path: Path) -> None:
    page = page_with(
        tmp_path, "python\na = 1", "pycon\n>>> a\n1\n>>> b = a + 1", "text\nnot run", "python\nassert b == 2"
    )
    assert len(examples.examples(page)) == 3
    examples.run_page(page)


@pytest.mark.parametrize(
    ("block", "error", "text"),
    [
        ("python\nx = 1\nx / 0", ZeroDivisionError, "division"),
        ("pycon\n>>> 1 + 1\n3", AssertionError, "Expected:\n    3\nGot:\n    2"),
        ("pycon\n>>> 1 / 0", AssertionError, "ZeroDivisionError"),
        ("pycon\n>>> print('   ^')\n ^", AssertionError, "Expected:\n     ^\nGot:\n       ^"),
        ("sh\nls\nfastdescent basins no_such_surface", AssertionError, "page.md:5: fastdescent basins"),
    ],
)
def test_an_example_that_fails_is_noticed(tmp_path: Path, block: str, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=re.escape(text)):
        examples.run_page(page_with(tmp_path, block))


def test_a_block_that_does_not_end(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("```python\n1\n")
    with pytest.raises(ValueError, match="the block that begins at line 1 does not end"):
        examples.run_page(tmp_path / "page.md")


def public_names() -> list[str]:
    names = []
    for name in fd.__all__:
        value = getattr(fd, name)
        names.append(f"fastdescent.{name}")
        if isinstance(value, ModuleType):
            names += [f"fastdescent.{name}.{n}" for n in value.__all__]
    return names


def test_every_public_name_is_on_a_page_once() -> None:
    text = "\n".join(api.api_pages().values())
    documented = re.findall(r"^\.\. (?:auto\w+|py:module):: (\S+)$", text, re.M)
    documented += [
        f"fastdescent.surfaces.{n}" for n in re.findall(r"^\.\. py:function:: (\w+)\(", catalog_text(), re.M)
    ]
    assert sorted(documented) == sorted(public_names())


def test_the_list_of_functions_that_trace_has_them_all() -> None:
    assert {"``einsum``", "``arctan2``", "``logsumexp``", "``erf``"} <= set(
        re.findall("``[^`]*``", traced.traced_functions())
    )


def catalog_text() -> str:
    return catalog.catalog_page("pictures")


@pytest.mark.parametrize("name", surfaces.names())
def test_the_catalog_page_shows_what_the_catalog_has(name: str) -> None:
    entry = catalog_text().split(f".. py:function:: {name}(")[1].split(".. py:function::")[0]
    about = surfaces.get(name).about
    assert about.splitlines()[0] in entry.replace("\\", "")
    assert "   .. code-block:: text\n\n       f(" in entry
    assert ":window: ``" in entry
    assert ":minima: " in entry


def test_plain_docstrings() -> None:
    assert doctest.testmod(plain).failed == 0
    lines = ["Halves `|x|`.", "", "x <- x / 2", "y <- |y|", "", "Examples", ">>> 2 * 3 | 2", "6"]
    wanted = [
        "Halves `|x|`.",
        "",
        ".. code-block:: text",
        "",
        "    x <- x / 2",
        "    y <- |y|",
        "",
        "Examples",
        ">>> 2 * 3 | 2",
        "6",
    ]
    assert plain.as_restructured_text(lines) == wanted
    assert plain.as_restructured_text(['"max_" and x_i']) == ['"max\\_" and x_i']
    lines = ["a, b : float", "    Factors of (n, *shape).", "**options", "    Others.", "c, d"]
    told = ["    Factors of (n, \\*shape)."]
    wanted = ["a : float", *told, "b : float", *told, "**options", "    Others.", "c", "d"]
    assert plain.as_restructured_text(lines) == wanted
