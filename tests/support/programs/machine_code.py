"""Reads assembly for x86 (AT&T): the loops of a function, and what is wrong with them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAMES = "add|sub|mul|div|sqrt|min|max|round|rndscale|range|fn?m(?:add|sub)[0-9]+|u?com[a-z]*|cmp[a-z]*?"
_ARITHMETIC = re.compile(rf"v?(?:{_NAMES})([ps])([ds])")
_REGISTER = re.compile(r"%([xyz])mm[0-9]+")
_SPILL = re.compile(r"v?mov\S+ %[xyz]mm[0-9]+, -?[0-9]*\(%r[sb]p\b.*")
_BYTES = {"x": 16, "y": 32, "z": 64}


@dataclass(frozen=True)
class Loop:
    """Instructions in the order in which they run."""

    lines: tuple[str, ...]

    @property
    def spills(self) -> list[str]:
        """Vectors that go to the stack."""
        return [line for line in self.lines if _SPILL.fullmatch(line)]

    @property
    def unaligned_spills(self) -> list[str]:
        """Those that may cross from one cache line to the next."""
        return [line for line in self.spills if re.match(r"v?mov(up|dqu)", line)]

    def faults(self, vector_bytes: int, dtype: str) -> list[str]:
        """What a loop over whole vectors of this size has not. An empty list: it is one."""
        found, n_packed = [f"call: {line}" for line in self.lines if line.startswith("call")], 0
        for line in self.lines:
            if match := _ARITHMETIC.fullmatch(line.split()[0]):
                n_packed += match[1] == "p"
                if match[1] == "s":
                    found.append(f"scalar: {line}")
                elif _width(line) != vector_bytes:
                    found.append(f"narrow: {line}")
                elif match[2] != {"float64": "d", "float32": "s"}[dtype]:
                    found.append(f"other dtype: {line}")
        return found if n_packed else [*found, "no vectors"]


def loops(assembly: str, function: str) -> list[Loop]:
    """The loops of a function. Their jumps forward are not taken: what hardly ever runs stands out of line."""
    lines = _instructions(assembly, function)
    places = {line[:-1]: k for k, line in enumerate(lines) if line.endswith(":")}
    ways = (_way_back(lines, places, start) for start in places.values())
    distinct = {frozenset(way): way for way in ways if way}
    return [Loop(tuple(lines[k] for k in way if not lines[k].endswith(":"))) for way in distinct.values()]


def _instructions(assembly: str, function: str) -> list[str]:
    """And labels; no comments, no directives."""
    body = assembly.split(f"\n{function}:")[1].split(".Lfunc_end")[0]
    lines = [" ".join(line.split("#")[0].split()) for line in body.splitlines()]
    return [line for line in lines if line and (line.endswith(":") or not line.startswith("."))]


def _way_back(lines: list[str], places: dict[str, int], start: int) -> tuple[int, ...]:
    """The way from a label back to it; empty where there is none."""
    way, k = [start], start + 1
    while k != start:
        if k in way or k >= len(lines) or lines[k].startswith("ret"):
            return ()
        way.append(k)
        jump = re.fullmatch(r"(j[a-z]+) (\S+)", lines[k])
        target = places[jump[2]] if jump else -1
        k = target if jump and (jump[1] == "jmp" or target == start < k) else k + 1
    return tuple(way)


def _width(line: str) -> int:
    return max((_BYTES[letter] for letter in _REGISTER.findall(line)), default=0)
