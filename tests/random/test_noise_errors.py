"""What the options noise=, average= and seed= refuse, before any work, and how that is said."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import fastdescent as fd


def broadcasting(shape: str) -> str:
    return rf"noise\.sigma must broadcast against \(5,\).* explicit last axis of 2 .*got shape {shape}"


BAD: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"noise": -1}, ValueError, r"noise\.gaussian: sigma must be 0 or greater; got -1"),
    ({"noise": np.nan}, ValueError, "sigma must be finite; got nan"),
    ({"noise": [0.1, -1, 0, 0, 0]}, ValueError, r"sigma must be 0 or greater everywhere; sigma\[1\] is -1"),
    ({"noise": "0.1"}, TypeError, "noise must be a number, an array, a schedule or one of fd.noise; got '0.1'"),
    ({"noise": True}, TypeError, "noise must be a number, .* got True"),
    ({"noise": fd.noise.Noise}, TypeError, "noise must be a number"),
    ({"noise": {"a": 1}}, TypeError, r"sigma must be a number; got \{'a': 1\}"),
    ({"noise": 1j}, TypeError, "sigma must be a number"),
    ({"noise": fd.noise.gaussian}, TypeError, r"not be the function gaussian; call it: fd\.noise\.gaussian\(\.\.\.\)"),
    ({"noise": fd.noise.student}, TypeError, r"call it: fd\.noise\.student\(\.\.\.\)"),
    ({"noise": np.zeros(2)}, ValueError, broadcasting(r"\(2,\)")),
    ({"noise": np.zeros((3, 2))}, ValueError, broadcasting(r"\(3, 2\)")),
    ({"noise": lambda t: -1.0}, ValueError, r"the schedule must be finite and 0 or greater; schedule\(0\) is -1"),
    ({"noise": lambda t: "a"}, TypeError, r"noise\.sigma: the schedule must map t to a number"),
    ({"noise": lambda x, g: g}, TypeError, r"sigma\(t\) or a function noise\(x, g, t, rng\), .* takes \(x, g\)"),
    ({"noise": lambda x, g, t, rng: None}, fd.TraceError, "the noise returned None"),
    ({"noise": lambda x, g, t, rng: np.ones(3)}, fd.TraceError, r"the noise returned shape \(3,\), not \(2,\)"),
    ({"noise": lambda x, g, t, rng: rng.standard_normal((2, 2))}, fd.TraceError, r"shape \(2, 2\), not \(2,\)"),
    ({"noise": lambda x, g, t, rng: rng.standard_normal(2**17 + 1)[:2]}, ValueError, "rng has 65536 blocks"),
    ({"noise": lambda x, g, t, rng: rng.integers(0)}, ValueError, r"among 1 to 2\^24 numbers; got 0"),
    ({"noise": lambda x, g, t, rng: rng.integers(2**24 + 1)}, ValueError, "got 16777217"),
    ({"noise": lambda x, g, t, rng: rng.integers(2.5)}, TypeError, r"rng: low must be a whole number; got 2\.5"),
    ({"noise": lambda x, g, t, rng: rng.uniform(size=-1)}, ValueError, "rng: size must be 0 or greater; got -1"),
    ({"noise": lambda x, g, t, rng: rng.uniform(size=1.5)}, TypeError, r"rng: size must be a whole number; got 1\.5"),
    ({"average": "mean"}, ValueError, 'average must be "polyak", a number between 0 and 1, or None; got \'mean\''),
    ({"average": 1.0}, ValueError, r"average must be between 0 and 1; got 1\.0"),
    ({"average": 0}, ValueError, "average must be between 0 and 1; got 0"),
    ({"average": True}, TypeError, "average must be a number; got True"),
    ({"average": (0.9, 1, 2)}, TypeError, r"average must be .* and the step where it begins, \(0.99, 500\); got \(0.9"),
    ({"average": ("mean", 5)}, ValueError, 'average must be "polyak", .* or None; got \'mean\''),
    ({"average": (2.0, 5)}, ValueError, r"average must be between 0 and 1; got 2\.0"),
    ({"average": (0.9, -1)}, ValueError, "average: its first step must be 0 or greater; got -1"),
    ({"average": (0.9, 1.5)}, TypeError, "average: its first step must be an integer; got 1.5"),
    ({"noise": 0.1, "check_every": 0}, ValueError, "check_every must be 1 or greater; got 0"),
    ({"noise": 0.1, "seed": -1}, ValueError, "seed must be"),
    ({"noise": 0.1, "seed": "a"}, TypeError, "seed must be"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "error", "text"), BAD)
def test_bad_arguments(options: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        fd.descend(fd.surface("x + 2*y"), np.zeros((5, 2)), fd.GD(lr=0.1), max_steps=4, **options)


@pytest.mark.parametrize("value", [True, (1.0, 2.0), "a", None, fd.noise.gaussian(1.0)])
def test_kinds_are_checked_where_they_are_made(value: Any) -> None:
    for kind in (fd.noise.gaussian, fd.noise.uniform, fd.noise.rademacher, fd.noise.multiplicative):
        with pytest.raises(TypeError, match=rf"noise\.{kind.__name__}: sigma must be a number"):
            kind(value)
    with pytest.raises(ValueError, match=r"noise\.student: df must be greater than 0; got 0"):
        fd.noise.student(1.0, df=0)


def test_a_local_noise_function_says_why_it_does_not_pickle() -> None:
    run = fd.descend(
        fd.surface("x**2"), [[1.0]], fd.GD(lr=0.1), noise=lambda x, g, t, rng: 0.1 * g, max_steps=2, keep_state=True
    )
    with pytest.raises(pickle.PicklingError, match="noise <lambda> cannot be pickled: write its function with def"):
        pickle.dumps(run)


def test_numbers_beyond_the_dtype_are_refused() -> None:
    with pytest.raises(ValueError, match="noise: sigma must fit float32"):
        fd.descend(fd.surface("x**2"), [[1.0]], fd.GD(lr=0.1), noise=1e39, dtype="float32")


@pytest.mark.parametrize("kind", [lambda v: v, fd.noise.uniform, lambda v: fd.noise.student(1.0, df=v + np.array(2.0))])
def test_deviations_of_trajectories_or_of_coordinates_must_say_which(kind: Any) -> None:
    s, x0, opt = fd.surface("x + 2*y"), np.zeros((2, 2)), fd.GD(lr=0.1)
    value = np.array([1.0, 0.0])
    options: dict[str, Any] = {"max_steps": 1, "seed": 3}
    with pytest.raises(ValueError, match=r"of shape \(2,\) could hold one value a trajectory or one a coord.*write"):
        fd.descend(s, x0, opt, noise=kind(value), **options)
    with pytest.raises(ValueError, match=r"sigma\[..., np.newaxis\] for one a trajectory, sigma\[..., np.newaxis, :\]"):
        fd.Swarm(s, x0, opt, noise=value, **options)
    # Where the numbers of both differ, there is no doubt; nor in an array of equal numbers.
    fd.descend(s, np.zeros((3, 2)), opt, noise=kind(np.zeros(3)), **options)
    fd.descend(s, np.zeros((2, 1, 2)), opt, noise=kind(value[:, np.newaxis]), **options)
    fd.descend(s, x0, opt, noise=kind(np.ones(2)), **options)
    fd.descend(s, x0, fd.GD(lr=[0.1, 0.2]), noise=0.1, **options)


def test_both_ways_to_say_it() -> None:
    s, x0, opt = fd.surface("x + 2*y"), np.zeros((2, 2)), fd.GD(lr=1.0)
    value = np.array([1.0, 0.0])
    options: dict[str, Any] = {"max_steps": 1, "seed": 3}
    unit = fd.descend(s, x0, opt, noise=1.0, **options).x + np.array([1.0, 2.0])
    by_trajectory = fd.descend(s, x0, opt, noise=value[..., np.newaxis], **options)
    assert np.allclose(by_trajectory.x + np.array([1.0, 2.0]), unit * value[:, np.newaxis])
    by_coordinate = fd.descend(s, x0, opt, noise=value[..., np.newaxis, :], **options)
    assert np.allclose(by_coordinate.x + np.array([1.0, 2.0]), unit * value)
    assert by_trajectory.classify().label.shape == by_coordinate.classify().label.shape == (2,)
