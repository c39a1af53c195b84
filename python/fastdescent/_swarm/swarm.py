"""`Swarm`: trajectories that are advanced a few steps at a time, while something draws them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fastdescent._base import checks
from fastdescent._base.at_top import at_top
from fastdescent._base.markup import table
from fastdescent._run.options import Options, checked_options
from fastdescent._run.reduced import reduced_of
from fastdescent._surface.surface import Surface
from fastdescent._swarm import snapshot as _sight
from fastdescent._swarm.shared import SharedStepper
from fastdescent._swarm.state import live_of, state_of
from fastdescent.optimizers import Optimizer
from fastdescent.program.step.reductions import Reduction

Array = npt.NDArray[Any]


@at_top
class Swarm:
    """Trajectories on their way, for programs that draw them frame by frame.

    At any time the swarm is where `descend` with ``max_steps=swarm.steps`` ends, to the bit, however the steps were
    split. Trajectories that have stopped stay where they are; only the others are advanced, in place.

    All methods may be called from any thread. Steps are made a few at a time, and between them other threads get their
    turn: what they see is a whole number of steps.

    Parameters
    ----------
    surface, x0, optimizer
        As in `descend`.
    max_steps : int
        A trajectory that reaches it has stopped. This option and the others mean what they mean in `descend`.

    Attributes
    ----------
    surface, optimizer
    n : int
        Number of trajectories.
    dim : int
        Number of coordinates.
    x : array, (..., dim)
        Points, a copy.
    nit : int32 array, (...)
        Steps made, a copy.
    status : int8 array, (...)
        Values of `Status`, -1 where a trajectory still runs; a copy.
    reduced : dict of arrays, (...) or (..., dim)
        What the option reduce= asked for, by name, of the points so far.
    steps : int
        Steps that the swarm has made.
    n_running : int
        Trajectories that still run.
    done : bool
        Whether all have stopped.

    Raises
    ------
    TypeError, ValueError
        Where an argument is not as described.

    Examples
    --------
    >>> import fastdescent as fd
    >>> s = fd.surfaces.himmelblau()
    >>> swarm = fd.Swarm(s, fd.grid(s.window, (100, 100)), fd.Adam(lr=0.05))
    >>> swarm.step(10)
    10
    >>> swarm.snapshot().shape, swarm.done
    ((10000, 3), False)
    """

    def __init__(
        self,
        surface: Surface,
        x0: npt.ArrayLike,
        optimizer: Optimizer,
        *,
        max_steps: int = 10_000,
        gtol: float | str | None = "auto",
        xtol: float | None = None,
        ftol: float | None = None,
        escape_radius: float | str | None = "auto",
        bounds: Any = None,
        boundary: str | Sequence[Any] | None = None,
        noise: Any = None,
        batch_size: int | None = None,
        sampling: str = "replacement",
        shared_batches: bool = False,
        check_every: int | None = None,
        seed: int = 0,
        first_index: int = 0,
        reduce: Reduction | Sequence[Reduction] = (),
        stop_when: Callable[..., Any] | None = None,
        n_threads: int | None = None,
        engine: str = "auto",
        dtype: npt.DTypeLike | None = None,
    ) -> None:
        self._options: dict[str, Any] = {
            "max_steps": max_steps, "gtol": gtol, "xtol": xtol, "ftol": ftol, "escape_radius": escape_radius,
            "bounds": bounds, "boundary": boundary, "noise": noise, "batch_size": batch_size, "sampling": sampling,
            "shared_batches": shared_batches, "check_every": check_every, "seed": seed, "first_index": first_index,
            "reduce": reduce, "stop_when": stop_when, "n_threads": n_threads, "engine": engine, "dtype": dtype,
        }  # fmt: skip
        self._shared = SharedStepper(self._checked(surface, x0, optimizer))

    def _checked(self, surface: Any, x0: Any, optimizer: Any) -> Options:
        return checked_options(
            surface, x0, optimizer, **self._options, record=None, final=False, keep_state=True, progress=None
        )

    # ------------------------------------------------------------------ going on
    def step(self, n: int = 1) -> int:
        """Makes n steps, and returns how many it made: fewer where all trajectories have stopped before.

        `reset` and `load_state_dict` in another thread end it too.
        """
        return self._shared.step(checks.whole_number("n", n, at_least=0))

    def advance(self, budget_ms: float) -> int:
        """Makes as many steps as fit into about that many milliseconds, at least one; returns how many.

        How many fit is learnt from earlier calls, so that the first few make fewer. Waiting for another thread counts.
        """
        return self._shared.advance(checks.positive("budget_ms", budget_ms) / 1000)

    # ------------------------------------------------------------------ looking
    def snapshot(self, out: npt.NDArray[np.float32] | None = None, *, plane: tuple[int, int] | None = None) -> Array:
        """Columns x, y and f of every trajectory, float32, (n, 3); for one coordinate y is 0.

        Parameters
        ----------
        out : float32 array, (n, 3), optional
            Where they are written; strides may be any.
        plane : (i, j), optional
            Which coordinates are x and y; needed where there are more than two.

        Returns
        -------
        array
            `out`, or a new array. Numbers beyond the range of float32 are infinite.
        """
        axes = _sight.checked_plane(plane, self.dim)
        with self._shared.turn() as stepper:
            x = stepper.live.x
            out = _sight.checked_out(out, (len(x), 3), (np.float32,))
            return _sight.filled(out, x, axes, self.surface(x))

    def positions(self, out: Array | None = None) -> Array:
        """The points, (n, dim), copied to `out` (float64 or float32) or to a new array of the run's dtype."""
        with self._shared.turn() as stepper:
            x = stepper.live.x
            other = np.float32 if x.dtype == np.float64 else np.float64
            return _sight.filled(_sight.checked_out(out, x.shape, (x.dtype.type, other)), x, range(self.dim))

    def density(self, out: Array, extent: tuple[float, ...], *, plane: tuple[int, int] | None = None) -> Array:
        """Counts points, running or not, in the cells of a rectangle.

        Parameters
        ----------
        out : array, (ny, nx), of integers or floating numbers
            Where the counts are written, row 0 at the bottom; they are cut at the largest number of its dtype.
        extent : (left, right, bottom, top)
            The outer edges of the cells. A cell has its left and lower edge, the last ones have both.
        plane : (i, j), optional
            Which coordinates are x and y; needed where there are more than two.

        Returns
        -------
        array
            `out`.
        """
        edges, out = _sight.checked_extent(extent), _sight.checked_counts(out)
        if self.dim == 1:
            raise ValueError("density needs a surface of two or more coordinates; this one has one")
        i, j = _sight.checked_plane(plane, self.dim)
        with self._shared.turn() as stepper:
            x = stepper.live.x
            return _sight.count_cells(x[:, i], x[:, j], edges, out)

    # ------------------------------------------------------------------ restarting
    def reset(self, x0: npt.ArrayLike | None = None, optimizer: Optimizer | None = None, **params: Any) -> None:
        """Back to the start. What is not given stays as it is; after an error everything does.

        Parameters
        ----------
        x0 : array, (..., dim), optional
            New starts, of any number.
        optimizer : Optimizer, optional
        **params
            Parameters of the surface, as in `Surface.with_params`. Nothing is compiled for them.

        Examples
        --------
        >>> import fastdescent as fd
        >>> swarm = fd.Swarm(fd.surface("a*x**2 + y**2", a=2.0), [[1.0, 1.0]], fd.GD(lr=0.1))
        >>> swarm.step(5)
        5
        >>> swarm.reset(a=3.0)
        >>> swarm.steps, swarm.surface.params["a"]
        (0, 3.0)
        """
        with self._shared.turn() as stepper:
            now = stepper.options
            options = self._checked(
                now.surface.with_params(**params) if params else now.surface,
                now.starts if x0 is None else x0,
                now.optimizer if optimizer is None else optimizer,
            )
            self._shared.begin(options)

    def state_dict(self) -> dict[str, Array]:
        """All that is needed to go on with the same bits, as arrays: x (n, dim), state (n, k), nit and status (n,).

        ``np.savez(file, **swarm.state_dict())`` saves it. Surface, optimizer and options are not in it.
        """
        with self._shared.turn() as stepper:
            return state_of(stepper)

    def load_state_dict(self, state: Mapping[str, npt.ArrayLike]) -> None:
        """Goes on from a state, such as ``np.load(file)``, of a swarm of as many trajectories with the same options.

        Raises ValueError where arrays are missing or do not fit, TypeError where their dtypes do not. Where max_steps
        is greater than it was, trajectories that it had ended run again.
        """
        with self._shared.turn() as stepper:
            stepper.place(live_of(stepper, state))
            self._shared.forget_pace()

    # ------------------------------------------------------------------ properties
    def _copied(self, name: str, axes: Any) -> Array:
        with self._shared.turn() as stepper:
            array: Array = getattr(stepper.live, name)
            return array.reshape(stepper.options.starts.shape[axes]).copy()

    @property
    def surface(self) -> Surface:
        return self._shared.options.surface

    @property
    def optimizer(self) -> Optimizer:
        return self._shared.options.optimizer

    @property
    def dim(self) -> int:
        return self.surface.dim

    @property
    def n(self) -> int:
        return self._shared.n

    @property
    def x(self) -> Array:
        return self._copied("x", slice(None))

    @property
    def nit(self) -> npt.NDArray[np.int32]:
        return self._copied("nit", slice(-1))

    @property
    def status(self) -> npt.NDArray[np.int8]:
        return self._copied("status", slice(-1))

    @property
    def reduced(self) -> dict[str, Array]:
        with self._shared.turn() as stepper:
            return reduced_of(stepper.options, stepper.live.x, stepper.live.nit, stepper.live.state)

    @property
    def steps(self) -> int:
        with self._shared.turn() as stepper:
            return stepper.n_steps

    @property
    def n_running(self) -> int:
        with self._shared.turn() as stepper:
            return stepper.n_running

    @property
    def done(self) -> bool:
        return self.n_running == 0

    def __repr__(self) -> str:
        what = f"{self.n} on {self.surface.name} by {self.optimizer!r}"
        return f"<Swarm of {what}: {self.n_running} still run after {self.steps} steps>"

    def _repr_html_(self) -> str:
        rows = [("surface", self.surface.name), ("optimizer", repr(self.optimizer)), ("trajectories", str(self.n))]
        rows += [("still run", str(self.n_running)), ("steps", str(self.steps))]
        return table(rows, title="Swarm")
