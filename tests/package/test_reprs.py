"""What objects show of themselves: short text, and HTML that escapes whatever text it holds."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from support.available import USUAL

import fastdescent as fd

NAME = "<b>a & b</b>"
S = fd.surface("x**4 - a*x**2 + y**2", a=1.0, name=NAME, window=(-2, 2), bounds=(-3, 3))
RECORD = fd.Record(every=2, fields=("x", "fun"))
RUN = fd.descend(S, fd.grid(S.window, (4, 4)), fd.LineSearch())
PATH = fd.descend(S, RUN.x, fd.GD(lr=0.01), max_steps=10, gtol=None, record=RECORD).path
MAP = fd.basin_map(S, shape=(8, 8))
EMPTY = fd.descend(S, np.zeros((0, 2)), fd.LineSearch(), record=1)


def warm_up(t: int) -> float:
    return 0.1


@fd.optimizer
def own(x: Any, grad: Any, state: Any, t: Any, *, lr: Any = 0.01, rates: Any = (0.5, 0.5)) -> Any:
    return x - lr * grad(x), {}


class Reader(HTMLParser):
    """The text of a page, and whether its elements are closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        if tag != "img":
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert not reader._open
    return reader


OBJECTS = [
    S, fd.surfaces.rastrigin(dim=40), fd.Adam(), fd.GD(warm_up), own(), RUN, EMPTY, RUN.classify(), EMPTY.classify(),
    RUN.classify().points, MAP, PATH, EMPTY.path, RECORD, S.program(), fd.info(),
    fd.Swarm(S, RUN.x, fd.LineSearch()),
]  # fmt: skip


@pytest.mark.parametrize("value", OBJECTS, ids=lambda v: type(v).__name__)
def test_html_is_short_whole_and_escaped(value: Any) -> None:
    html = value._repr_html_().split("<img")[0]
    assert set(read(html).tags) <= {"table", "caption", "thead", "tbody", "tr", "th", "td", "p", "pre"}
    assert "<b>" not in html
    assert len(html) < 5000


@pytest.mark.parametrize("value", OBJECTS, ids=lambda v: type(v).__name__)
def test_text_is_short_and_names_no_addresses(value: Any) -> None:
    assert " at 0x" not in repr(value)
    assert max(map(len, repr(value).splitlines())) < 250


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (S, "<Surface <b>a & b</b>: dim=2, a=1.0>"),
        (fd.GD(lr=0.1), "GD(lr=0.1)"),
        (fd.GD(lr=np.float64(0.1)), "GD(lr=0.1)"),
        (fd.GD(lr=warm_up), "GD(lr=<schedule warm_up>)"),
        (fd.Momentum(0.1, np.full(20, 0.9)), "Momentum(lr=0.1, momentum=<array of float64, shape (20,)>)"),
        (fd.Momentum(0.1, np.array([0.5, 0.9])), "Momentum(lr=0.1, momentum=array([0.5, 0.9]))"),
        (own(rates=(0.5, lambda t: 0.1)), "own(lr=0.01, rates=(0.5, <schedule>))"),
        (fd.Record(every=2), "Record(every=2)"),
        (fd.Record(steps=np.arange(50), fields=("fun",)),
         "Record(steps=an array of int64, shape (50,), fields=('fun',))"),
        (PATH, "<Path: trajectories: 16, at most 6 points each; x: float64 (16, 6, 2); fun: float64 (16, 6)>"),
        (EMPTY.path, "<Path: trajectories: 0, at most 0 points each; x: float64 (0, 1, 2)>"),
        (fd.uniform(((-2, 2), (0, 0.5)), 1000, seed=7, lazy=True),
         "<LazyStarts (1000, 2) of float64: uniform([-2, 2] x [0, 0.5], seed=7)>"),
        (fd.sobol(((-5, 5),) * 10, 64, lazy=True), "<LazyStarts (64, 10) of float64: sobol([-5, 5]^10, seed=0)>"),
        (fd.grid(((-2, 2), (0, 1)), (3, 4), lazy=True),
         "<LazyStarts (3, 4, 2) of float64: grid([-2, 2] x [0, 1], shape=(3, 4))>"),
        (fd.grid(tuple((0, k) for k in range(1, 6)), (2, 2, 2, 2, 2), lazy=True),
         "<LazyStarts (2, 2, 2, 2, 2, 5) of float64: grid([0, 1] x [0, 2] x [0, 3] x ..., shape=(2, 2, 2, 2, 2))>"),
        (fd.uniform((0, 1), 2)[:0], "RandomStarts([], shape=(0, 1), dtype=float64)"),
        (MAP, "<BasinMap 8 x 8 of <b>a & b</b> by gradient flow: 2 critical points>"),
    ],
)  # fmt: skip
def test_text(value: Any, text: str) -> None:
    assert repr(value) == text


