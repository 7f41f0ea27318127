"""Numbers that are drawn before their rows are committed: up to where nothing can still come."""


class Marks:
    """Follows some sequences. What is below a number is final once every transaction that ran when the number was seen
    has ended. Each writer writes something before it draws a number, so that its transaction is known by then."""

    def __init__(self, width: int) -> None:
        self.final = (0,) * width
        self._mark: tuple[tuple[int, ...], int] | None = None

    def see(self, numbers: tuple[int, ...], begun: int, ended: int) -> tuple[int, ...]:
        """The final numbers. `numbers` are the highest that are visible, `begun` the first transaction yet to begin
        and `ended` the first that is not over, all of one snapshot.

        >>> marks = Marks(1)
        >>> marks.see((5,), 100, 90), marks.see((7,), 101, 100), marks.see((7,), 101, 101)
        ((0,), (5,), (7,))
        """
        if self._mark is not None and ended >= self._mark[1]:
            self.final, self._mark = self._mark[0], None
        if self._mark is None:
            self._mark = (numbers, begun)
            if ended >= begun:  # nothing else is under way
                self.final = numbers
        return self.final
