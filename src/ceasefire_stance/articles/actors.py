"""The gazetteer: which party a few words of an article speak for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from ceasefire_stance.articles.actor_tables import (
    PERSON,
    actors_file,
    extend_rows,
    read_rows,
    split_cell,
)
from ceasefire_stance.corpus.errors import DataError

GRACE_YEARS = 2
"""How many years before and after a term of office a name still means the office."""
SHORT = 5
"""Names of so many letters or fewer are others in capitals: "who", "WHO"."""
TOKEN = re.compile(r"(?:[A-Za-z]\.){2,}|[^\W_]+(?:[-.’'&][^\W_]+)*")
_POSSESSIVE = re.compile(r"(?:['’]s?)$")


@dataclass(frozen=True)
class Actor:
    """A party that can hold a position.

    Parameters
    ----------
    name : str
        Its one spelling in all outputs.
    kind : str
        ``state``, ``armed group``, ``party``, ``body``, ``organisation``, ``opposition``, or
        whatever word a user's own table has; "" for an actor that is not in the gazetteer and is
        known by its words only.
    iso3, cow, gwno : str
        Keys to join other data by: of a state its ISO 3166-1 alpha-3 code and its numbers in the
        state lists of the Correlates of War project and of Gleditsch and Ward, else "".
    """

    name: str
    kind: str = ""
    iso3: str = ""
    cow: str = ""
    gwno: str = ""


@dataclass(frozen=True)
class Match:
    """Words of a text that stand in the gazetteer.

    Parameters
    ----------
    start, end : int
        Offsets in the text, end exclusive, a possessive ending left out.
    actor : Actor
        The party meant.
    kind : str
        ``name``, ``adjective`` ("Russian") or ``person``.
    """

    start: int
    end: int
    actor: Actor
    kind: str


@dataclass(frozen=True)
class _Entry:
    actor: Actor
    kind: str
    since: int
    until: int

    def distance(self, year: int | None, grace: int = GRACE_YEARS) -> int:
        """Years outside the term of office and `grace` around it; 0 where no year is known."""
        if year is None:
            return 0
        return max(self.since - grace - year, year - self.until - grace, 0)


class Gazetteer:
    """Actors by their names, aliases and adjectives.

    Parameters
    ----------
    rows : iterable of dict
        Rows with the columns of ``data/actors.csv``, each name once; see `read_rows`, and
        `extend_rows` for putting two tables together. Where two rows claim the same word, a name
        comes before a person's, the person nearest to office before others, then the earlier row.
    source : str
        Name of the table, for messages.

    Raises
    ------
    DataError
        If a name comes twice, or a person speaks for an actor that is not in the table.
    """

    def __init__(self, rows: Iterable[dict[str, str]], source: str = "the gazetteer") -> None:
        by_name: dict[str, dict[str, str]] = {}
        for row in rows:
            if row["name"] in by_name:
                raise DataError(
                    f"{source}: found {row['name']!r} twice; expected each name once. Put the two "
                    "rows together, or tables with extend_rows."
                )
            by_name[row["name"]] = row
        self.actors = {
            name: Actor(name, row["kind"], row["iso3"], row["cow"], row["gwno"])
            for name, row in by_name.items()
            if row["kind"] != PERSON
        }
        self._entries: dict[tuple[str, ...], list[_Entry]] = {}
        self._longest = 1
        self.adjectives = {
            row["name"]: tuple(split_cell(row["adjectives"])) for row in by_name.values()
        }
        for name, row in by_name.items():
            if row["kind"] == PERSON and row["actor"] not in self.actors:
                raise DataError(
                    f"{source}: {name} speaks for {row['actor']!r}; expected the name of another "
                    "row. Add that actor or correct the spelling."
                )
            self._add(row)

    def _add(self, row: dict[str, str]) -> None:
        person = row["kind"] == PERSON
        actor = self.actors[row["actor"] if person else row["name"]]
        since = int(row["since"] or 0)
        until = int(row["until"] or 9999)
        for alias in (row["name"], *split_cell(row["aliases"])):
            self._put(alias, _Entry(actor, PERSON if person else "name", since, until))
        for adjective in split_cell(row["adjectives"]):
            self._put(adjective, _Entry(actor, "adjective", since, until))

    def _put(self, alias: str, entry: _Entry) -> None:
        key = tuple(_key(m.group()) for m in TOKEN.finditer(alias))
        if len(key) > 2 and key[1] == "of" and alias[0].isupper():
            # "The archbishop of York" in a paper's house style.
            self._put(alias[0].lower() + alias[1:], entry)
        if key:
            entries = self._entries.setdefault(key, [])
            if entry not in entries:
                entries.append(entry)
            self._longest = max(self._longest, len(key))

    def find(self, text: str, year: int | None = None) -> list[Match]:
        """The actors named in `text`, in order, the longest names first where they overlap.

        Parameters
        ----------
        year : int, optional
            Year of the article: a leader's name counts only near the years in office, and decides
            between namesakes.
        """
        tokens = list(TOKEN.finditer(text))
        shout = text.isupper()
        keys = [_key(m.group()) for m in tokens]
        found = []
        i = 0
        while i < len(tokens):
            for n in range(min(self._longest, len(tokens) - i), 0, -1):
                entry = self._lookup(tuple(keys[i : i + n]), year, shout)
                if entry:
                    last = tokens[i + n - 1]
                    end = last.end() - len(last.group()) + len(_bare(last.group()))
                    found.append(Match(tokens[i].start(), end, entry.actor, entry.kind))
                    i += n - 1
                    break
            i += 1
        return found

    def resolve(self, name: str, year: int | None = None) -> Actor | None:
        """The actor whose name or alias `name` is, or None."""
        key = tuple(_key(m.group()) for m in TOKEN.finditer(name))
        if key and key[0] == "the":
            key = key[1:]
        entry = self._lookup(key, year, name.isupper() and len(name) > SHORT)
        return entry.actor if entry else None

    def _lookup(self, key: tuple[str, ...], year: int | None, shout: bool) -> _Entry | None:
        entries = self._entries.get(key) or (self._shouted().get(key) if shout else None) or []
        known = [e for e in entries if e.distance(year) == 0]
        # A name without a person in office, but with one who was, still means that person's side.
        pool = known or [e for e in entries if e.distance(year) < 15]
        return min(
            pool,
            key=lambda e: (e.kind == PERSON, e.distance(year), e.distance(year, grace=0)),
            default=None,
        )

    def _shouted(self) -> dict[tuple[str, ...], list[_Entry]]:
        if not hasattr(self, "_upper"):
            self._upper = {tuple(t.upper() for t in k): v for k, v in self._entries.items()}
        return self._upper


@lru_cache(maxsize=4)
def load_gazetteer(extra: str | None = None) -> Gazetteer:
    """The project's gazetteer, and with it a user's table of the same columns.

    Parameters
    ----------
    extra : str, optional
        A CSV file as `read_rows` describes it. A row with the name of one of ours extends ours,
        any other is a new actor; see `extend_rows`.

    Raises
    ------
    DataError
        If the table cannot be used.
    """
    rows = read_rows(actors_file())
    if extra:
        rows = extend_rows(rows, read_rows(extra, {row["name"] for row in rows}))
    return Gazetteer(rows, extra or str(actors_file()))


def year_of(published: object) -> int | None:
    """The year of an ISO date, or None."""
    text = str(published or "")
    return int(text[:4]) if re.match(r"\d{4}", text) else None


def _bare(token: str) -> str:
    return _POSSESSIVE.sub("", token) or token


def _key(token: str) -> str:
    """A token as it is compared: no possessive, full stops ("U.S." is "US") or accents."""
    plain = _bare(token).replace(".", "").replace("’", "'")
    if not plain.isascii():
        letters = unicodedata.normalize("NFKD", plain)
        plain = "".join(c for c in letters if not unicodedata.combining(c))
    return plain.lower() if plain in ("Al", "El", "The") else plain
