"""Books: what the ERP said and who loaded it, what was refused, and how files are read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel
from sqlalchemy import Connection

from qbank_ledger.errors import GLSourcesFileError
from qbank_ledger.recon.gl_file import NAMED, Kind
from qbank_ledger.recon.profile_file import PLAIN, GLSources, read_gl_sources
from qbank_page.books.reading import CARRIED_KIB, Read, asks
from qbank_page.books.sql import execute
from qbank_page.frame.answer import show
from qbank_page.frame.desk import SignedIn, desk_of
from qbank_page.frame.host import Host, Visitor
from qbank_page.frame.pages import Pages
from qbank_page.frame.rights import rights_of
from qbank_page.frame.table import Column, Mark, Table, digest, file_name, load_link
from qbank_page.frame.threads import OwnThreads

router = APIRouter(route_class=OwnThreads)
_AT_ONCE = 50
_LOADS = (
    Column("name", "File"),
    Column("load_no", "Load", number=True),
    Column("kind", "Kind"),
    Column("profile", "Read as"),
    Column("source", "Source"),
    Column("rows", "Rows", number=True),
    Column("skipped", "Skipped", number=True),
    Column("loaded_at", "Loaded (UTC)"),
    Column("loaded_by", "By"),
    Column("sha256", "SHA-256"),
)
_SOURCE_FILES = (
    Column("name", "File"),
    Column("source", "Source"),
    Column("seen_at", "Read (UTC)"),
    Column("outcome", "Outcome"),
    Column("load_no", "Load"),
    Column("refused", "Why it was refused"),
)
_PROFILES = (
    Column("name", "Profile"),
    Column("reads", "Reads"),
    Column("origin", "From"),
    Column("format", "Format"),
    Column("asks", "Asks you for"),
    Column("absent", "What the file omits"),
)

_ABSENT: dict[tuple[Kind, bool], str] = {
    ("gl", True): "counts as zero",
    ("gl", False): "is missing",
    ("items", True): "counts as cleared",
    ("items", False): "stays as it was",
    ("rates", False): "keeps its last rate",
}
_UNFILLED = {"profile": PLAIN, "date": "", "entity": "", "currency": "", "sheet": ""}


class Asked(BaseModel):
    """What the address asks for: a load alone, or a page of each table."""

    load: Annotated[int | None, Query(ge=1, lt=2**62)] = None
    page: Annotated[int, Query(ge=1, le=100_000)] = 1
    files_page: Annotated[int, Query(ge=1, le=100_000)] = 1


@dataclass(frozen=True, slots=True)
class Sent:
    """What the form of the page before said, what became of its file, and that where the page carries it."""

    fields: dict[str, str]
    read: Read
    carried: str = ""


@router.get("/books")
@router.get("/books.csv")
def books(request: Request, visitor: SignedIn, asked: Annotated[Asked, Query()]) -> Response:
    """What was loaded, what was found in the sources, the profiles, and a form to load a file."""
    return books_page(request, visitor, asked)


def books_page(
    request: Request, visitor: Visitor, asked: Asked, sent: Sent | None = None, *, status: int = 200
) -> Response:
    """The page; with what became of a file that was ``sent``."""
    base = request.scope["root_path"]
    most = None if request.url.path.endswith(".csv") else _AT_ONCE
    desk = desk_of(request)
    profiles, trouble = _profiles(desk.host)
    with desk.ledger.reading() as connection:
        loads_pages = _pages(connection, "count_loads", asked.page, load_no=asked.load)
        loads = execute(
            connection, "loads", load_no=asked.load, most=most, after=loads_pages.before if most else 0
        ).all()
        files_pages = _pages(connection, "count_source_files", asked.files_page)
        files = execute(connection, "source_files", most=most, after=files_pages.before if most else 0).all()
        rights = rights_of(connection, visitor)
    return show(
        request,
        visitor,
        "books/page.html.j2",
        tables=[_loads(loads), _source_files(files, base), _profile_table(profiles)],
        asked=asked,
        loads_pages=loads_pages,
        files_pages=files_pages,
        may_load=rights.may("load"),
        profiles=profiles.profiles,
        kinds=NAMED,
        trouble=trouble,
        fields=sent.fields if sent else _UNFILLED,
        read=sent.read if sent else None,
        carried=sent.carried if sent else "",
        carried_kib=CARRIED_KIB,
        status=status,
    )


def _profiles(host: Host) -> tuple[GLSources, str]:
    """The profiles, the built-in ones alone where the user's own can't be read, and why they can't."""
    try:
        return host.gl_sources(), ""
    except GLSourcesFileError as error:
        return read_gl_sources(None), str(error)


def _pages(connection: Connection, count: str, page: int, **asked: Any) -> Pages:
    return Pages(page, execute(connection, count, **asked).scalar_one(), _AT_ONCE)


def _loads(rows: Sequence[Any]) -> Table:
    return Table(
        name="loads",
        caption="Loaded",
        columns=_LOADS,
        rows=[{**row._mapping, "name": file_name(row.name), "sha256": digest(row.sha256)} for row in rows],
        empty="Nothing was loaded yet: load a file, or add a source to the file that QBANK_GL_SOURCES_FILE "
        "names.",
    )


def _source_files(rows: Sequence[Any], base: str) -> Table:
    return Table(
        name="source_files",
        caption="Found in the sources",
        columns=_SOURCE_FILES,
        rows=[
            {
                **row._mapping,
                "name": file_name(row.name),
                "outcome": Mark("refused", "bad") if row.refused else Mark("loaded", "good"),
                "load_no": load_link(row.load_no, base),
            }
            for row in rows
        ],
        empty="No files yet. To load files automatically, add a source to the file that "
        "QBANK_GL_SOURCES_FILE names.",
        note="Each file is read once, and again only when the file or its profile changes.",
    )


def _profile_table(books: GLSources) -> Table:
    built_in = read_gl_sources(None).profiles
    return Table(
        name="profiles",
        caption="Profiles",
        columns=_PROFILES,
        rows=[
            {
                "name": name,
                "reads": NAMED[profile.kind],
                "origin": "built in" if name in built_in else "QBANK_GL_SOURCES_FILE",
                "format": profile.format or "csv or xlsx",
                "asks": ", ".join(asks(profile)) or None,
                "absent": _ABSENT[profile.kind, profile.is_whole],
            }
            for name, profile in books.profiles.items()
        ],
        empty="",
        note="A profile says how to read a file. If none fits yours, propose one above, and add it to the "
        "file that QBANK_GL_SOURCES_FILE names.",
    )
