"""The programs in examples/: each runs as its own page says, makes its picture, and prints what it claims."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest

import fastdescent

pytestmark = pytest.mark.exhaustive

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.py"))


def quick(name: str, folder: Path, *arguments: str) -> str:
    """What an example prints; warnings are errors."""
    where = os.pathsep.join([str(Path(fastdescent.__file__).parent.parent), os.environ.get("PYTHONPATH", "")])
    program = [sys.executable, "-W", "error", str(EXAMPLES / f"{name}.py"), "--quick", *arguments]
    environment = {**os.environ, "MPLBACKEND": "Agg", "PYTHONPATH": where}
    done = subprocess.run(program, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def table(printed: str) -> list[list[float]]:
    """The rows of numbers below the first line."""
    lines = printed.splitlines()[1:]
    return [[float(cell) for cell in line.split()] for line in lines if not line.startswith("wrote")]


def is_picture(path: Path) -> bool:
    return path.read_bytes().startswith(b"\x89PNG") and path.stat().st_size > 10_000


def rising(values: list[float]) -> bool:
    return all(a < b for a, b in itertools.pairwise(values))


def test_all_are_tested() -> None:
    assert (
        sorted(["critical_points_of_random_fields", "leaving_a_saddle", "trainability_fractal", "width_and_loss"])
        == NAMES
    )


def test_minima_vanish_and_the_index_grows_with_the_height(tmp_path: Path) -> None:
    printed = quick("critical_points_of_random_fields", tmp_path)
    dim, n_points, share, correlation = zip(*table(printed), strict=True)
    assert dim == (2, 5, 10, 20)
    assert min(n_points) >= 30
    assert rising([-s for s in share])
    assert share[0] > 0.3
    assert share[-1] < 0.1
    assert rising(list(correlation))
    assert correlation[-1] > 0.9
    assert is_picture(tmp_path / "critical_points_of_random_fields.png")


def test_noise_leaves_a_saddle_as_predicted_and_descent_without_it_never(tmp_path: Path) -> None:
    lines = [line.split() for line in quick("leaving_a_saddle", tmp_path).splitlines()]
    still, *noisy = lines[2:7]
    assert still == ["0", "0.0%"]
    for _, leave, mean, predicted in noisy:
        assert leave == "100.0%"
        assert abs(float(mean) - float(predicted)) < 5
    steps = {line[0]: int(line[-2]) for line in lines[8:12]}
    assert steps["gradient"] > 5 * steps["momentum"] > 50 * steps["Adam"] > 50 * steps["RMSprop"]
    assert is_picture(tmp_path / "leaving_a_saddle.png")


def test_the_spread_of_losses_shrinks_with_the_width(tmp_path: Path) -> None:
    printed = quick("width_and_loss", tmp_path, "here.png")
    width, n_weights, median, deviation, spread, relative = zip(*table(printed), strict=True)
    assert width == (2, 4, 8, 16, 32)
    assert n_weights == tuple(4 * w + 1 for w in width)
    assert rising([-s for s in deviation])
    assert rising([-s for s in spread])
    assert deviation[-1] < 0.1 * deviation[0]
    assert rising([-m for m in median])
    assert rising([-r for r in relative[1:]])
    assert is_picture(tmp_path / "here.png")
    assert not (tmp_path / "width_and_loss.png").exists()


@pytest.mark.parametrize("name", NAMES)
def test_the_first_lines_say_how_to_run_it(name: str) -> None:
    assert f"python examples/{name}.py [--quick] [picture.png]" in (EXAMPLES / f"{name}.py").read_text()


def test_noise_leaves_a_saddle_as_predicted_and_momentum_leaves_sooner(tmp_path: Path) -> None:
    lines = [line.split() for line in quick("leaving_a_saddle", tmp_path).splitlines()]
    assert lines[2] == ["0", "0.0%"]
    for _, share, steps, predicted in lines[3:7]:
        assert share == "100.0%"
        assert float(steps) == pytest.approx(float(predicted), abs=8.0)  # four deviations of the mean of 5,000
    times_faster = {" ".join(line[:-2]): float(line[-1]) for line in lines[8:12]}
    assert times_faster["gradient descent"] == 1.0
    assert min(times_faster[name] for name in ("momentum 0.9", "RMSprop", "Adam")) > 5.0
    assert is_picture(tmp_path / "leaving_a_saddle.png")


def test_edge_of_trainability_is_ragged(tmp_path: Path) -> None:
    printed = quick("trainability_fractal", tmp_path)
    decades, _, trains, dimension = zip(*table(printed), strict=True)
    assert decades == (4.0, 0.25, 0.0156)
    assert all(0.2 < share < 0.8 for share in trains)
    assert max(dimension) > 1.2
    assert is_picture(tmp_path / "trainability_fractal.png")
