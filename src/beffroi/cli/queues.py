"""What the commands about queues to others (repositories, notifications) say alike."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from beffroi.cli.speaking import tell, tell_json, tell_none

T = TypeVar("T")


def tell_standing(standing: Iterable[T], line: Callable[[T], str], *, as_json: bool, again: str) -> None:
    """How each queue stands. `again`: what becomes of a new try; empty when none was asked for."""
    if as_json:
        tell_json(standing)
        return
    if again:
        tell(again)
    lines = [line(one) for one in standing]
    for text in lines:
        tell(text)
    if not lines:
        tell_none()
