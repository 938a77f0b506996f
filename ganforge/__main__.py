"""Runs the command line as ``python -m ganforge``."""

from .cli.main import main

if __name__ == "__main__":
    main()
