"""Pictures: cells as whole pixels, marks and legends, files whole or not at all."""

from __future__ import annotations

import builtins
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastdescent as fd
from fastdescent import BasinMap

CONVERGED, ESCAPED, UNSETTLED = fd.Outcome.GLOBAL_MINIMUM, fd.Outcome.ESCAPED, fd.Outcome.UNSETTLED


# ---------------------------------------------------------------------- pictures
@pytest.fixture(scope="module")
def pyplot() -> Any:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot


@pytest.fixture(scope="module")
def himmelblau() -> BasinMap:
    return fd.basin_map(fd.surfaces.himmelblau(), shape=(90, 120))


def edges(label: np.ndarray) -> np.ndarray:
    """Cells beside another label."""
    around = np.pad(label, 1, mode="edge")
    neighbours = (around[:-2, 1:-1], around[2:, 1:-1], around[1:-1, :-2], around[1:-1, 2:])
    return np.any([other != label for other in neighbours], axis=0)


def pixels(figure: Any, ax: Any) -> np.ndarray:
    """What is drawn inside the axes, row 0 at the bottom."""
    figure.canvas.draw()
    drawn = np.asarray(figure.canvas.buffer_rgba())[::-1, :, :3]
    x0, y0, x1, y1 = ax.get_window_extent().extents
    for edge in (x0, y0, x1, y1):
        assert abs(edge - round(edge)) < 1e-6
    return drawn[round(y0) : round(y1), round(x0) : round(x1)]


@pytest.mark.parametrize("shape", [(90, 120), (200, 100)])
def test_every_cell_is_a_block_of_pixels(pyplot: Any, shape: tuple[int, int]) -> None:
    window = ((-6.0, 6.0), (-6.0 * shape[0] / shape[1], 6.0 * shape[0] / shape[1]))
    m = fd.basin_map(fd.surfaces.himmelblau(), shape=shape, window=window)
    ax = fd.plot.basins(m)
    for artist in [*ax.lines, *ax.texts]:
        artist.remove()
    for spine in ax.spines.values():
        spine.set_visible(False)
    found = pixels(ax.figure, ax)
    image = fd.plot.basin_image(m.label, m.outcome, m.nit, np.ones(len(m.points), bool))
    k = found.shape[0] // shape[0]
    assert k >= 1
    np.testing.assert_array_equal(found, np.kron(image, np.ones((k, k, 1), np.uint8)))
    pyplot.close(ax.figure)


def test_minima_are_marked_and_lettered(pyplot: Any, himmelblau: BasinMap) -> None:
    ax = fd.plot.basins(himmelblau)
    letters = {t.get_text(): t.xy for t in ax.texts if t.xycoords == "data"}
    assert sorted(letters) == ["A", "B", "C", "D"]
    for row, letter in enumerate("ABCD"):
        np.testing.assert_array_equal(letters[letter], himmelblau.points.x[row])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("$x$", "$y$")
    assert ax.get_title(loc="left") == "himmelblau, gradient flow"
    pyplot.close(ax.figure)


def test_the_legend_is_outside_of_the_map_and_inside_of_the_figure(pyplot: Any, himmelblau: BasinMap) -> None:
    ax = fd.plot.basins(himmelblau)
    figure, texts = ax.figure, [t for t in ax.texts if t.xycoords == "axes fraction"]
    said = [t.get_text() for t in texts]
    shares = [f"{100 * s:.1f} %" for s in himmelblau.points.share]
    by_share = np.argsort(-himmelblau.points.n_starts, kind="stable").tolist()
    assert said[:4] == ["ABCD"[row] for row in by_share]
    assert said.count("lowest found") == (0 if himmelblau.points.fmin_source == "known" else 4)
    assert set(shares) <= set(said)
    inner, whole = ax.get_window_extent(), figure.bbox
    for t in texts:
        place = t.get_window_extent()
        assert place.x0 > inner.x1
        assert place.x1 < whole.x1
        assert 0 < place.y0 < place.y1 < whole.y1
    pyplot.close(figure)


def test_swatches_have_the_shade_in_the_middle_of_their_basins(pyplot: Any, himmelblau: BasinMap) -> None:
    ax = fd.plot.basins(himmelblau)
    swatches = [line.get_markerfacecolor() for line in ax.lines if line.get_marker() == "s"]
    assert len(swatches) == 4
    image = fd.plot.basin_image(himmelblau.label, himmelblau.outcome, himmelblau.nit, np.ones(4, bool))
    by_share = np.argsort(-himmelblau.points.n_starts, kind="stable").tolist()
    for row, swatch in zip(by_share, swatches, strict=True):
        cells = image[(himmelblau.label == row) & ~edges(himmelblau.label)].sum(axis=-1)
        shade = round(255.0 * sum(swatch))
        assert np.mean(cells <= shade) >= 0.5
        assert np.mean(cells >= shade) >= 0.45  # without edges, which tend to be dark
    pyplot.close(ax.figure)


