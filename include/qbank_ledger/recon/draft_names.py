"""What the name of a column says: what it holds and, of a balance, of which time; in many languages."""

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

# Before the period, at its end, within it; plain is a name that says none of them.
Time = Literal["opening", "closing", "movement", "plain"]
Holds = Literal["balance", "debit", "credit", "amount"]


class Money(NamedTuple):
    """What a column of amounts is by its name."""

    holds: Holds
    time: Time


def _any(words: str) -> re.Pattern[str]:
    """A pattern of any of these words, each a pattern itself, as a whole."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(word.strip() for word in words.split(','))})(?!\w)")


# In this order: the closing of the previous period is an opening, the end of the period a closing.
_TIMES: Mapping[Time, re.Pattern[str]] = {
    "opening": _any(
        r"""open\w*, initial\w*, begin\w*, start\w*, b/[fd], b/?fwd, brought, carry[- ]?forward, previous,
        prior, last, anfang\w*, eröffnung\w*, \w*vortrag\w*, eb-wert\w*, vor(?:jahr|monat|period)\w*,
        vorig\w*, inici\w+, apertura, anterior\w*, ouverture, précéd\w+, n-1, [aà][- ]nouveau, inizial\w+,
        preced\w+, ing[aå]ende, primo, otwarcia, początkow\w+"""
    ),
    "closing": _any(
        r"""clos\w+, end, ending, final\w*, cum\.?, cumul\w*, accum\w*, c/[fd], c/?fwd, carried, at date,
        (?:debit|credit) - year to date, (?:end|(?:ab)?schluss)(?:bestand|saldo|stand|bilanz)?, kumul\w*,
        akkum\w*, cierre, acum\w+, cl[oô]ture, chiusura, eind\w*, utg[aå]ende, ub, ultimo, końcow\w+,
        zamknięcia"""
    ),
    # And what is planned, which is no balance either.
    "movement": _any(
        r"""net, changes?, movements?, activity, turnover, period\w*, périod\w*, month\w*, mtd, \w*difference,
        \w*ums[aä]tze?, \w*verkehr\w*, \w*bewegung\w*, bericht\w*, monat\w*, mouvements?, movim\w+, mutaties?,
        budget\w*, plan, forecast, average, limit, variance, abweichung"""
    ),
}
_ADDED_UP = _any(r"cum\.?, cumul\w*, accum\w*, kumul\w*, akkum\w*, acum\w+")
_HOLDS: Mapping[Holds, re.Pattern[str]] = {
    "debit": _any(r"d[ée]bit[os]?, d[ée]bits, dr, soll\w*, debe, dare, deudor, d[ée]biteur, debet, winien"),
    "credit": _any(
        r"cr[ée]dit[os]?, cr[ée]dits, cr, haben\w*, haber, avere, acreedor, cr[ée]diteur, kredit, ma"
    ),
    "balance": _any(
        r"(?<!trial )balances?(?! sheet), \w*saldo\w*, saldi, solde\w*, \w*bestand, balans\w*, bilans"
    ),
    "amount": _any(r"amounts?, betrag, montant, importe, importo, bedrag, dmbtr"),
}
# What an account is by its name, and of which sort it is: neither its number nor an amount.
_NAMED = _any(
    r"""\w*names?, titles?, descriptions?, text, labels?, \w*bezeichnung, \w*beschreibung, \w*beschriftung,
    nombre, descripci[oó]n, denominaci[oó]n, nom, libell[ée], intitul[ée], nome, descrizione, \w*naam,
    omschrijving"""
)
_SORTED = _any(
    r"""\w*types?, \w*categor(?:y|ies), \w*groups?, class, status, level, parent, \w*typ, (?:konto|saldo)?art,
    \w*gruppe, \w*klasse, \w*kategorie, tipo, grupo, categor[ií]a, groupe, cat[ée]gorie, classe, gruppo,
    \w*soort, \w*groep"""
)
_DATED = _any(r"\w*date(?<!at date)(?<!to date), \w*datum, fecha, day, tag")
_CURRENCY = _any(r"currency, curr\.?, crcy, währung, devise, moneda, valuta")
_ACCOUNT = _any(
    r"""accounts?, accts?\.?, acc\.?, a/c, konto, kto\.?, compte, cuenta, conto, conta, rekening,
    grootboekrekening"""
)
_MAIN_ACCOUNT = _any(
    r"""(?:gl|g/l|main) ac\w+\.?, mainaccount, glaccount, konto, \w+konto, racct, hkont, saknr,
    concatenated segments, account(?:number|code|no), \w*konto(?:nummer|nr\.?), rekeningnummer"""
)
# Numbers that are no amounts.
_NUMBER = _any(
    r"""no\.?, nos\.?, number, nr\.?, num\.?, n[°º], code, #, \w*number, \w*nummer, num[ée]ro, n[úu]mero,
    c[óo]digo, codice, kod"""
)
_ID = _any("id, key")
_KEY = _any(
    r"""year, period, periode, month, jahr, monat, level, ebene, unit, center, centre, kostenstelle, company,
    ledger, mandant"""
)


def folded(name: str) -> str:
    """A name as it counts: in words, whatever parts them, in small letters."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_", " ", name)
    return " ".join(parted.split()).casefold()


def money(name: str) -> Money | None:
    """What a column of amounts is by its name; None where the name says no such thing."""
    name = folded(name)
    if any(words.search(name) for words in (_NAMED, _SORTED, _DATED)):
        return None
    time: Time = next((time for time, words in _TIMES.items() if words.search(name)), "plain")
    found: set[Holds] = {holds for holds, words in _HOLDS.items() if words.search(name)}
    if {"debit", "credit"} <= found:
        return None
    if sides := found & {"debit", "credit"}:
        if time == "plain" and "balance" in found:
            time = "closing"  # the debit of a balance is no movement
        elif time == "closing" and "balance" not in found and _ADDED_UP.search(name):
            time = "movement"  # all that was posted until then
        return Money(sides.pop(), time)
    if "balance" in found or (time in ("opening", "closing") and _TIMES[time].fullmatch(name)):
        return Money("balance", time)
    return Money("amount", time) if found else None


def is_key(name: str) -> bool:
    """Whether its numbers, by its name, are no amounts but numbers of something."""
    return any(words.search(folded(name)) for words in (_NUMBER, _ID, _KEY))


def account_rank(name: str) -> int | None:
    """How far the name says that it is the account: 0 its number; None where it says no such thing."""
    said = folded(name)
    if not said or _SORTED.search(said) or money(name) or _CURRENCY.search(said):
        return None
    is_account = bool(_ACCOUNT.search(said) or _MAIN_ACCOUNT.search(said))
    ranks = (
        is_account and not _NAMED.search(said) and bool(_NUMBER.search(said)),
        is_account and not _NAMED.search(said) and bool(_ID.search(said)),
        not _NAMED.search(said) and bool(_MAIN_ACCOUNT.search(said)),
        bool(_NUMBER.fullmatch(said)),
        is_account and not _NAMED.search(said),
        is_account,
    )
    return ranks.index(True) if True in ranks else None


def is_sort(name: str) -> bool:
    """Whether it is a sort of something, such as a currency type, rather than the thing."""
    return bool(_SORTED.search(folded(name)))


def is_name(name: str) -> bool:
    """Whether it is the name of something, which is told by its number better."""
    return bool(_NAMED.search(folded(name)))


def is_currency(name: str) -> bool:
    """Whether it is a currency, of whatever."""
    return bool(_CURRENCY.search(folded(name)))
