"""A text as somebody typed it: what it may not hold, and how it is shown in a sentence."""

import re
import unicodedata

MOST_CHARACTERS = 140  # four together still fit an index of PostgreSQL
_MOST_SHOWN = 40
# What a spreadsheet makes of a long number, a formula that keeps zeros, and a cell that it can't work out.
_SPREADSHEET = re.compile(
    r'[0-9](?:[.,][0-9]+)?E[+][0-9]{2,3}|=".*"|#(?:N/A|REF!|NAME\?|VALUE!|DIV/0!|NUM!|NULL!|SPILL!|CALC!|#+)'
)
_LINE_BREAK = re.compile("[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
# What Python takes for printable and nobody sees: fillers, joiners, variation selectors, empty Braille.
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


def unfit(text: str) -> str | None:
    """What keeps a text from being one: a line break, what can't be seen, a spreadsheet's own way to write
    it, more than 140 characters.
    """
    if len(text) > MOST_CHARACTERS:
        return f"write at most {MOST_CHARACTERS} characters"
    if _SPREADSHEET.fullmatch(text):
        return "a spreadsheet changed it: format the cell as text, and type it again"
    if text.isascii() and text.isprintable():
        return None
    if _LINE_BREAK.search(text):
        return "it holds a line break: write it on one line"
    unseen = next((char for char in text if not char.isprintable() or _BLANK.match(char)), None)
    if unseen is None:
        return None
    name = unicodedata.name(unseen, "a control character")
    return f"it holds a character that can't be seen, U+{ord(unseen):04X} ({name}): delete it"


def shown(text: str) -> str:
    """The text in quotes, what can't be seen in it escaped, cut when it is long."""
    cut = text[:_MOST_SHOWN] + ("…" if len(text) > _MOST_SHOWN else "")
    return _BLANK.sub(lambda char: f"\\u{ord(char[0]):04x}", repr(cut))