def test_saddles_have_their_own_marker(pyplot: Any) -> None:
    m = fd.basin_map(fd.surface("x**4 - x**2 + y**2"), shape=(33, 33))
    assert fd.Outcome.SADDLE in m.points.kind
    ax = fd.plot.basins(m)
    at_origin = [
        line for line in ax.lines if np.allclose(line.get_xydata(), 0.0) and line.get_transform() == ax.transData
    ]
    assert [line.get_marker() for line in at_origin] == ["X"]
    assert "saddle" in [t.get_text() for t in ax.texts]
    pyplot.close(ax.figure)


def test_many_minima_are_marked_and_the_first_lettered(pyplot: Any) -> None:
    m = fd.basin_map(fd.surfaces.rastrigin(), shape=(200, 200))
    ax = fd.plot.basins(m)
    assert sum(t.xycoords == "data" for t in ax.texts) == 12
    assert any(t.get_text().startswith(f"and {len(m.points) - 12} more") for t in ax.texts)
    pyplot.close(ax.figure)


def test_what_escapes_and_what_is_not_settled_is_said(pyplot: Any) -> None:
    m = fd.basin_map(fd.surface("x**3 + y**2"), fd.GD(lr=0.01), shape=(32, 32), max_steps=200)
    ax = fd.plot.basins(m)
    said = " ".join(t.get_text() for t in ax.texts)
    assert "escapes" in said
    assert "not settled" in said
    pyplot.close(ax.figure)


def test_a_curve_above_a_strip(pyplot: Any) -> None:
    m = fd.basin_map(fd.surface("x**4 - x**2"), shape=200, window=(-1.5, 1.5))
    ax = fd.plot.basins(m)
    x, f = ax.lines[0].get_data()
    np.testing.assert_allclose(f, x**4 - x**2)
    strip = next(a for a in ax.child_axes if a.get_xlabel() == "$x$")
    assert strip.get_position().y1 < ax.get_position().y0 or strip.get_window_extent().y1 < ax.get_window_extent().y0
    image = strip.images[0].get_array()
    assert image.shape == (1, 200, 3)
    assert not np.array_equal(image[0, 20], image[0, 180])
    pyplot.close(ax.figure)


def test_a_curve_that_is_not_finite_everywhere(pyplot: Any) -> None:
    m = fd.basin_map(fd.surface("x - log(x)"), shape=64)
    ax = fd.plot.basins(m)
    ax.figure.canvas.draw()
    pyplot.close(ax.figure)


def test_a_plane_of_a_surface_of_more_coordinates(pyplot: Any) -> None:
    m = fd.basin_map(fd.surfaces.rastrigin(dim=4), shape=32, plane=(2, 0))
    ax = fd.plot.basins(m)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("$x_{3}$", "$x_{1}$")
    pyplot.close(ax.figure)


def test_drawing_on_given_axes_leaves_the_figure_alone(pyplot: Any, himmelblau: BasinMap) -> None:
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 4))
    before = figure.get_size_inches().tolist(), right.get_position().bounds
    assert fd.plot.basins(himmelblau, left) is left
    assert (figure.get_size_inches().tolist(), right.get_position().bounds) == before
    assert left.images
    assert not right.images
    figure.canvas.draw()
    pyplot.close(figure)


@pytest.mark.parametrize("window", [((-5, 5), (0, 0.001)), ((-0.01, 0.01), (-5, 5))])
def test_windows_too_long_to_be_drawn_to_scale(pyplot: Any, window: Any) -> None:
    ax = fd.plot.basins(fd.basin_map(fd.surfaces.himmelblau(), shape=(40, 40), window=window))
    width, height = ax.get_window_extent().size
    assert width == pytest.approx(height)
    pyplot.close(ax.figure)


def test_what_is_not_a_map_is_refused() -> None:
    with pytest.raises(TypeError, match=r"m must be a BasinMap, the result of fd\.basin_map; got 3"):
        fd.plot.basins(3)  # type: ignore[arg-type]


