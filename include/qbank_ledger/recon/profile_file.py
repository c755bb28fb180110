"""The profiles that there are, built in and of the user's own, and the sources that books come from.

Checked whole: every problem is found before anything is refused, and each names line, profile and key.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

from qbank_ledger.errors import GLSourcesFileError
from qbank_ledger.files.cell import shown
from qbank_ledger.files.problems import Problems, TooManyProblemsError
from qbank_ledger.files.source import AnySource
from qbank_ledger.files.text_file import TextFile, UnreadableFileError
from qbank_ledger.files.yaml_tree import Node, read_tree
from qbank_ledger.recon.gl_file import Kind
from qbank_ledger.recon.profile import BookSource, Profile
from qbank_ledger.recon.profile_checks import MERGED, Checks

PLAIN = "plain"
PLAIN_OF: Mapping[Kind, str] = {"gl": PLAIN, "items": "plain-items", "rates": "plain-rates"}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)
_MOST_SHOWN = 50


@dataclass(frozen=True, slots=True)
class GLSources:
    """Profiles by their names, the built-in ones among them, and the sources in the file's order."""

    profiles: Mapping[str, Profile]
    sources: tuple[BookSource, ...] = ()

    def profile(self, name: str, kind: Kind | None = None) -> Profile:
        """One of them, of this kind where one is asked for: of items, ``plain`` is plain-items, and so on.

        Raises GLSourcesFileError, naming those that there are.
        """
        if name == PLAIN and kind:
            return replace(self.profiles[PLAIN_OF[kind]], name=PLAIN)
        if name not in self.profiles:
            raise GLSourcesFileError(
                f"There is no profile {shown(name)}: name one of {', '.join(self.profiles)}, or add it to "
                "the file that QBANK_GL_SOURCES_FILE names."
            )
        profile = self.profiles[name]
        if kind:
            profile.require(kind)
        return profile


def read_gl_sources(path: AnySource | None) -> GLSources:
    """The built-in profiles and those of the user's file, where there is one, and its sources.

    Raises GLSourcesFileError, naming the file and every problem with its line, profile and key.
    """
    if path is None:
        return GLSources(_built_in())
    problems = Problems()
    sources = GLSources({})
    try:
        with TextFile(path) as file:
            text = file.text()
        with suppress(TooManyProblemsError):
            sources = _sources(read_tree(text, problems), problems)
    except UnreadableFileError as error:
        raise GLSourcesFileError(
            f"The file of GL sources {path} can't be read: {error} (QBANK_GL_SOURCES_FILE says where it is)."
        ) from None
    if problems:
        raise GLSourcesFileError(
            f"The file of GL sources {path} has {problems.count}:{problems.listed(_MOST_SHOWN)}"
        )
    return sources


@cache
def _built_in_trees() -> Mapping[str, Node]:
    problems = Problems()
    trees = {}
    folder = files("qbank_ledger.recon") / "profiles"
    for file in sorted(folder.iterdir(), key=lambda file: (file.name != f"{PLAIN}.yaml", file.name)):
        if file.name.endswith(".yaml") and (tree := read_tree(file.read_text("utf-8"), problems)):
            trees[file.name.removesuffix(".yaml")] = tree
    _require_none(problems)
    return trees


@cache
def _built_in() -> Mapping[str, Profile]:
    problems = Problems()
    profiles = _profiles({}, problems)
    _require_none(problems)
    return profiles


def _require_none(problems: Problems) -> None:
    if problems:
        raise GLSourcesFileError(
            f"The built-in profiles have {problems.count}:{problems.listed(_MOST_SHOWN)}"
        )


def _sources(tree: Node | None, problems: Problems) -> GLSources:
    if tree is None or tree.text == "":
        return GLSources(_built_in())
    keys = tree.keys or {}
    for key, node in keys.items():
        if key not in ("profiles", "sources"):
            problems.add(node.line, f"unknown key {shown(key)} (known: profiles, sources)")
    own: dict[str, Node] = {}
    profiles, sources = keys.get("profiles"), keys.get("sources")
    if profiles and profiles.text != "":
        if profiles.keys is None:
            problems.add(profiles.line, "profiles must be a mapping of names to profiles")
        own = dict(profiles.keys or {})
    for name, node in own.items():
        if not _NAME.fullmatch(name):
            problems.add(
                node.line, "its name must be 1 to 64 of A-Z, a-z, 0-9, _ and -", f"profile {shown(name)}"
            )
        elif name in _built_in_trees():
            problems.add(
                node.line, "it is built in: give yours another name, and say like", f"profile {name}"
            )
    made = _profiles(own, problems)
    if sources and sources.text != "" and sources.items is None:
        problems.add(sources.line, "sources must be a list")
    entries = sources.items or [] if sources else []
    names = made.keys() | own.keys()
    return GLSources(made, tuple(_source(entry, n, names, problems) for n, entry in enumerate(entries, 1)))


