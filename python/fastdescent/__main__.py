"""`python -m fastdescent`: the command."""

from __future__ import annotations

import sys

from fastdescent.cli import main

if __name__ == "__main__":
    sys.exit(main())
