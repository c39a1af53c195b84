"""`descend`: every start run to its stop, and the frozen result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastdescent._base.at_top import at_top
from fastdescent._base.counts import counts_of, message_of
from fastdescent._base.markup import table
from fastdescent._base.status import Status
from fastdescent._run.cut import State, state_of_cut, stochastic_for_pickle, stochastic_of
from fastdescent._run.hyperparameters import for_pickle
from fastdescent._run.options import Options, checked_options
from fastdescent._run.path import Path, path_of
from fastdescent._run.record import Record
from fastdescent._run.reduced import reduced_of
from fastdescent._run.reductions import AVERAGE
from fastdescent._run.repeats import remember, warn_of_repeats
from fastdescent._run.run import lowest_start, run_job, values_at_the_ends
from fastdescent._run.stochastic import Stochastic
from fastdescent._surface.surface import Surface
from fastdescent.optimizers import Optimizer
from fastdescent.program.step.reductions import Reduction

if TYPE_CHECKING:
    from fastdescent._endpoints.classify import Endpoints
    from fastdescent.engines.protocol import Ends

Array = npt.NDArray[Any]


@at_top
@dataclass(frozen=True, eq=False, repr=False)
class Descent:
    """Where trajectories ended. Arrays have the leading axes of x0.

    Attributes
    ----------
    x : array, (..., dim)
        The last point.
    fun, grad_norm : array, (...)
        f and the Euclidean norm of its gradient at x.
    nit : int32 array, (...)
        Updates attempted.
    status : int8 array, (...)
        Values of `Status`.
    path : Path or None
        Points along the way, where they were recorded.
    reduced : dict of arrays, (...) or (..., dim)
        By name, what the option reduce= asked for; empty without it.
    average : array, (..., dim), or None
        The average of the points along the way, where it was asked for.
    gradient : str
        "exact", or what is random in it: "minibatch 16", "noise 0.1".
    seed : int
        Of the random numbers.
    """

    x: Array
    fun: Array
    grad_norm: Array
    nit: npt.NDArray[np.int32]
    status: npt.NDArray[np.int8]
    surface: Surface
    optimizer: Optimizer
    engine: str
    seed: int = 0
    random_starts: bool = field(default=False, repr=False)
    path: Path | None = field(default=None, repr=False)
    reduced: dict[str, Array] = field(default_factory=dict, repr=False)
    average: Array | None = field(default=None, repr=False)
    gradient: str = "exact"
    _inside: dict[str, Any] = field(default_factory=dict, repr=False)  #: bounds and boundary, as `descend` takes them
    _stochastic: Stochastic | None = field(default=None, repr=False)  #: what is random in the gradients
    _state: State | None = field(default=None, repr=False)  #: the optimizer's arrays where max_steps ended it
    _kept: tuple[Options, Array] | None = field(default=None, repr=False)  #: of runs with keep_state: options, state
    _gtol: float | None = field(default=None, repr=False)
    _lowest_start: float = field(default=np.nan, repr=False)  #: the least f of a start, within the bounds

    @property
    def success(self) -> npt.NDArray[np.bool_]:
        """Where status is CONVERGED."""
        return np.asarray(self.status == Status.CONVERGED)

    @property
    def is_random(self) -> bool:
        """Whether steps depend on random numbers."""
        return self.gradient != "exact" or self.optimizer.is_random

    @cached_property
    def message(self) -> str:
        """How many trajectories ended how."""
        return message_of(self.status)

    def classify(self, **options: Any) -> Endpoints:
        """`fastdescent.classify` of this run."""
        import fastdescent

        return fastdescent.classify(self, **options)

    def __getstate__(self) -> dict[str, Any]:
        """Without what a pickle cannot hold: the function that showed progress, and schedules but for their values."""
        n_steps = int(self.nit.max(initial=0)) if self._kept is None else self._kept[0].max_steps
        optimizer = for_pickle(self.optimizer, n_steps)
        kept, random = self._kept, stochastic_for_pickle(self._stochastic, n_steps)
        if kept is not None:
            own = kept[0].stochastic.for_pickle(n_steps)
            kept = replace(kept[0], progress=None, optimizer=optimizer, stochastic=own), kept[1]
        return {**self.__dict__, "optimizer": optimizer, "_stochastic": random, "_kept": kept}

    def __setstate__(self, state: dict[str, Any]) -> None:
        path = state["path"]
        if path is not None:  # earlier pickles of paths do not know the steps of their ends
            state = {**state, "path": replace(path, last_steps=state["nit"].reshape(-1)[path.which].astype(np.int64))}
        self.__dict__.update(state)

    def __repr__(self) -> str:
        kept = f"; reduced: {', '.join(self.reduced)}" if self.reduced else ""
        return f"<Descent on {self._title()}. {self.message[:-1]}; steps: {self._step_words()}{kept}>"

    def _repr_html_(self) -> str:
        ends = [(words, str(k), s.sentence) for s, words, k in counts_of(self.status)]
        rows = [*ends, ("steps", "", self._step_words()), ("engine", "", self.engine)]
        rows += [("reduced", "", ", ".join(self.reduced))] if self.reduced else []
        return table(rows, title=f"{self.status.size} trajectories on {self._title()}")

    def _title(self) -> str:
        return f"{self.surface.name} by {self.optimizer!r} (gradient: {self.gradient})"

    def _step_words(self) -> str:
        return f"median {np.median(self.nit):.0f}, most {self.nit.max()}" if self.nit.size else "none"


@at_top
def descend(
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
    average: str | float | tuple[str | float, int] | None = None,
    seed: int = 0,
    first_index: int = 0,
    record: int | Record | None = None,
    reduce: Reduction | Sequence[Reduction] = (),
    final: bool = True,
    keep_state: bool = False,
    stop_when: Callable[..., Any] | None = None,
    n_threads: int | None = None,
    engine: str = "auto",
    dtype: npt.DTypeLike | None = None,
    progress: bool | Callable[[int, int], Any] | None = None,
) -> Descent:
    """Runs the optimizer from every start until it stops.

    At each point the tests come in this order: UNDEFINED, DIVERGED, LEFT_BOX, CONVERGED, STALLED, STOPPED, MAX_STEPS;
    else one step is made. Results do not depend on threads, instruction set, tile width or how the starts are split.

    Parameters
    ----------
    surface : Surface
    x0 : array, (..., dim)
        Starts, float64 or float32 (integers become float64), finite.
    optimizer : Optimizer
        Such as ``fd.Adam(lr=0.01)``.
    max_steps : int
        Most updates of a trajectory.
    gtol : float, "auto" or None
        CONVERGED where the gradient's Euclidean norm is at most this. "auto": 1e-6 in float64, 1e-3 in float32,
        where rounding of f32 gradients leaves noise of about that size; no test with noise or minibatches. None: no
        test.
    xtol, ftol : float or None
        STALLED where an accepted step is at most xtol long, or changed f by at most ftol. With schedules or minibatches
        both look at the change since the last check, f over all rows, at t = check_every, 2 check_every, ...
    escape_radius : float, "auto" or None
        DIVERGED outside this distance from the centre of the smallest box that holds window and known minima. "auto":
        1e6 half-diagonals of that box. None or inf: only points that are not finite have diverged.
    bounds : ((lo, hi), ...), True or None
        A box; True means the surface's own. With "stop" and "clip" a side may be infinite.
    boundary : str, (str, str), sequence or None
        What the box does: "ignore" nothing; "stop" ends trajectories outside of it with LEFT_BOX; "clip" puts points
        back on the nearest wall, and gtol then tests the projected gradient; "reflect" mirrors them, once, and puts
        what is then beyond the other wall on that one; "wrap" carries them to the other side. None: "clip" if there are
        bounds. Starts outside are put back too. Velocities of the built-in optimizers are zeroed ("clip") or turned
        round ("reflect") there. Two words are the lower and the upper side of every coordinate, whatever their number:
        ``("reflect", "stop")``; otherwise a sequence has an entry for each coordinate, a word or two. What wraps does
        so on both sides.
    noise : number, array, schedule, `fd.noise` or callable
        What is added to each gradient, new for every trajectory and step: normal numbers of this deviation, one of
        `fastdescent.noise`, or a function ``noise(x, g, t, rng)``, which may ask for `grad`, too: the gradient without
        noise, as rules have it. An array broadcasts against the leading axes of x0,
        or has an explicit last axis for a value per coordinate; where it could be either, it is refused.
    batch_size : int
        Of a `finite_sum`: each step sees so many rows of the data, new ones for every trajectory and step.
    sampling : "replacement", "shuffle", "shuffle_once" or "cyclic"
        Rows are drawn independently; or epochs take all rows: in a fresh order each, in one random order of each
        trajectory that all its epochs have, or in the order of the data. Row number ``t * batch_size`` of the endless
        sequence of epochs begins step t, so that a batch may span two.
    shared_batches : bool
        True: at each step all trajectories see the same rows.
    check_every : int
        With noise or minibatches: gtol, where it is given, tests the noiseless full gradient every so many steps,
        and not at the start, which may be a saddle that noise leaves. None: every step, with minibatches about once an
        epoch. With schedules or minibatches: so do xtol and ftol; None: every 100 steps, with minibatches as gtol.
    average : "polyak", number, (one of them, step) or None
        "polyak": the mean of all points, start and end included. A number 0 < d < 1: the exponential average, which
        starts at x0 and becomes d * average + (1 - d) * x with each new x. ``(0.99, 500)`` and ``("polyak", 500)``
        begin at the point of step t = 500; a trajectory that ends before has its last point. It comes back as
        `average`, also of `resume`.
    seed : int
        Of all random numbers, 64 bits. They are functions of it, of the trajectory's index and of the step, whatever
        the threads, engine or parts of a run. Where x0 is `run.x` of a random run with this seed, a warning says that
        random numbers come again: `resume` goes on with new ones.
    first_index : int
        Index of the first start, where x0 is a part of a larger set.
    record : int, Record or None
        Keep the path: every so many steps, or as a `Record` says. It comes back as `path`. MemoryError where the paths
        outgrow the memory that is free.
    reduce : sequence of reductions
        Numbers to keep of each trajectory as it goes, such as ``[fd.reduce.min("fun"), fd.reduce.path_length()]``; they
        come back in `reduced`, by name. See `fastdescent.reduce`.
    final : bool
        False: `fun` and `grad_norm` are not computed (NaN).
    keep_state : bool
        True: `resume` can go on from the end.
    stop_when : callable or None
        STOPPED at the first step where this holds. A function of any of these, by name: `x` (dim,), `fun`, `grad`
        (dim,), the gradient that gtol tests; `x_previous` (dim,), the point before the last step, or `x` at t = 0 and
        after a rejected step; the step `t`; and `state`, whose `state.v` is the array v that the optimizer keeps. It is
        traced, as surfaces are, and returns one truth value: ``stop_when=lambda fun: fun < 1e-3``.
    n_threads : int or None
        None: all cores that this process may use.
    engine : "auto", "native", "jit" or "numba"
        What makes the steps, with the same bits: the interpreter in the C++ extension; machine code that LLVM makes of
        the surface and the optimizer, which takes 10 to 100 ms, once; or, for an installation without the extension,
        such machine code under a scheduler that Numba compiles. "auto" is "numba" where there is no extension, else
        it compiles where that pays: for many trajectories and steps.
    dtype : float64, float32 or None
        None: that of x0.
    progress : None, True or callable(done, total)
        True draws a bar with tqdm. A callable that returns False cancels: what has finished is returned, the rest has
        status INTERRUPTED.

    Returns
    -------
    Descent

    Examples
    --------
    >>> import fastdescent as fd
    >>> s = fd.surfaces.himmelblau()
    >>> run = fd.descend(s, fd.grid(s.window, (64, 64)), fd.GD(lr=0.01))
    >>> run.x.shape, bool(run.success.all())
    ((64, 64, 2), True)
    """
    options = checked_options(
        surface, x0, optimizer, max_steps=max_steps, gtol=gtol, xtol=xtol, ftol=ftol, escape_radius=escape_radius,
        bounds=bounds, boundary=boundary, noise=noise, batch_size=batch_size, sampling=sampling,
        shared_batches=shared_batches, check_every=check_every, average=average, seed=seed, first_index=first_index,
        record=record, reduce=reduce, final=final,
        keep_state=keep_state, n_threads=n_threads, engine=engine, dtype=dtype, progress=progress, stop_when=stop_when,
    )  # fmt: skip
    warn_of_repeats(options, x0, stacklevel=2)
    return result_of(options, run_job(options))


def result_of(options: Options, ends: Ends) -> Descent:
    """The public result, f computed at the ends."""
    remember(options, ends.x)
    fun, grad_norm = values_at_the_ends(options, ends)
    leading = options.starts.shape[:-1]
    reduced = reduced_of(options, ends.x, ends.nit, ends.state)
    return Descent(
        x=ends.x.reshape(options.starts.shape),
        fun=fun.reshape(leading),
        grad_norm=grad_norm.reshape(leading),
        nit=ends.nit.reshape(leading),
        status=ends.status.reshape(leading),
        surface=options.surface,
        optimizer=options.optimizer,
        engine=ends.engine or options.engine.name,
        random_starts=options.random_starts,
        seed=options.seed,
        gradient=options.stochastic.words,
        _inside={} if options.bounds is None else {"bounds": options.bounds.T, "boundary": options.boundary},
        path=None if options.record is None else path_of(options, ends),
        reduced=reduced,
        average=reduced.pop(AVERAGE, None),
        _stochastic=stochastic_of(options),
        _state=state_of_cut(options, ends),
        _kept=(options, ends.state) if options.keep_state else None,
        _gtol=options.gtol,
        _lowest_start=lowest_start(options) if options.final else np.nan,
    )
