"""Why a file, a host or the database is out of reach, in an operator's words instead of an exception's name.

Nothing of the exception's own text is told: it may hold whatever was sent. Its class, its number (errno) and OpenSSL's
own word for what it refused are closed sets.
"""

import errno
import os
import ssl
from collections.abc import Mapping
from typing import Final

from beffroi.errors.base import OperatorError, Words

_BY_NUMBER: Final[Mapping[int, Words]] = {
    errno.EADDRINUSE: Words("another program listens there", "un autre programme y écoute"),
    errno.EADDRNOTAVAIL: Words(
        "this machine does not have that address", "cette adresse n'est pas celle de cette machine"
    ),
    errno.ENOSPC: Words("the disk is full", "le disque est plein"),
    errno.EDQUOT: Words("the disk's quota is used up", "le quota du disque est atteint"),
    errno.EROFS: Words("that file system is read-only", "ce système de fichiers est en lecture seule"),
    errno.EHOSTUNREACH: Words("no way leads to that host", "aucune route ne mène à cet hôte"),
    errno.ENETUNREACH: Words("no way leads to that network", "aucune route ne mène à ce réseau"),
}
_BY_NAME: Final[Mapping[str, Words]] = {
    "FileNotFoundError": Words("it does not exist", "cela n'existe pas"),
    "FileExistsError": Words(
        "it exists already, and nothing is written over", "cela existe déjà, et rien n'est écrasé"
    ),
    "PermissionError": Words("this user may not", "cet utilisateur n'en a pas le droit"),
    "IsADirectoryError": Words("it is a folder", "c'est un dossier"),
    "NotADirectoryError": Words("a part of its path is not a folder", "un élément du chemin n'est pas un dossier"),
    "UnicodeDecodeError": Words("it is not text in UTF-8", "ce n'est pas du texte en UTF-8"),
    "ConnectionRefusedError": Words("nothing listens there", "rien n'y écoute"),
    "ConnectionResetError": Words("the connection was cut", "la connexion a été coupée"),
    "gaierror": Words("no host has that name", "aucun hôte ne porte ce nom"),
    "TimeoutError": Words("no answer in time", "pas de réponse à temps"),
    "SSLCertVerificationError": Words("its certificate is not one to trust", "son certificat n'est pas digne de foi"),
    "InvalidPasswordError": Words("it refuses that password", "elle refuse ce mot de passe"),
    "InvalidAuthorizationSpecificationError": Words(
        "it does not let that role in: see pg_hba.conf", "elle ne laisse pas entrer ce rôle : voir pg_hba.conf"
    ),
    "InvalidCatalogNameError": Words("it has no database of that name", "aucune base n'y porte ce nom"),
    "CannotConnectNowError": Words("it is starting or stopping", "elle démarre ou s'arrête"),
    "TooManyConnectionsError": Words("all its connections are taken", "toutes ses connexions sont prises"),
}
"""By the class of the exception, or of one that it is a kind of. The last five are PostgreSQL's, by SQLSTATE."""


def reason_of(error: BaseException) -> Words:
    """Why, in words; the name of the exception's class where there are none.

    >>> reason_of(FileNotFoundError(2, "x")).english, reason_of(OSError(28, "x")).french, reason_of(KeyError()).english
    ('it does not exist', 'le disque est plein', 'KeyError')
    """
    if isinstance(error, OSError) and (error.errno or 0) in _BY_NUMBER:
        return _BY_NUMBER[error.errno or 0]
    for kind in type(error).__mro__:
        if kind.__name__ in _BY_NAME:
            return _BY_NAME[kind.__name__]
    if isinstance(error, ssl.SSLError):
        name = f"OpenSSL: {error.reason}"
    elif isinstance(error, OSError) and error.errno is not None:
        name = os.strerror(error.errno)
    elif type(error) is OSError:  # asyncio's, when a name leads to several addresses and none of them answers
        return Words("nothing answers there", "rien n'y répond")
    else:
        name = type(error).__name__
    return Words(name, name)


def unreadable(what: object, error: BaseException) -> OperatorError:
    """What is said of a file that cannot be read."""
    why = reason_of(error)
    return OperatorError(f"{what} cannot be read: {why.english}.", f"{what} est illisible : {why.french}.")


def unwritable(what: object, error: BaseException) -> OperatorError:
    """What is said of a file or folder that cannot be written."""
    why = reason_of(error)
    return OperatorError(f"{what} cannot be written: {why.english}.", f"{what} ne peut pas être écrit : {why.french}.")
