"""Lists of words as one text, so that hundreds of names stay readable in the source."""


def words(text: str) -> tuple[str, ...]:
    """The distinct words of `text` in their order; an underscore is a space inside a word.

    >>> words("Marie Anne Marie Van_den")
    ('Marie', 'Anne', 'Van den')
    """
    return tuple(dict.fromkeys(word.replace("_", " ") for word in text.split()))


def choices(text: str) -> tuple[str, ...]:
    """The words of `text` with their repetitions, which make them likelier; a lone dot is the empty word.

    >>> choices(". . Ben_ El")
    ('', '', 'Ben ', 'El')
    """
    return tuple("" if word == "." else word.replace("_", " ") for word in text.split())
