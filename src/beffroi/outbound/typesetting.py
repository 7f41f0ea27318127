"""Pages set in type: a PDF that a screen reader can read (PDF/UA-1), charts as vectors. Never in a web process.

Nothing is fetched: the fonts are the typesetter's own, and the template is ours.
Source: ISO 14289-1 (PDF/UA-1), whose rules the typesetter checks itself; https://typst.app/docs/reference/pdf/.
"""

from datetime import datetime
from importlib import resources

import msgspec
import typst

from beffroi.errors import ServerError


class TypesettingFailed(ServerError):
    english = "The report could not be set in type: {what}."
    french = "Le rapport n'a pas pu être mis en page : {what}."


def pdf_of(pages: msgspec.Struct, at: datetime) -> bytes:
    """The PDF of a document; the same pages and time give the same bytes. Raises `TypesettingFailed`."""
    template = resources.files("beffroi.outbound") / "report.typ"
    with resources.as_file(template) as path:
        try:
            return typst.compile(
                str(path),
                format="pdf",
                pdf_standards="ua-1",
                ignore_system_fonts=True,
                sys_inputs={"pages": msgspec.json.encode(pages).decode()},
                timestamp=int(at.timestamp()),
            )
        except typst.TypstError as error:
            raise TypesettingFailed(what=type(error).__name__) from error
