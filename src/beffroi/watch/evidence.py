"""What the gate remembers of an account between two questions: how many new patients it was shown, and when.

"New" means never shown to this account before. Counts stand in hours for a day and in days for 30 days, so the row
stays under 1 KiB whatever the account does.
"""

import msgspec

HOUR_S = 3600
DAY_S = 86_400
HOURS_KEPT = 24
DAYS_KEPT = 30


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """`hours` and `days`: (index since 1970, new patients), oldest first. `emergencies`: seconds since 1970."""

    hours: tuple[tuple[int, int], ...] = ()
    days: tuple[tuple[int, int], ...] = ()
    emergencies: tuple[int, ...] = ()

    def shown_24h(self, now_s: int) -> int:
        """New patients in the last 24 hours.

        >>> Evidence(hours=((0, 3), (23, 2))).shown_24h(23 * 3600), Evidence(hours=((0, 3),)).shown_24h(24 * 3600)
        (5, 0)
        """
        return _sum_since(self.hours, now_s // HOUR_S - HOURS_KEPT + 1)

    def shown_30d(self, now_s: int) -> int:
        """New patients in the last 30 days."""
        return _sum_since(self.days, now_s // DAY_S - DAYS_KEPT + 1)

    def emergencies_24h(self, now_s: int) -> int:
        """Emergency readings in the last 24 hours."""
        return sum(1 for at_s in self.emergencies if at_s > now_s - DAY_S)

    def after(self, now_s: int, new_count: int, emergency: bool) -> "Evidence":
        """The evidence once `new_count` more new patients were shown; what is too old is forgotten."""
        emergencies = tuple(s for s in self.emergencies if s > now_s - DAY_S)
        return Evidence(
            hours=_add(self.hours, now_s // HOUR_S, new_count, HOURS_KEPT),
            days=_add(self.days, now_s // DAY_S, new_count, DAYS_KEPT),
            emergencies=(*emergencies, now_s) if emergency else emergencies,
        )


def _sum_since(counts: tuple[tuple[int, int], ...], first: int) -> int:
    return sum(count for index, count in counts if index >= first)


def _add(counts: tuple[tuple[int, int], ...], index: int, count: int, kept: int) -> tuple[tuple[int, int], ...]:
    if not count:
        return counts
    if counts and counts[-1][0] >= index:
        last_index, last_count = counts[-1]
        return (*counts[:-1], (last_index, last_count + count))
    return (*(pair for pair in counts if pair[0] > index - kept), (index, count))
