"""The pages of the API: whatever is in `fastdescent.__all__`, by topic, in reStructuredText for autodoc."""

from __future__ import annotations

import inspect
from enum import EnumMeta
from types import ModuleType

import fastdescent as fd

#: Topics, and the rooms whose names belong to them, in the order of the pages; other names come under "More".
TOPICS = {
    "Surfaces": ("_surface", "_base.errors", "program.trace.loops.fori"),
    "Starts": ("_starts",),
    "Optimizers": ("optimizers",),
    "Running": ("_run", "_swarm", "_sweep", "_base.status"),
    "Endpoints": ("_endpoints", "_maps"),
}
_SPECIAL = ("__call__", "__add__", "__mul__")


def api_pages() -> dict[str, str]:
    """File name to text, a page for each topic and each public module."""
    by_topic: dict[str, list[str]] = {topic: [] for topic in (*TOPICS, "More")}
    pages: dict[str, str] = {}
    modules = [name for name in fd.__all__ if isinstance(getattr(fd, name), ModuleType)]
    for name in fd.__all__:
        if name not in modules:
            by_topic[_topic(name)].append(name)
    for topic, names in by_topic.items():
        if names:
            ordered = sorted(names, key=lambda n: (n[0].isupper(), n.lower()))
            pages[f"api-{topic.lower()}.rst"] = _page(topic, "", [_entry(f"fastdescent.{n}") for n in ordered])
    for name in modules:
        pages[f"api-module-{name}.rst"] = _module_page(name)
    return pages


def _topic(name: str) -> str:
    home = fd._HOME_OF[name]
    found = [topic for topic, rooms in TOPICS.items() if home in rooms or home.split(".")[0] in rooms]
    return found[0] if found else "More"


def _module_page(name: str) -> str:
    module = getattr(fd, name)
    listed = [n for n in module.__all__ if not _makes_surface(getattr(module, n))]
    about = (inspect.getdoc(module) or "").split("\n\n")[0]
    intro = f".. py:module:: fastdescent.{name}\n\n{about}\n"
    if len(listed) < len(module.__all__):
        intro += "\nEach surface is a function; :doc:`the catalog </surfaces>` lists them.\n"
    return _page(f"fastdescent.{name}", intro, [_entry(f"fastdescent.{name}.{n}") for n in listed])


def _makes_surface(value: object) -> bool:
    from fastdescent.surfaces._catalog import CATALOG

    return value in CATALOG.values()


def _page(title: str, intro: str, entries: list[str]) -> str:
    return "\n".join([title, "=" * len(title), "", intro, *entries])


def _entry(path: str) -> str:
    """The directive that documents a public name."""
    value: object = fd
    for part in path.split(".")[1:]:
        value = getattr(value, part)
    if isinstance(value, EnumMeta):
        return f".. autoclass:: {path}\n   :no-members:\n\n{_members(value)}"
    if inspect.isclass(value) and issubclass(value, fd.Optimizer) and value is not fd.Optimizer:
        return f".. autoclass:: {path}\n"
    if inspect.isclass(value):
        special = [n for n in _SPECIAL if getattr(vars(value).get(n), "__doc__", None)]
        options = [":members:", *([f":special-members: {', '.join(special)}"] if special else [])]
        return f".. autoclass:: {path}\n" + "".join(f"   {o}\n" for o in options)
    if callable(value):
        return f".. autofunction:: {path}\n"
    return f".. autodata:: {path}\n"


def _members(kind: EnumMeta) -> str:
    rows = [("name", "value", "meaning"), *((m.name, m.value, getattr(m, "sentence", "")) for m in kind)]  # type: ignore[var-annotated]
    lines = [f"      {'*' if k == 0 else ' '} - {cell}" for row in rows for k, cell in enumerate(row)]
    return "\n".join(["   .. list-table::", "      :header-rows: 1", "", *lines, ""])