def _profiles(own: Mapping[str, Node], problems: Problems) -> Mapping[str, Profile]:
    trees = {**_built_in_trees(), **own}
    if own:
        made = dict(_built_in())
    else:
        made, own = {}, trees
    for name, node in own.items():
        keys = _like(name, trees, problems)
        if keys is not None and (profile := Checks(name, problems).profile(keys, node.line)):
            made[name] = profile
    return made


def _like(name: str, trees: Mapping[str, Node], problems: Problems) -> Mapping[str, Node] | None:
    """A profile's keys over those of the one that it is like, and so on; None where that can't be told.

    A key without a value takes back what the other says.
    """
    chain = [name]
    while True:
        node = trees[chain[-1]]
        if node.keys is None:
            if len(chain) == 1:
                problems.add(node.line, "it must be a mapping of keys to values", f"profile {name}")
            return None
        like = node.keys.get("like")
        if like is None:
            break
        if not like.text or like.text not in trees:
            if len(chain) == 1:
                problems.add(
                    like.line,
                    f"like is {shown(like.text or '')}: name a profile that there is ({', '.join(trees)})",
                    f"profile {name}",
                )
            return None
        if like.text in chain:
            circle = " like ".join([*chain, like.text])
            problems.add(trees[name].line, f"like goes in a circle: {circle}", f"profile {name}")
            return None
        chain.append(like.text)
    merged: dict[str, Node] = {}
    for one in reversed(chain):
        kind, like_kind = (trees[one].keys or {}).get("kind"), _kind_of(merged)
        if merged and kind and kind.text != like_kind:
            if one == name:
                what = f"kind is {shown(kind.text or '')}, and what it is like is of kind {like_kind}"
                problems.add(kind.line, what, f"profile {name}")
            return None
        for key, node in (trees[one].keys or {}).items():
            below = merged.get(key)
            if key in MERGED and below and below.keys is not None and node.keys is not None:
                node = Node(node.line, node.kind, _filled({**below.keys, **node.keys}))  # noqa: PLW2901
            merged[key] = node
    return _filled(merged)


def _kind_of(keys: Mapping[str, Node]) -> str:
    return (keys["kind"].text if "kind" in keys else None) or "gl"


def _filled(keys: Mapping[str, Node]) -> dict[str, Node]:
    return {key: node for key, node in keys.items() if node.kind != "null"}


def _source(entry: Node, number: int, profiles: set[str], problems: Problems) -> BookSource:
    keys = entry.keys or {}
    texts = {key: node.text or "" for key, node in keys.items()}
    of = f"source {texts.get('name') or number}"
    known = ("name", "profile", "files", "connection", "sql")
    if entry.keys is None:
        problems.add(entry.line, "it must be a mapping of keys to values", of)
    for key, node in keys.items():
        if key not in known:
            problems.add(node.line, f"{key} is an unknown key (known: {', '.join(known)})", of)
        elif not node.text:
            problems.add(node.line, f"{key} must be a text", of)
    if entry.keys is not None and not _NAME.fullmatch(texts.get("name", "")):
        problems.add(entry.line, "name must be 1 to 64 of A-Z, a-z, 0-9, _ and -", of)
    profile = texts.get("profile", PLAIN)
    if profile not in profiles:
        problems.add(entry.line, f"profile is {shown(profile)}, and there is no such profile", of)
    if entry.keys is not None and {key for key in known[2:] if key in texts} not in (
        {"files"},
        {"connection", "sql"},
    ):
        problems.add(entry.line, "it must have files, or connection and sql", of)
    return BookSource(
        texts.get("name", ""), profile, texts.get("files"), texts.get("connection"), texts.get("sql")
    )
