"""The small region of the actions' tests, for foreign software too."""

from actions.conftest import account, house, put

__all__ = ["account", "house", "put"]
