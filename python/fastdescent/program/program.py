"""The Program: what every engine runs. Flat arrays of integers and numbers; no surface, no optimizer."""

from __future__ import annotations

from dataclasses import dataclass, field

from fastdescent._base.at_top import at_top
from fastdescent.program.section import INDEX, FloatArray, Section, Slot
from fastdescent.program.verify.program import verify


@at_top
@dataclass(frozen=True, slots=True)
class Program:
    """The sections of one computation, in the order in which they run.

    The uniform numbers are `constants`, then the parameters, then the outputs of `setup`. `setup` runs once per run and
    reads nothing but constants and parameters. `table` is a function of the step number t and runs once per t. `lanes`
    is a function of hyperparameters that differ between trajectories and runs once per trajectory. All three run in
    float64, and their outputs are rounded to the run's dtype. `main` is the step, or the function that is evaluated.
    """

    constants: FloatArray
    params: tuple[Slot, ...]  #: where parameters lie among the uniform numbers
    setup: Section
    table: Section
    lanes: Section
    main: Section
    state: tuple[Slot, ...] = field(default=())  #: rows of `main` that a step reads and replaces, the point first

    def __post_init__(self) -> None:
        verify(self)

    def __reduce__(self) -> tuple[type[Program], tuple[object, ...]]:
        # Unpickling calls the constructor, which verifies.
        return Program, (self.constants, self.params, self.setup, self.table, self.lanes, self.main, self.state)

    @property
    def n_state(self) -> int:
        return sum(s.size for s in self.state)

    @property
    def n_lane(self) -> int:
        return sum(s.size for s in self.lanes.outputs)

    @property
    def lane_names(self) -> tuple[str, ...]:
        """The inputs of `main` that hold the outputs of `lanes`, in their order."""
        return tuple(f"lane{k}" for k in range(len(self.lanes.outputs)))

    @property
    def n_index(self) -> int:
        """Rows of the trajectory's index, after those from `lanes`; 0 if no random numbers are drawn."""
        return sum(s.size for s in self.main.inputs if s.name == INDEX)

    @property
    def n_table(self) -> int:
        return sum(s.size for s in self.table.outputs)
