"""Runs the command line as ``python -m ganforge``."""

from ganforge.cli.main import main

if __name__ == "__main__":
    main()
