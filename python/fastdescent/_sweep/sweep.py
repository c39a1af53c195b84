"""`sweep`: hyperparameters, surface parameters and starts, each with each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.at_top import at_top
from fastdescent._base.counts import counts_of, message_of
from fastdescent._base.markup import table
from fastdescent._base.status import Status
from fastdescent._run.cut import stochastic_for_pickle
from fastdescent._run.descent import Descent
from fastdescent._run.hyperparameters import for_pickle
from fastdescent._run.path import Path
from fastdescent._run.reductions import AVERAGE
from fastdescent._surface.surface import Surface
from fastdescent._sweep.parts import Cells, run_parts
from fastdescent._sweep.plan import Plan, checked_plan
from fastdescent._sweep.selection import Runs, descent_of
from fastdescent.optimizers import Optimizer

if TYPE_CHECKING:
    from fastdescent._endpoints.classify import Endpoints

Array = npt.NDArray[Any]


@at_top
@dataclass(frozen=True, eq=False, repr=False)
class Sweep:
    """How the runs of a sweep ended. Arrays are shaped as the axes, in their order, and then the leading axes of x0.

    Attributes
    ----------
    axes : dict of float64 arrays, (k,)
        The values of each axis, by name.
    nit : int32 array, (*axes, ...)
        Updates attempted.
    status : int8 array, (*axes, ...)
        Values of `Status`.
    x : array, (*axes, ..., dim), or None
        The last point. None, as the next two, with final=False.
    fun, grad_norm : array, (*axes, ...), or None
        f and the Euclidean norm of its gradient at x, for the run's own parameters of the surface.
    reduced : dict of arrays, (*axes, ...) or (*axes, ..., dim)
        By name, what the option reduce= asked for; empty without it. NaN, or -1, of runs that were cancelled before
        they began.
    average : array, (*axes, ..., dim), or None
        The average of the points along the way, where it was asked for.
    path : Path or None
        Points along the way, where they were recorded.
    surface, optimizer
        As they were given.
    gradient : str
        "exact", or what is random in it: "minibatch 16", "noise 0.1".
    seed : int
        Of the random numbers.
    """

    axes: dict[str, npt.NDArray[np.float64]]
    nit: npt.NDArray[np.int32]
    status: npt.NDArray[np.int8]
    x: Array | None
    fun: Array | None
    grad_norm: Array | None
    surface: Surface
    optimizer: Optimizer
    engine: str
    seed: int = 0
    gradient: str = "exact"
    reduced: dict[str, Array] = field(default_factory=dict)
    average: Array | None = None
    path: Path | None = None
    _runs: Runs = field(kw_only=True)  #: what a `Descent` of some of the runs needs besides

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the results: the axes, and the leading axes of x0."""
        return self.status.shape

    @property
    def success(self) -> npt.NDArray[np.bool_]:
        """Where status is CONVERGED."""
        return np.asarray(self.status == Status.CONVERGED)

    @cached_property
    def message(self) -> str:
        """How many trajectories ended how."""
        return message_of(self.status)

    def at(self, **values: float) -> Descent:
        """The runs with these values of some axes, as if they were those of one `descend`.

        All axes of surface parameters must be among them, since a `Descent` has one surface. What remains of the other
        axes comes before the leading axes of x0; of those hyperparameters the optimizer has arrays.

        Parameters
        ----------
        **values : number
            By the names of axes, values that the axes have. Names such as "betas[0]" need ``at(**{"betas[0]": 0.9})``.

        Returns
        -------
        Descent
            Its arrays are views of those of the sweep. It has no path.

        Raises
        ------
        ValueError
            Where there is no such axis, the axis has no such value, an axis of a surface parameter is left, or the
            sweep has no x (final=False).

        Examples
        --------
        >>> import fastdescent as fd
        >>> s = fd.surface("a*x**2 + y**2", a=1.0)
        >>> grid = fd.sweep(s, [[1.0, 1.0], [2.0, 0.5]], fd.GD(), over={"lr": [0.1, 0.3], "a": [1.0, 2.0]})
        >>> grid.at(a=2.0).x.shape, grid.at(a=2.0, lr=0.3).optimizer
        ((2, 2, 2), GD(lr=0.3))
        """
        return descent_of(self, values)

    def classify(self, **options: Any) -> Endpoints:
        """`fastdescent.classify` of all runs: one table, and labels shaped as the results.

        A table belongs to one surface: where surface parameters are swept, classify the runs of one value each,
        ``grid.at(a=2.0).classify()``.

        Raises
        ------
        ValueError
            Where surface parameters are swept, or the sweep has no x (final=False).
        """
        return self.at().classify(**options)

    def to_xarray(self) -> Any:
        """The results as an `xarray.Dataset` whose dimensions are the axes; ImportError where xarray is missing.

        The leading axes of x0 are the dimensions "start", or "start_0", "start_1", ...; coordinates of points are the
        dimension "coordinate", with the names of the surface's variables.
        """
        from fastdescent._sweep.dataset import dataset_of

        return dataset_of(self)

    def __getstate__(self) -> dict[str, Any]:
        """Without what a pickle cannot hold: schedules but for their values, noise that it cannot name."""
        last, runs = int(self.nit.max(initial=0)), self._runs
        random = stochastic_for_pickle(runs.stochastic, last)
        kept = replace(runs, optimizer=for_pickle(runs.optimizer, last), stochastic=random)
        return {**self.__dict__, "optimizer": for_pickle(self.optimizer, last), "_runs": kept}

    def __repr__(self) -> str:
        kept = f"; reduced: {', '.join(self.reduced)}" if self.reduced else ""
        return f"<Sweep of {self._axis_words()} on {self._title()}. {self.message[:-1]}{kept}>"

    def _repr_html_(self) -> str:
        rows = [(name, f"{len(v)} values from {v.min():g} to {v.max():g}", "") for name, v in self.axes.items()]
        rows += [(words, str(k), s.sentence) for s, words, k in counts_of(self.status)]
        rows += [("engine", "", self.engine)]
        rows += [("reduced", "", ", ".join(self.reduced))] if self.reduced else []
        return table(rows, title=f"{self.status.size} trajectories on {self._title()}")

    def _axis_words(self) -> str:
        words = [f"{len(v)} {name}" for name, v in self.axes.items()]
        n = int(np.prod(self.shape[len(self.axes) :], dtype=int))
        return " x ".join([*words, f"{n} starts"] if n != 1 else words)

    def _title(self) -> str:
        return f"{self.surface.name} by {self.optimizer!r} (gradient: {self.gradient})"


