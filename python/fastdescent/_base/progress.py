"""Progress of a run: a bar, a function of the user's, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Poll = Callable[[int], bool]


@contextmanager
def reporter(progress: bool | Callable[[int, int], Any] | None, total: int) -> Iterator[Poll | None]:
    """A function for the engine, which maps the number of finished trajectories to whether to go on."""
    if callable(progress):
        cancelled = False

        def poll_user(done: int) -> bool:
            nonlocal cancelled
            answer = progress(done, total)
            cancelled = answer is not None and not answer
            return not cancelled

        yield poll_user
        if not cancelled:
            progress(total, total)
    elif progress:
        with _bar(total) as bar:

            def update_bar(done: int) -> bool:
                bar.update(done - bar.n)
                return True

            yield update_bar
            bar.update(total - bar.n)
    else:
        yield None


def _bar(total: int) -> Any:
    try:
        from tqdm.auto import tqdm
    except ImportError:
        raise ImportError("progress=True needs tqdm: pip install 'fastdescent[progress]'") from None
    return tqdm(total=total, unit=" trajectories", unit_scale=True, leave=False)
