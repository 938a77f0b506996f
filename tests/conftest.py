"""Settings that all tests share."""

import sys


def pytest_runtest_setup() -> None:
    """Let torch compute with one thread, where some test module has imported it."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.get_num_threads() != 1:
        torch.set_num_threads(1)