@at_top
def sweep(surface: Surface, x0: npt.ArrayLike, optimizer: Optimizer, *, over: Mapping[str, npt.ArrayLike],
          **options: Any) -> Sweep:  # fmt: skip
    """Runs the optimizer with each value of each axis, from every start: the outer product, by one Program.

    A cell of the result has the bits of `descend` with its values: where these are arrays always, and where they are
    plain numbers in float64.

    Parameters
    ----------
    surface : Surface
    x0 : array, (..., dim)
        Starts, as in `descend`; one alone, shape (dim,), is usual. Lazy starts take no memory.
    optimizer : Optimizer
        What is swept may be left out: ``fd.SGD(momentum=0.9)`` for a sweep of lr. Other hyperparameters may be arrays
        that broadcast against the leading axes of x0, or schedules.
    over : mapping
        From names to values, one axis each, finite numbers in range; a learning rate may be 0. Names are those of
        hyperparameters that are numbers, ``"betas[0]"`` for the first of a pair, and of the surface's parameters. A
        name that is both needs its owner: ``"optimizer.a"`` or ``"surface.a"``.
    **options
        Keyword options of `descend`, except `keep_state`. ``final=False`` keeps nothing but `nit`, `status` and what
        `reduce` asks for. The index of a trajectory, for random numbers, is that of its cell in C order.
        ``escape_radius="auto"`` looks at window and known minima for all values of the surface's parameters.

    Returns
    -------
    Sweep

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    MemoryError
        If the results would not fit. Beyond them a sweep takes some 100 MiB, however many cells it has:
        hyperparameters, parameters and starts are made part by part. Recorded paths are kept as in `descend`.

    Examples
    --------
    Gradient descent on a bowl of curvature 2 needs a learning rate below 1:

    >>> import numpy as np
    >>> import fastdescent as fd
    >>> fd.sweep(fd.surface("x**2"), [1.0], fd.GD(), over={"lr": np.linspace(0.1, 1.2, 12)}, max_steps=500).status
    array([0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 2, 2], dtype=int8)

    Each step with each curvature, from two starts:

    >>> bowls = fd.surface("a*x**2", a=1.0)
    >>> fd.sweep(bowls, [[1.0], [2.0]], fd.SGD(momentum=0.5), over={"lr": [0.01, 0.1, 1.0], "a": [1.0, 2.0]}).shape
    (3, 2, 2)
    """
    plan = checked_plan(surface, x0, optimizer, over, options)
    return _result(plan, run_parts(plan), optimizer)


def _result(plan: Plan, cells: Cells, optimizer: Optimizer) -> Sweep:
    shape, base = plan.shape, plan.options

    def shaped(values: Array | None) -> Any:
        return None if values is None else values.reshape(*shape, *values.shape[1:])

    reduced = {name: shaped(values) for name, values in cells.reduced.items()}
    random = replace(base.stochastic, noise=plan.noise, noise_spec=None) if base.stochastic.is_random else None
    return Sweep(
        axes={a.name: a.values for a in plan.axes}, nit=shaped(cells.nit), status=shaped(cells.status),
        x=shaped(cells.x), fun=shaped(cells.fun), grad_norm=shaped(cells.grad_norm), surface=plan.surface,
        optimizer=optimizer, engine=cells.engine, seed=base.seed, gradient=base.stochastic.words,
        average=reduced.pop(AVERAGE, None), reduced=reduced, path=cells.path,
        _runs=Runs(
            owners=tuple((a.owner, a.target) for a in plan.axes), optimizer=plan.optimizer, stochastic=random,
            inside={} if base.bounds is None else {"bounds": base.bounds.T, "boundary": base.boundary},
            random_starts=base.random_starts, gtol=base.gtol, lowest_start=cells.lowest_start,
        ),
    )  # fmt: skip
