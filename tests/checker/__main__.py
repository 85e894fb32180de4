"""python -m tests.checker ADDRESS FILE: what is broken now, one line each; 1 where anything is."""

import sys
from pathlib import Path

from tests.checker import broken_rules
from tests.checker.books import opened

if __name__ == "__main__":
    with opened(sys.argv[1]) as books:
        lines = broken_rules(books, Path(sys.argv[2]), quiet=False)
    print("\n".join(lines) or "all rules are kept")
    sys.exit(1 if lines else 0)
