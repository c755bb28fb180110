"""chaos/guards.toml: every guard still stands where it is said to, and the page has what became of it."""

import re

from chaos.guards import PAGE, ROOT, all_guards


def test_each_guard_stands_in_its_file_once() -> None:
    found = {guard.keeps: (ROOT / guard.file).read_text("utf-8").count(guard.guard) for guard in all_guards()}
    assert {keeps: count for keeps, count in found.items() if count != 1} == {}


def test_the_page_has_each_guard_in_its_file() -> None:
    rows = re.findall(r"^\| (.+?) \| `(.+?)` \| `", PAGE.read_text("utf-8"), re.MULTILINE)
    assert rows == [(guard.keeps, guard.file) for guard in all_guards()]
