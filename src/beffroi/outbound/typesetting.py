"""Pages set in type: a PDF that a screen reader can read (PDF/UA-1), charts as vectors. Never in a web process: there
`pdf_apart` has it done by a process of its own.

Nothing is fetched: the fonts are the typesetter's own, and the template is ours.
Source: ISO 14289-1 (PDF/UA-1), whose rules the typesetter checks itself; https://typst.app/docs/reference/pdf/.
"""

import subprocess
import sys
from datetime import datetime
from importlib import resources

import msgspec

from beffroi.errors import ServerError

SECONDS_MAX = 300.0
"""Of one document apart: the longest list that a report has takes some ten."""


class TypesettingFailed(ServerError):
    english = "The report could not be set in type: {what}."
    french = "Le rapport n'a pas pu être mis en page : {what}."


def pdf_of(pages: msgspec.Struct, at: datetime) -> bytes:
    """The PDF of a document; the same pages and time give the same bytes. Raises `TypesettingFailed`."""
    return _pdf(msgspec.json.encode(pages).decode(), int(at.timestamp()))


def pdf_apart(pages: msgspec.Struct, at: datetime) -> bytes:
    """The same by a process of its own, so that the typesetter is never loaded here. Blocks; raises as `pdf_of`."""
    asked = msgspec.msgpack.encode((msgspec.json.encode(pages).decode(), int(at.timestamp())))
    command = [sys.executable, "-m", __name__]
    try:
        done = subprocess.run(command, input=asked, capture_output=True, check=True, timeout=SECONDS_MAX)
    except subprocess.SubprocessError as error:
        raise TypesettingFailed(what=type(error).__name__) from error
    return done.stdout


def _pdf(pages: str, at_s: int) -> bytes:
    import typst

    template = resources.files("beffroi.outbound") / "report.typ"
    with resources.as_file(template) as path:
        try:
            return typst.compile(
                str(path),
                format="pdf",
                pdf_standards="ua-1",
                ignore_system_fonts=True,
                sys_inputs={"pages": pages},
                timestamp=at_s,
            )
        except typst.TypstError as error:
            raise TypesettingFailed(what=type(error).__name__) from error


def main() -> None:
    """Reads pages and a time on standard input, writes the PDF on standard output."""
    sys.stdout.buffer.write(_pdf(*msgspec.msgpack.decode(sys.stdin.buffer.read(), type=tuple[str, int])))


if __name__ == "__main__":
    main()
