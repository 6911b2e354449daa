"""`python -m catalog`, the same program as `catalog`."""

from catalog.cli.main import main

if __name__ == "__main__":
    main()
