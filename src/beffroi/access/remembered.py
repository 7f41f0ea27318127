"""A bounded memory of what was verified lately: the least recently used entry makes room for the newest.

For caches of keys and tokens only: what it forgets is verified again, never refused.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """At most `entries_max` values by key. Not shared between threads."""

    def __init__(self, entries_max: int) -> None:
        self._entries: OrderedDict[K, V] = OrderedDict()
        self._entries_max = entries_max

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: K) -> V | None:
        """The value, which becomes the most recently used; None when it is not (or no longer) remembered.

        >>> memory = Remembered[str, int](2)
        >>> memory.put("a", 1), memory.put("b", 2), memory.get("a"), memory.put("c", 3)
        (None, None, 1, None)
        >>> memory.get("b"), memory.get("a"), len(memory)
        (None, 1, 2)
        """
        value = self._entries.get(key)
        if value is not None:
            self._entries.move_to_end(key)
        return value

    def put(self, key: K, value: V) -> None:
        """Remembers `value`, and forgets the least recently used entry when there are too many."""
        self._entries[key] = value
        self._entries.move_to_end(key)
        if len(self._entries) > self._entries_max:
            self._entries.popitem(last=False)

    def forget(self, key: K) -> None:
        """Removes one entry, if it is there."""
        self._entries.pop(key, None)

    def forget_where(self, condition: Callable[[V], bool]) -> None:
        """Removes every entry whose value meets `condition`."""
        for key in [key for key, value in self._entries.items() if condition(value)]:
            del self._entries[key]

    def clear(self) -> None:
        """Removes everything."""
        self._entries.clear()
