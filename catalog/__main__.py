"""`python -m catalog`, the same program as `catalog`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the program; it may also end while it is loaded, or have too little memory to say why in its own words."""
    try:
        from catalog.cli.main import main as run

        run()
    except KeyboardInterrupt:
        sys.exit(130)
    except (ImportError, MemoryError, SystemError) as error:
        sys.exit(f"Error: the program cannot be loaded or go on ({error or 'not enough memory'}): nothing kept is lost")


if __name__ == "__main__":
    main()
