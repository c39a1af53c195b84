"""The Program: what every engine runs. Flat arrays of integers and numbers; nothing of surfaces or optimizers."""

from __future__ import annotations

from dataclasses import dataclass, field

from fastdescent._base.at_top import at_top
from fastdescent.program.section import INDEX, FloatArray, Section, Slot
from fastdescent.program.verify.program import verify


@at_top
@dataclass(frozen=True, slots=True)
class Program:
    """The sections of one computation, in the order in which they run.

    The uniform numbers are `constants`, then the parameters, then the outputs of `setup`, which is computed of these
    once a run and has no other inputs. `table` is a function of the step number t, `lanes` of hyperparameters that
    differ between trajectories; both run once, in float64, and their outputs are rounded to the run's dtype. `main` is
    the step, or the function that is evaluated.
    """

    constants: FloatArray
    params: tuple[Slot, ...]  #: where parameters stand among the uniform numbers
    setup: Section
    table: Section
    lanes: Section
    main: Section
    state: tuple[Slot, ...] = field(default=())  #: rows of `main` that a step reads and replaces, the point first

    def __post_init__(self) -> None:
        verify(self)

    def __reduce__(self) -> tuple[type[Program], tuple[object, ...]]:
        # Unpickling constructs, and so verifies.
        return Program, (self.constants, self.params, self.setup, self.table, self.lanes, self.main, self.state)

    @property
    def n_state(self) -> int:
        return sum(s.size for s in self.state)

    @property
    def n_lane(self) -> int:
        return sum(s.size for s in self.lanes.outputs)

    @property
    def n_index(self) -> int:
        """Rows of the trajectory's index, after those of the lanes; 0 where no random numbers are drawn."""
        return sum(s.size for s in self.main.inputs if s.name == INDEX)

    @property
    def n_table(self) -> int:
        return sum(s.size for s in self.table.outputs)
