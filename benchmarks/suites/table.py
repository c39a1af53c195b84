"""The results as text: counts per package, and the reasons of failures, equal ones together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from .check import Verdict

Results = Mapping[str, Sequence[Verdict]]


def markdown(results: Results) -> str:
    lines = ["| package | functions | taken | not taken |", "|---|---|---|---|"]
    for package, verdicts in results.items():
        counted = [v for v in verdicts if v.counts]
        taken = sum(v.taken for v in counted)
        lines.append(f"| {package} | {len(counted)} | {taken} | {_reasons(counted, '; ')} |")
    total = [v for verdicts in results.values() for v in verdicts if v.counts]
    lines.append(f"| all | {len(total)} | {sum(v.taken for v in total)} | |")
    return "\n".join(lines)


def report(results: Results) -> str:
    """Every reason in a line of its own, and what is not counted or could not be compared."""
    lines = []
    for package, verdicts in results.items():
        counted = [v for v in verdicts if v.counts]
        lines.append(f"{package}: {sum(v.taken for v in counted)} of {len(counted)}")
        lines += [f"    {line}" for line in _reasons(counted, "\n").split("\n") if line]
        lines += [f"    not counted: {v.name}: {v.reason}" for v in verdicts if not v.counts]
        lines += [f"    note: {v.name}: {v.note}" for v in verdicts if v.note]
    total = [v for verdicts in results.values() for v in verdicts if v.counts]
    return "\n".join([*lines, f"all: {sum(v.taken for v in total)} of {len(total)}"])


def _reasons(verdicts: Sequence[Verdict], between: str) -> str:
    names: dict[str, list[str]] = defaultdict(list)
    for v in verdicts:
        if not v.taken:
            names[v.reason].append(v.name)
    ordered = sorted(names.items(), key=lambda item: -len(item[1]))
    return between.join(f"{', '.join(who)}: {why}" for why, who in ordered).replace("|", "\\|")