def test_a_missing_matplotlib_says_what_to_install(himmelblau: BasinMap, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.split(".")[0] == "matplotlib":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    for draw in (lambda: fd.plot.basins(himmelblau), lambda: fd.plot.save(himmelblau, "map.png")):
        with pytest.raises(ImportError, match=r"pip install 'fastdescent\[plot\]'"):
            draw()


# ---------------------------------------------------------------------- files
@pytest.mark.parametrize(("ending", "head"), [("png", b"\x89PNG"), ("pdf", b"%PDF"), ("SVG", b"<?xml")])
def test_save_writes_the_format_of_the_extension(
    pyplot: Any, himmelblau: BasinMap, tmp_path: Path, ending: str, head: bytes
) -> None:
    fd.plot.save(himmelblau, tmp_path / f"map.{ending}")
    assert (tmp_path / f"map.{ending}").read_bytes().startswith(head)
    assert len(list(tmp_path.iterdir())) == 1


def test_saved_pixels_are_those_of_the_map(pyplot: Any, himmelblau: BasinMap, tmp_path: Path) -> None:
    from matplotlib.image import imread

    fd.plot.save(himmelblau, tmp_path / "map.png")
    found = np.rint(255 * imread(tmp_path / "map.png")[..., :3]).astype(np.uint8)
    ax = fd.plot.basins(himmelblau)
    width, height = ax.get_window_extent().size
    pyplot.close(ax.figure)
    assert found.shape[0] > height >= himmelblau.label.shape[0]
    assert found.shape[1] > width >= himmelblau.label.shape[1]
    colours = np.unique(found.reshape(-1, 3), axis=0)
    drawn = fd.plot.basin_image(himmelblau.label, himmelblau.outcome, himmelblau.nit, np.ones(4, bool))
    wanted = np.unique(drawn.reshape(-1, 3), axis=0)
    assert len(set(map(tuple, wanted)) - set(map(tuple, colours))) <= 0.1 * len(wanted)  # some are under a letter


def test_an_interrupted_save_leaves_what_was_there(
    pyplot: Any, himmelblau: BasinMap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matplotlib.figure import Figure

    def half(self: Any, file: Any, **options: Any) -> None:
        file.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(Figure, "savefig", half)
    (tmp_path / "map.png").write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt):
        fd.plot.save(himmelblau, tmp_path / "map.png")
    assert [p.name for p in tmp_path.iterdir()] == ["map.png"]
    assert (tmp_path / "map.png").read_bytes() == b"old"


def test_a_saved_file_replaces_another_and_follows_links(
    pyplot: Any, himmelblau: BasinMap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matplotlib.figure import Figure

    (tmp_path / "real.png").write_bytes(b"old")
    (tmp_path / "link.png").symlink_to(tmp_path / "real.png")

    def new(self: Any, file: Any, **options: Any) -> None:
        file.write(b"new")
        assert (tmp_path / "real.png").read_bytes() == b"old"

    monkeypatch.setattr(Figure, "savefig", new)
    fd.plot.save(himmelblau, tmp_path / "link.png")
    assert (tmp_path / "real.png").read_bytes() == b"new"
    assert (tmp_path / "link.png").is_symlink()
    assert len(list(tmp_path.iterdir())) == 2


def test_paths_that_cannot_be_written_are_refused(
    pyplot: Any, himmelblau: BasinMap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match=r"must be one of (\w+, )+png, .*; got '.*a\.txt'"):
        fd.plot.save(himmelblau, tmp_path / "a.txt")
    with pytest.raises(FileNotFoundError, match="no directory"):
        fd.plot.save(himmelblau, tmp_path / "none" / "a.png")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(IsADirectoryError, match="is not a file"):
        fd.plot.save(himmelblau, tmp_path / "folder.png")

    def refused(*args: Any, **kwargs: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(builtins, "open", refused)
    with pytest.raises(OSError, match=r"cannot write in .*: Permission denied"):
        fd.plot.save(himmelblau, tmp_path / "a.png")


def test_importing_the_package_does_not_import_matplotlib() -> None:
    import subprocess
    import sys

    code = "import sys, fastdescent, fastdescent.plot, fastdescent.cli; assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_colours_stay_when_a_basin_is_not_seen(himmelblau: BasinMap) -> None:
    label = np.where(himmelblau.label == 0, -1, himmelblau.label)
    part = replace(himmelblau, image=replace(himmelblau.image, label=label))
    every, some = (fd.plot.basin_image(m.label, m.outcome, m.nit * 0, np.ones(4, bool)) for m in (himmelblau, part))
    seen = (part.label > 0) & ~edges(himmelblau.label) & ~edges(part.label)
    np.testing.assert_array_equal(every[seen], some[seen])
