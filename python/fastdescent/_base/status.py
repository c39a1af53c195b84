"""How a trajectory ended, and what an endpoint is."""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import Any, Self

from fastdescent._base.at_top import at_top

Colour = tuple[int, int, int]  #: red, green and blue, 0 ... 255
GREY, BLACK = (170, 170, 170), (0, 0, 0)


class _Described(IntEnum):
    """Numbers that carry their words."""

    sentence: str

    def __new__(cls, value: int, *about: Any) -> Self:
        member = int.__new__(cls, value)
        member._value_ = value
        return member

    def __init__(self, value: int, sentence: str = "") -> None:  # the default lets type checkers accept Status(k)
        self.sentence = sentence

    @property
    def words(self) -> str:
        """The name as text: ``Outcome.LOCAL_MINIMUM.words`` is "local minimum"."""
        return self.name.lower().replace("_", " ")


@at_top
class Status(_Described):
    """How a trajectory ended. `Status(k).sentence` says it in words."""

    CONVERGED = 0, "The gradient's norm fell to gtol."
    UNDEFINED = 1, "The function or its gradient is not finite at a finite point."
    DIVERGED = 2, "The point left the escape radius, or is not finite."
    LEFT_BOX = 3, "The point left the bounds."
    STALLED = 4, "The step fell to xtol, the change of the function to ftol, or the optimizer does not get on."
    MAX_STEPS = 5, "max_steps steps were made."
    INTERRUPTED = 6, "The run was cancelled."
    STOPPED = 7, "stop_when held."

    @property
    def is_escape(self) -> bool:
        """Whether an endpoint with this status has the outcome ESCAPED."""
        return self in (Status.UNDEFINED, Status.DIVERGED, Status.LEFT_BOX)

    @property
    def yields_to_converged(self) -> bool:
        """Whether its test comes after that of CONVERGED."""
        return self not in (Status.CONVERGED, Status.INTERRUPTED) and not self.is_escape


class Unended(IntEnum):
    """Of trajectories that have not ended, beside the numbers of `Status`. Only engines and their callers see them."""

    RUNNING = -1  #: nothing has stopped it yet
    ALARM = -2  #: it left the region in which its steps may do without f


@at_top
class Outcome(_Described):
    """The state of an endpoint, and the kind of a critical point. Values are disjoint from those of Status.

    After the sentence come, if need be, the words in a map's legend instead of the name, and the colour of its cells
    instead of grey.
    """

    in_legend: str
    colour: Colour

    def __init__(self, value: int, sentence: str = "", in_legend: str = "", colour: Colour = GREY) -> None:
        super().__init__(value, sentence)
        self.in_legend = in_legend or self.words
        self.colour = colour

    GLOBAL_MINIMUM = 10, "A minimum, as low as the lowest known."
    LOCAL_MINIMUM = 11, "A minimum above the lowest known."
    SADDLE = 12, "A critical point that f falls from in some directions and rises from in others."
    MAXIMUM = 13, "A critical point that f falls from in every direction."
    DEGENERATE = 14, "A critical point where f is too flat to tell a minimum from a saddle."
    FLAT = 15, "f is constant, to rounding, around the endpoint."
    CYCLE = 16, "The optimizer goes round in a cycle: see the period."
    ESCAPED = 19, "Diverged, undefined or out of the bounds: see the status.", "escapes", BLACK
    UNSETTLED = 20, "It has not arrived anywhere: see the reason.", "not settled"

    @property
    def is_minimum(self) -> bool:
        """Whether it is a minimum: pictures give each minimum a hue, and hints look at its curvature."""
        return self in (Outcome.GLOBAL_MINIMUM, Outcome.LOCAL_MINIMUM)


@at_top
class Form(IntFlag):
    """What is special about a critical point. Members combine."""

    REGULAR = 0  #: no eigenvalue of the Hessian is zero, no wall pushes, f is smooth
    DEGENERATE = 1  #: eigenvalues of the Hessian are zero
    CONSTRAINED = 2  #: walls of the bounds hold it, with multipliers greater than 0
    NONSMOOTH = 4  #: a kink or the tip of a cone


@at_top
class Reason(_Described):
    """Why an endpoint is UNSETTLED or FLAT. `Reason(k).sentence` says it in words."""

    NONE = 0, ""
    CUT_OFF = 1, "It was still on its way when max_steps were made: a larger max_steps lets it go on."
    GTOL = 2, "It stopped only because gtol is larger than the slope here: a smaller gtol lets it go on."
    STEP_TOO_LARGE = 3, "The optimizer does not stay there: its steps lead away from the point that it came near."
    JITTER = 4, "The optimizer moves about without coming to rest, in no short cycle."
    INFIMUM = 5, "f keeps falling towards infinity, where slope and curvature vanish: there is no minimum."
    NO_LOWER_BOUND = 6, "From here f falls without end."
    CONSTANT = 7, "f is constant to rounding."
    KINK = 8, "It is stuck on a kink that is no minimum."
    STOPPED = 9, "It was stopped on its way, by stop_when, xtol, ftol or a cancelled run."
    NOISE = 10, "Noise keeps it moving: shares are those of the moment when it was stopped."
    OTHER_FUNCTION = 11, "The optimizer's resting points are not those of f: decoupled weight decay or the like."
    TOO_MANY = 12, "Endpoints lie in more places than are looked at."
    UNDEFINED_NEARBY = 13, "The Hessian or f itself is not finite around it."
    UNDECIDED = 14, "Nothing could be shown: f may be too flat or too rough for its precision here."


#: The kinds of critical points that are minima, as integers for NumPy.
MINIMA = tuple(int(o) for o in Outcome if o.is_minimum)
