"""What trajectories do in the long run: cycles and chaos."""

from __future__ import annotations

from fastdescent._base import checks
from fastdescent.program.step.period import Period
from fastdescent.program.step.reductions import Reduction
from fastdescent.program.step.tangent import Lyapunov
from fastdescent.reduce._arguments import _name

_LONGEST_PERIOD = 1 << 20
_MOST_LEFT_OUT = 1 << 24  #: steps, which a float32 counts


def period(most: int = 64, *, rtol: float | None = None, name: str | None = None) -> Reduction:
    """The period of the cycle in which a trajectory ends; int32, of shape (...): 1 at rest, 0 where there is none.

    It is the least k with ||x_t - x_{t-k}||_2 <= rtol * r, where r is the greatest ||x||_2 along the way. Points are
    compared with one of them that stands for a block of steps, as in R. P. Brent, An improved Monte Carlo
    factorization algorithm, BIT 20 (1980); blocks get longer, up to 2 `most` steps. In a block every k-th
    point must return, two or more of them, and no other. So a cycle shows within 6 `most` steps of its arrival, most of
    them much sooner. A trajectory that still approaches a cycle, wanders, or has left the finite numbers has none.

    A trajectory keeps dim + 6 numbers, whatever `most` is.

    Parameters
    ----------
    most : int
        The longest period that is looked for, 1 ... 2**20.
    rtol : float, optional
        By default the square root of the dtype's resolution: 1.5e-8 in float64, 3.5e-4 in float32.
    name : str, optional
        The name of the result; by default "period".

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> import fastdescent as fd
    >>> s = fd.surface("(x**2 - 1)**2/4")
    >>> lr = [0.5, 1.1, 1.24, 1.5]
    >>> run = fd.descend(s, [[0.6]] * 4, fd.GD(lr=lr), max_steps=3000, gtol=None, reduce=[fd.reduce.period()])
    >>> run.reduced["period"]
    array([1, 2, 4, 0], dtype=int32)
    """
    most = checks.whole_number("most", most, at_least=1, at_most=_LONGEST_PERIOD)
    return Period(_name(name, "period"), most, None if rtol is None else checks.positive("rtol", rtol))


def lyapunov(*, after: int = 0, name: str | None = None) -> Reduction:
    """The largest Lyapunov exponent of the step map, in natural logarithms per step; of shape (...), the run's dtype.

    The map M takes z = (x, the optimizer's arrays) to those of the next step; its derivative J is exact. A tangent v
    starts in a fixed generic direction, and the exponent is the mean of log ||v_{t+1}|| over the steps t >= after,

        v_{t+1} = J(z_t) v_t / ||v_t||

    (Benettin, Galgani, Giorgilli and Strelcyn, Meccanica 15 (1980)). It is negative where nearby trajectories come
    together, positive where they part. Random numbers of a step are held fixed. -inf where the tangent has vanished,
    NaN where no step was counted.

    Parameters
    ----------
    after : int
        Steps that are left out, in which trajectory and tangent settle; 0 ... 2**24.
    name : str, optional
        The name of the result; by default "lyapunov".

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> import fastdescent as fd
    >>> kept = [fd.reduce.lyapunov(after=10)]
    >>> run = fd.descend(fd.surface("x**2"), [1.0], fd.GD(lr=0.25), max_steps=20, gtol=None, reduce=kept)
    >>> run.reduced["lyapunov"].round(6)  # log(1/2)
    np.float64(-0.693147)
    """
    left_out = checks.whole_number("after", after, at_least=0, at_most=_MOST_LEFT_OUT)
    return Lyapunov(_name(name, "lyapunov"), left_out)
