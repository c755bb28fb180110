"""A file that a browser sent: what it would become, or a profile proposed for it."""

import base64
import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, Literal

from fastapi import HTTPException, UploadFile
from sqlalchemy import Connection

from qbank_ledger.errors import GLFileError
from qbank_ledger.recon.draft import draft
from qbank_ledger.recon.match import GLAccount
from qbank_ledger.recon.preview import Mirror, preview
from qbank_ledger.recon.profile import Given, Profile
from qbank_ledger.terminal import visible
from qbank_page.books.previewed_rows import PreviewedRows
from qbank_page.books.sql import execute
from qbank_page.frame.security import MOST_MIB
from qbank_page.frame.table import Table

CARRIED_KIB = 512  # of a file that a page carries; a field of a form holds 1 MiB, and this as base64 fits
_BLOCK = 64 * 1024
_LONGEST_NAME = 140
# What a profile may take from whoever gives the file, by its column.
_GIVEN = {"as_of_date": "date", "entity": "entity", "currency": "currency"}


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file as the browser sent it, for the time of a request; ``str()`` is what it is called there."""

    name: str
    path: Path
    sha256: str

    @property
    def suffix(self) -> str:
        """What its name ends with."""
        return Path(self.name).suffix

    def open(self, mode: Literal["rb"] = "rb") -> BinaryIO:
        """Its bytes, from the first on."""
        return self.path.open(mode)

    def __str__(self) -> str:
        return self.name


@dataclass(slots=True)
class Read:
    """What became of a file: what there is to say of it, its rows, and why it is refused."""

    name: str
    about: list[str] = field(default_factory=list)
    rows: Table | None = None
    refused: str = ""
    proposal: str = ""
    fingerprint: str = ""

    def say(self, line: str) -> None:
        """Take what a preview says of the file as a whole."""
        self.about += [each for each in line.splitlines() if each.strip()]


def asks(profile: Profile) -> list[str]:
    """What a profile takes from whoever gives the file: date, entity, currency."""
    return [
        key for column, key in _GIVEN.items() if column in profile.places and profile.places[column].is_given
    ]


@contextmanager
def received(upload: UploadFile) -> Iterator[Uploaded]:
    """The file on disk, until the block ends. Raises HTTPException where it is too large, or none."""
    name = visible(Path((upload.filename or "").replace("\\", "/")).name)[:_LONGEST_NAME]
    if not name.strip():
        raise HTTPException(422, "No file was chosen: choose one, and send it again.")
    digest, left = hashlib.sha256(), MOST_MIB * 1024 * 1024
    with TemporaryDirectory(prefix="qbank-page-") as folder:
        path = Path(folder, "uploaded")
        with path.open("wb") as file:
            while block := upload.file.read(_BLOCK):
                left -= len(block)
                if left < 0:
                    raise HTTPException(413, f"The file is larger than {MOST_MIB} MiB: export fewer rows.")
                digest.update(block)
                file.write(block)
        yield Uploaded(name, path, digest.hexdigest())


def to_carry(file: Uploaded) -> str:
    """A small file as a field of a form holds it; nothing of a larger one."""
    content = file.path.read_bytes() if file.path.stat().st_size <= CARRIED_KIB * 1024 else b""
    return base64.b64encode(content).decode()


def sent_back(carried: str, name: str) -> UploadFile:
    """The file that a page carried, as if it were sent; none where there was none. Raises HTTPException."""
    try:
        return UploadFile(BytesIO(base64.b64decode(carried, validate=True)), filename=name if carried else "")
    except ValueError:
        raise HTTPException(
            422, "The file arrived incomplete: choose it again, and preview it again."
        ) from None


def fingerprint(file: Uploaded, profile: Profile, given: Given) -> str:
    """What tells this file, read so, from any other, and from this one read otherwise."""
    said = json.dumps([file.sha256, profile.name, profile.digest, astuple(given)])
    return hashlib.sha256(said.encode()).hexdigest()


def previewed(file: Uploaded, profile: Profile, given: Given, mirrors: Sequence[Mirror]) -> Read:
    """What loading the file would make of it, beside the accounts that mirror the books."""
    read = Read(file.name)
    lacking = [key for key in asks(profile) if not getattr(given, key)]
    if lacking:
        read.refused = f"The profile {profile.name} needs {', '.join(lacking)}: fill them in."
        return read
    rows = PreviewedRows(profile.kind)
    try:
        preview(file, profile, given, mirrors, read.say, take=rows.take)
    except GLFileError as error:
        read.refused = str(error)
    else:
        read.fingerprint = fingerprint(file, profile, given)
    read.rows = rows.table()
    return read


def mirrors_of(connection: Connection) -> list[Mirror]:
    """The GL accounts that accounts mirror, each with the date that it is there."""
    return [
        Mirror(GLAccount(row.entity, row.gl_account, row.currency), row.today)
        for row in execute(connection, "mirrors")
    ]


def proposed(file: Uploaded, sheet: str | None) -> Read:
    """A profile for the file, or this sheet of a workbook, as YAML to look over."""
    read = Read(file.name)
    try:
        read.proposal = draft(file, sheet)
    except GLFileError as error:
        read.refused = str(error)
    return read
