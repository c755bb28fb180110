"""Airflow as the page's host: where it finds how the ERP's files are read."""

from pathlib import Path

import pytest

from qbank_ledger.errors import GLSourcesFileError
from qbank_page.airflow import Airflow

OURS = "profiles: {ours: {like: plain}}"


@pytest.mark.parametrize("place", ["{}", "file://{}"])
def test_profiles_come_from_the_disk_and_from_where_airflow_reaches(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "gl_sources.yaml"
    file.write_text(OURS)
    monkeypatch.setenv("QBANK_GL_SOURCES_FILE", place.format(file))
    assert "ours" in Airflow().gl_sources().profiles


@pytest.mark.parametrize("place", ["/nowhere/gl_sources.yaml", "nowhere://bucket/gl_sources.yaml"])
def test_profiles_out_of_reach_are_one_sentence(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QBANK_GL_SOURCES_FILE", place)
    with pytest.raises(
        GLSourcesFileError, match=f"{place}.* can't be read: .*QBANK_GL_SOURCES_FILE|{place}, which"
    ):
        Airflow().gl_sources()
