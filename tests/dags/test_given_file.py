"""Which files a run may name: below the folders of QBANK_FILES_DIRS, or in object storage."""

import os
from pathlib import Path

import pytest

from qbank_airflow.storage import given_file
from qbank_ledger.config import files_dirs
from qbank_ledger.errors import GLFileError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one folder that runs may read; another file lies beside it."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "gl.csv").write_text("ours")
    (tmp_path / "others.csv").write_text("others")
    (tmp_path / "files-of-others").mkdir()
    (tmp_path / "files-of-others" / "gl.csv").write_text("others")
    monkeypatch.setenv("QBANK_FILES_DIRS", str(folder))
    monkeypatch.chdir(folder)
    return folder


def content(text: str) -> bytes:
    with given_file(text).open("rb") as file:
        read: bytes = file.read()
    return read


def refusal(text: str) -> str:
    with pytest.raises(GLFileError) as caught:
        content(text)
    return str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "gl.csv",
        "{folder}/gl.csv",
        "{folder}/below/gl.csv",
        "{folder}/below/../gl.csv",
        "{folder}/../files/gl.csv",
        "file://{folder}/gl.csv",
        "local://{folder}/gl.csv",
        "file://{folder}/../files/gl.csv",
    ],
)
def test_a_file_of_the_folder_is_read(folder: Path, text: str) -> None:
    (folder / "below").mkdir()
    (folder / "below" / "gl.csv").symlink_to(folder / "gl.csv")
    assert content(text.format(folder=folder)) == b"ours"


def test_it_is_called_as_it_was_given(folder: Path) -> None:
    for text in ("gl.csv", f"{folder}/gl.csv", f"file://{folder}/gl.csv"):
        assert str(given_file(text)) == text


OUTSIDE = [
    "{outside}/others.csv",
    "../others.csv",
    "{folder}/../others.csv",
    "{folder}/none/../../others.csv",
    "{outside}/files-of-others/gl.csv",
    "link.csv",
    "{folder}/away/others.csv",
    "file://{outside}/others.csv",
    "FILE://{outside}/others.csv",
    " file://{outside}/others.csv",
    "local://{outside}/others.csv",
    "file://any@{outside}/others.csv",
    "file://{folder}/../others.csv",
    "file://{folder}/link.csv",
    "file://{outside}/others.csv#",
    "./file://{outside}/others.csv",
]


@pytest.mark.parametrize("text", OUTSIDE)
def test_any_other_is_refused_in_the_same_words_whether_it_is_there_or_not(folder: Path, text: str) -> None:
    (folder / "link.csv").symlink_to(folder.parent / "others.csv")
    (folder / "away").symlink_to(folder.parent)
    text = text.format(folder=folder, outside=folder.parent)
    said = refusal(text)
    assert said == (
        f"The file {text} is not read: with its links followed, it must lie below {folder} (QBANK_FILES_DIRS), "
        "or in object storage, such as s3://conn@bucket/key."
    )
    for file in (folder.parent / "others.csv", folder.parent / "files-of-others" / "gl.csv"):
        file.unlink()
    assert refusal(text) == said


@pytest.mark.parametrize(
    "text",
    [
        "simplecache::file://{file}",
        "simplecache://any::file://{file}",
        "filecache::local://{file}",
        "zip://gl.csv::file://{file}",
        "s3://bucket/key::file://{file}",
        "file://{file}::s3://bucket/key",
    ],
)
@pytest.mark.parametrize("file", ["gl.csv", "none.csv", "../others.csv"])
def test_a_chain_of_urls_is_refused_wherever_it_ends(folder: Path, text: str, file: str) -> None:
    text = text.format(file=folder / file)
    assert refusal(text) == f"The file {text} is not read: name the file itself, not a chain of URLs (::)."


def test_what_is_no_path_is_refused_too(folder: Path) -> None:
    (folder / "circle").symlink_to("circle")
    for text in (f"{folder}/../\0", "\ud800/../.."):
        assert "is not read: " in refusal(text)


def test_a_way_through_another_folder_does_not_tell_whether_that_is_there(folder: Path) -> None:
    for scheme in ("", "file://"):
        assert content(f"{scheme}/no/such/folder/../../..{folder}/gl.csv") == b"ours"


def test_object_storage_is_reached_as_ever(folder: Path) -> None:
    assert str(given_file("nofs://bucket/gl.csv")) == "nofs://bucket/gl.csv"
    for text in ("nofs://bucket/gl.csv", "generic:///etc/hosts", "zip://gl.csv"):
        with pytest.raises(ValueError, match=r"."):
            given_file(text).open("rb")


@pytest.mark.parametrize(("written", "protocol"), [("wasb", "abfs"), ("wasbs", "abfss"), ("abfs", "abfs")])
def test_azures_storage_has_the_name_that_airflows_provider_knows(
    folder: Path, written: str, protocol: str
) -> None:
    place = given_file(f"{written}://azure_default@erp-out/tb/gl.csv")
    assert str(place) == f"{protocol}://azure_default@erp-out/tb/gl.csv"
    assert place.conn_id == "azure_default"


def test_several_folders_are_separated_as_in_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QBANK_FILES_DIRS", f"{folder}{os.pathsep}{folder.parent}/files-of-others")
    assert content("../files-of-others/gl.csv") == b"others"
    assert f"below {folder} or {folder.parent}/files-of-others (" in refusal("../others.csv")


def test_a_folder_that_is_a_link_is_where_it_leads(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder.parent / "books").symlink_to(folder)
    monkeypatch.setenv("QBANK_FILES_DIRS", str(folder.parent / "books"))
    assert content(str(folder.parent / "books" / "gl.csv")) == content(str(folder / "gl.csv")) == b"ours"


def test_the_default_is_the_state_directorys_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QBANK_FILES_DIRS")
    monkeypatch.setenv("QBANK_STATE_DIR", str(folder.parent))
    assert content("gl.csv") == b"ours"
    assert f"below {folder} (QBANK_FILES_DIRS)" in refusal("../others.csv")
    assert files_dirs({"QBANK_STATE_DIR": "/srv/a:b"}) == [Path("/srv/a:b/files")]


@pytest.mark.parametrize("given", [None, "", " : "])
def test_without_a_folder_no_file_of_the_workers_is_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch, given: str | None
) -> None:
    monkeypatch.delenv("QBANK_STATE_DIR", raising=False)
    if given is None:
        monkeypatch.delenv("QBANK_FILES_DIRS")
    else:
        monkeypatch.setenv("QBANK_FILES_DIRS", given)
    for text in ("gl.csv", f"{folder}/gl.csv", f"file://{folder}/gl.csv"):
        assert refusal(text) == (
            f"The file {text} is not read: runs may not read any folder of the workers. Give an object-storage "
            "URL, such as s3://conn@bucket/key, or set QBANK_FILES_DIRS to the folders that they may read."
        )
