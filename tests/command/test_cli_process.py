"""The command as a process: signals, pipes and streams that are closed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.available import CORE

COMMAND = [sys.executable, "-m", "fastdescent"]


def test_ctrl_c_is_one_line(tmp_path: Path) -> None:
    # A shell's background jobs inherit an ignored SIGINT.
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from fastdescent.cli import main; print('ready', flush=True); sys.exit(main())"
    )
    forever = ["basins", "rastrigin", "--gtol", "none", "--max-steps", "2000000000", "-o", str(tmp_path / "map.png")]
    command = [sys.executable, "-c", code, *forever]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(0.5)
        child.send_signal(signal.SIGINT)
        try:
            out, err = child.communicate(timeout=30)
        finally:
            child.kill()
    assert (child.returncode, out, err) == (130, "", "fastdescent: interrupted\n")
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("module", ["numpy", "argparse", "fastdescent.cli._parser", CORE])
def test_ctrl_c_while_modules_are_loaded_is_one_line(module: str) -> None:
    code = f"""
import runpy, sys

class Interrupts:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            raise KeyboardInterrupt

sys.modules.pop({module!r}, None)
sys.meta_path.insert(0, Interrupts())
sys.argv = ["fastdescent", "basins", "himmelblau", "--size", "8"]
runpy.run_module("fastdescent", run_name="__main__", alter_sys=True)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "fastdescent: interrupted\n")


@pytest.mark.parametrize("argv", [["list"], ["info", "goldstein_price"], ["--help"]])
def test_a_broken_pipe_is_silent(argv: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    buffered = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}  # argparse hides what fails at once
    done = subprocess.run(
        [*COMMAND, *argv], stdout=writing, stderr=subprocess.PIPE, text=True, check=False, env=buffered
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


def test_the_command_as_a_module() -> None:
    done = subprocess.run([*COMMAND, "basins", "x^2"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.splitlines()[0] == "fastdescent: error: '^' is not a power in Python; use **"


REDIRECTIONS = [(">&-", 0, ""), (">&- 2>&-", 0, ""), ("2>&-", 0, "")]
if Path("/dev/full").exists():
    REDIRECTIONS.append((">/dev/full", 2, "fastdescent: error: No space left on device\n"))


@pytest.mark.parametrize(("redirection", "status", "err"), REDIRECTIONS)
@pytest.mark.parametrize("argv", ["list", "basins himmelblau --size 8"])
def test_streams_that_are_closed_or_full(argv: str, redirection: str, status: int, err: str) -> None:
    line = f"{' '.join(COMMAND)} {argv} {redirection}"
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (status, err)


@pytest.mark.parametrize(
    ("argv", "status", "err"),
    [("list", 0, ""), ("run nosuch", 2, "fastdescent: error: no surface 'nosuch'; `fastdescent list` lists them\n")],
)
def test_a_stream_that_python_has_closed(argv: str, status: int, err: str) -> None:
    code = "import sys; from fastdescent.cli import main; sys.stdout.close(); sys.exit(main(sys.argv[1:]))"
    done = subprocess.run([sys.executable, "-c", code, *argv.split()], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (status, "", err)
