"""How names, dates and words go wrong between a mouth and a keyboard."""

from datetime import date

from beffroi_region.names import Uniform
from beffroi_region.origins import SOUNDS, VARIANTS

# Neighbours on a French keyboard, and letters that sound alike.
_NEIGHBOURS = {
    "a": "ezq",
    "b": "vn",
    "c": "kxs",
    "d": "fs",
    "e": "rza",
    "f": "gd",
    "g": "hf",
    "h": "gj",
    "i": "uoy",
    "j": "khg",
    "k": "cjl",
    "l": "km",
    "m": "ln",
    "n": "mb",
    "o": "ip",
    "p": "ob",
    "q": "sk",
    "r": "te",
    "s": "zc",
    "t": "rd",
    "u": "yi",
    "v": "bw",
    "w": "v",
    "x": "cs",
    "y": "iu",
    "z": "se",
}
_ALIKE = (("eau", "aux"), ("aud", "ault"), ("ph", "f"), ("ll", "l"), ("nn", "n"), ("tt", "t"), ("y", "i"), ("th", "t"))
_MISTYPED_LENGTH_MIN = 3


def mistyped(word: str, uniform: Uniform) -> str:
    """`word` with one slip: a letter swapped, lost, doubled or replaced, or a spelling that sounds alike.

    >>> from random import Random
    >>> [mistyped("Lefebvre", Random(n).random) for n in range(3)]
    ['Lefebvrre', 'Lafebvre', 'Lefebvrr']
    """
    if len(word) < _MISTYPED_LENGTH_MIN:
        return word
    at = 1 + int((len(word) - 1) * uniform())
    kind = uniform()
    if kind < 0.25:
        for one, other in _ALIKE:
            if one in word[1:]:
                return word[0] + word[1:].replace(one, other, 1)
    if kind < 0.45 and at < len(word) - 1:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind < 0.65:
        return word[:at] + word[at + 1 :]
    if kind < 0.8:
        return word[:at] + word[at] + word[at:]
    near = _NEIGHBOURS.get(word[at].lower(), "e")
    letter = near[int(len(near) * uniform())]
    return word[:at] + (letter.upper() if word[at].isupper() else letter) + word[at + 1 :]


def retranscribed_given(name: str, uniform: Uniform) -> str:
    """Another usual transliteration of a given name; the same name when there is none.

    >>> retranscribed_given("Ioulia", lambda: 0.5)
    'Yulia'
    """
    others = VARIANTS.get(name)
    return others[int(len(others) * uniform())] if others else name


def retranscribed_family(name: str, uniform: Uniform) -> str:
    """A surname with one of its sounds written otherwise.

    >>> retranscribed_family("Tchernov", lambda: 0.0), retranscribed_family("Chevtchenko", lambda: 0.0)
    ('Chernov', 'Chevchenko')
    """
    start = int(len(SOUNDS) * uniform())
    for one, other in SOUNDS[start:] + SOUNDS[:start]:
        if one in name:
            return name.replace(one, other, 1)
    return name


def misdated(day: date, uniform: Uniform) -> date:
    """The date with day and month exchanged where that is a date, otherwise with one digit of the year or day wrong.

    >>> misdated(date(1980, 4, 12), lambda: 0.0), misdated(date(1980, 4, 25), lambda: 0.0)
    (datetime.date(1980, 12, 4), datetime.date(1990, 4, 25))
    """
    u = uniform()
    if day.day <= 12 and day.day != day.month and u < 0.6:
        return date(day.year, day.day, day.month)
    if u < 0.5:
        year = day.year + 10 if day.year < 2010 else day.year - 10
        return day.replace(year=year, day=min(day.day, 28))
    return day.replace(day=day.day - 1 if day.day > 1 else 2)