def test_text_of_runs() -> None:
    assert repr(RUN).startswith("<Descent on <b>a & b</b> by LineSearch(armijo=0.5, grow=1.25) (gradient: exact). 16 ")
    assert "steps: median " in repr(RUN)
    assert repr(EMPTY).endswith("(gradient: exact). 0 trajectories: none; steps: none>")


def test_the_title_of_a_table_rounds_f_as_its_rows_do() -> None:
    bowl = fd.descend(fd.surface("x**2 + y**2"), np.ones((5, 2)), fd.GD(lr=0.1)).classify().points
    for f, shown in ((2.7e-48, "0"), (-3e-22, "0"), (3e-9, "3e-09")):
        title, _, row = repr(replace(bowl, fun=np.array([f]), fmin=f)).splitlines()
        assert f"lowest found: f = {shown}" in title
        assert row.split()[:2] == ["A", shown]
    nowhere = fd.descend(fd.surfaces.schwefel(), np.full((3, 2), 1.0), fd.GD(lr=1e9)).classify().points
    assert nowhere.fmin != 0.0
    assert "global: f = 0 (known)" in repr(nowhere)


def test_what_the_tables_hold() -> None:
    surface = read(S._repr_html_()).words
    for wanted in (NAME, "a = 1", "x in [-2, 2], y in [-2, 2]", "x in [-3, 3], y in [-3, 3]"):
        assert wanted in surface
    words = read(fd.surfaces.himmelblau()._repr_html_()).words
    assert "f(x, y) = (x^2 + y - 11)^2 + (x + y^2 - 7)^2" in words
    assert any(w.startswith("0 at (3, 2), ") for w in words)
    assert read(fd.GD(warm_up)._repr_html_()).words == ["GD", "lr", "<schedule warm_up>"]
    run = read(RUN._repr_html_()).words
    assert {"converged", "16", "The gradient's norm fell to gtol.", USUAL} <= set(run)
    assert "16 endpoints: 16 lowest found." in read(RUN.classify()._repr_html_()).words
    assert read(S.program()._repr_html_()).words == [str(S.program())]


def test_a_map_has_a_picture_where_matplotlib_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    with_picture = MAP._repr_html_()
    assert read(with_picture).tags.count("img") == 1
    assert 'alt="basins of &lt;b&gt;a &amp; b&lt;/b&gt;" src="data:image/png;base64,iVBOR' in with_picture
    assert len(with_picture) < 200_000
    for module in [name for name in sys.modules if name.split(".")[0] == "matplotlib"]:
        monkeypatch.setitem(sys.modules, module, None)  # an import of it fails
    without = MAP._repr_html_()
    assert "img" not in read(without).tags
    assert "lowest found" in without


def test_html_imports_nothing_heavy() -> None:
    code = (
        "import sys, fastdescent as fd; s = fd.surfaces.beale(); run = fd.descend(s, [[1.0, 1.0]], fd.GD(1e-3)); "
        "shown = [s, run, run.classify()]; before = {*sys.modules}; [thing._repr_html_() for thing in shown]; "
        "print(*{n.split('.')[0] for n in {*sys.modules} - before})"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {"matplotlib", "tqdm", "sympy", "scipy"} & set(out.split())
