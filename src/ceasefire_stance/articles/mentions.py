"""Mentions: the words of a sentence that could be somebody with a position."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from ceasefire_stance.articles.actors import Actor, Gazetteer, Match

WORD = re.compile(
    r"(?:Mr|Mrs|Ms|Dr|Gen|Lt|Col|Brig|Maj|Capt|Sen|Rep|Gov|Prof|Rev|Sgt|Adm|Hon)\.(?=\s)|"
    r"(?:[A-Za-z]\.){2,}|[A-Z]\.(?=\s[A-Z])|[^\W_]+(?:[-.’'&][^\W_]+)*(?:['’](?=\W|$))?|[^\w\s]"
)
ARTICLE_NAME = re.compile(r"^(?:al|el|an|ad|as|ash|ar)-[A-Z]")
"""How a name with the Arabic article begins: "al-Sadr"."""
_PLAIN_ADJECTIVE = re.compile(
    r"^(?:[a-z-]+(?:ist|ish|ern|ial|ical|ant|ary|ive|ous|ed|led|based|backed|controlled|held|aligned|"
    r"run|ing|al)|far-right|far-left|main|new|old|local|armed|rebel|senior|top|chief|right|left|"
    r"government|opposition|rival|ruling|key|young|smaller|larger|big|small|own|former|army|state|"
    r"military|police|church|human|rights|aid|peace|party|war|security|foreign|defence|defense|"
    r"hostage|Western|western|Arab|European|African|Gulf)$"
)
_ENDING = re.compile(r"['’](?:s|re|ve|ll|d|m)?$", re.IGNORECASE)
_PARTICLES = frozenset({"de", "del", "da", "bin", "ibn", "van", "von", "der", "la"})
_POSSESSIVE = ("’s", "'s", "’", "'")
_OWNING = tuple(f"{sign} " for sign in _POSSESSIVE)


@dataclass(frozen=True)
class Mention:
    """Words that could be a holder.

    Parameters
    ----------
    start, end : int
        Offsets in the sentence, end exclusive.
    text : str
        The words.
    kind : str
        ``pronoun``, ``name`` (in the gazetteer), ``person`` (in the gazetteer), ``adjective``
        (a role with a known adjective, "Russian officials"), ``role`` ("the rebels"),
        ``unknown`` (another name).
    actor : Actor or None
        The party that the words alone name.
    """

    start: int
    end: int
    text: str
    kind: str
    actor: Actor | None


@lru_cache(maxsize=1)
def lexicon() -> dict[str, frozenset[str]]:
    """The word lists of ``lexicon.toml``."""
    raw = files("ceasefire_stance.articles").joinpath("lexicon.toml").read_text(encoding="utf-8")
    return {name: frozenset(words.lower().split()) for name, words in tomllib.loads(raw).items()}


@dataclass(frozen=True)
class _Token:
    text: str
    start: int
    end: int

    @property
    def lower(self) -> str:
        return self.text.lower()

    @property
    def capital(self) -> bool:
        return self.text[0].isupper()


def tokens_of(text: str) -> list[_Token]:
    """Words and signs of `text` with their offsets; the end of "Kyiv's" or "we're" stands alone."""
    out = []
    for match in WORD.finditer(text):
        word, start = match.group(), match.start()
        cut = _ENDING.search(word)
        if cut and cut.start():
            out.append(_Token(word[: cut.start()], start, start + cut.start()))
            out.append(_Token(word[cut.start() :], start + cut.start(), match.end()))
        else:
            out.append(_Token(word, start, match.end()))
    return out


def mentions_of(
    text: str, gazetteer: Gazetteer, year: int | None = None, names: Collection[str] = ()
) -> list[Mention]:
    """Everybody in `text` who could be a holder, in order, none overlapping.

    Noun phrases are put together by a few rules from what is known of their words: names of the
    gazetteer, capitals, titles, roles, determiners. No parser is needed.

    Parameters
    ----------
    text : str
        A sentence.
    gazetteer : Gazetteer
        Who is who.
    year : int, optional
        Of the article, for leaders.
    names : collection of str
        Surnames that the article has introduced: they count at the head of a sentence too.
    """
    tokens = tokens_of(text)
    matches = [m for m in gazetteer.find(text, year) if not _anothers_name(m, text, tokens)]
    core = _cores(text, tokens, matches, names)
    shout = text.isupper()
    spans = _merged([_phrase(tokens, first, last, shout) for first, last in core], tokens)
    out = []
    for first, last in spans:
        start, end = tokens[first].start, tokens[last].end
        inside = [m for m in matches if m.start >= start and m.end <= end]
        out.append(_mention(text[start:end], start, end, inside))
    return out


def _anothers_name(match: Match, text: str, tokens: list[_Token]) -> bool:
    """Whether a known person's surname begins another's name: "Abbas" in "Abbas Lund"."""
    words = lexicon()
    if match.kind != "person" or " " in text[match.start : match.end] or text.isupper():
        return False
    follower = next((t for t in tokens if t.start >= match.end), None)
    return (
        follower is not None
        and text[match.end : follower.start] == " "
        and _is_name(follower)
        and follower.lower not in words["titles"] | words["roles"]
    )


def _cores(
    text: str, tokens: list[_Token], matches: list[Match], names: Collection[str]
) -> list[tuple[int, int]]:
    """Token ranges around which phrases are built: names, roles, pronouns."""
    words = lexicon()
    shout = text.isupper()
    taken = [False] * len(tokens)
    cores = []
    for match in matches:
        covered = [i for i, t in enumerate(tokens) if t.start >= match.start and t.end <= match.end]
        if covered:
            cores.append((covered[0], covered[-1]))
            for i in covered:
                taken[i] = True
    i = 0
    while i < len(tokens):
        token = tokens[i]
        if taken[i] or not token.text[0].isalnum():
            i += 1
            continue
        pronoun = token.lower in words["pronouns"] and token.text != "i"
        if pronoun or (token.lower in words["roles"] and not _is_verb(tokens, i)):
            cores.append((i, i))
        elif _is_name(token) and not shout:
            j = _name_end(tokens, i, taken)
            if j > i or not _opens(tokens, i) or token.text in names:
                cores.append((i, j))
            i = j
        i += 1
    return sorted(cores)


def _name_end(tokens: list[_Token], i: int, taken: list[bool]) -> int:
    """The last token of the name that begins at `i`: capitals, and "de" or "bin" between them."""
    end = i
    for j in range(i + 1, len(tokens)):
        if taken[j] or tokens[j].start - tokens[j - 1].end > 1:
            break
        if _is_name(tokens[j]):
            end = j
        elif tokens[j].text not in _PARTICLES:
            break
    return end


def _is_verb(tokens: list[_Token], i: int) -> bool:
    """Whether a word of the roles is used as a verb here ("to head", "will state", "says")."""
    before = tokens[i - 1].lower if i else ""
    return tokens[i].lower in ("head", "state", "states", "force", "forces", "house", "chief") and (
        before in ("to", "will", "would", "could", "can", "may", "might", "must", "who", "which")
    )


def _phrase(tokens: list[_Token], first: int, last: int, shout: bool) -> tuple[int, int]:
    """A core widened to its noun phrase: titles, adjectives and determiner before, name behind.

    In a sentence in capitals (`shout`) they say nothing about what belongs to a name.
    """
    words = lexicon()
    if tokens[first].lower in words["pronouns"]:
        return first, last
    name = tokens[first].capital
    while first > 0:
        before = tokens[first - 1]
        near = tokens[first].start - before.end <= 1
        if not near or not (before.text[0].isalnum() or before.text in _POSSESSIVE):
            break
        if before.text in _POSSESSIVE:
            owner = tokens[first - 2] if first > 1 else None
            if owner and (owner.capital or owner.lower in words["roles"]):
                first -= 2
                continue
            break
        if before.lower in words["determiners"]:
            # "several thousand", "all the": up to three of them.
            while first > 0 and tokens[first - 1].lower in words["determiners"]:
                first -= 1
            break
        wanted = (
            before.lower.rstrip(".") in words["titles"]
            or (not name and _is_adjective(tokens, first - 1))
            or (
                _is_name(before)
                and not _opens(tokens, first - 1)
                and not _accredited(tokens, first - 1)
            )
        )
        if not wanted or before.lower in words["speech"]:
            break
        first -= 1
        name = name and before.capital
    while last + 1 < len(tokens) and not _accredited(tokens, first):
        after = tokens[last + 1]
        if after.start - tokens[last].end > 1 or not after.text[0].isalnum():
            break
        role = after.lower in words["roles"] and tokens[last].capital
        if not (role or (_is_name(after) and not shout)):
            break
        last += 1
    return first, last


def _is_adjective(tokens: list[_Token], i: int) -> bool:
    """Whether a word before a noun belongs to it; in "he joined officials" it does not."""
    word = tokens[i].text
    if not _PLAIN_ADJECTIVE.match(word):
        return False
    verb = word.endswith(("ed", "ing")) and "-" not in word
    subject = tokens[i - 1] if verb and i else None
    return subject is None or not (
        (subject.capital and not _opens(tokens, i - 1)) or subject.lower in lexicon()["pronouns"]
    )


def _accredited(tokens: list[_Token], first: int) -> bool:
    """Whether a phrase is what somebody is ambassador or envoy *to*: the name behind is not its."""
    before = [t.lower for t in tokens[max(first - 2, 0) : first]]
    return bool(before) and before[-1] == "to" and before[0] in ("ambassador", "envoy", "minister")


def _is_name(token: _Token) -> bool:
    if ARTICLE_NAME.match(token.text):
        return True
    return token.capital and token.lower not in lexicon()["not_names"]


def _opens(tokens: list[_Token], i: int) -> bool:
    """Whether a word opens the sentence or a quote, where a capital says nothing."""
    return i == 0 or tokens[i - 1].text in ("“", '"', "‘", ":", "—", "–")


def _merged(spans: list[tuple[int, int]], tokens: list[_Token]) -> list[tuple[int, int]]:
    """Overlapping phrases become one; so do a role and what belongs to it behind it."""
    out: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if out and first <= out[-1][1]:
            out[-1] = (out[-1][0], max(last, out[-1][1]))
        elif out and (_goes_on(tokens, out[-1], first) or _apposed(tokens, out[-1], (first, last))):
            out[-1] = (out[-1][0], last)
        else:
            out.append((first, last))
    return out


def _goes_on(tokens: list[_Token], left: tuple[int, int], first: int) -> bool:
    """Whether a role goes on with "of …", "in …": a spokesman *of* somebody is one phrase."""
    between = [t.lower for t in tokens[left[1] + 1 : first]]
    last = tokens[left[1]]
    # "Leaders of …": the capital of a word that opens the sentence makes it no name.
    plain = last.text.islower() or (left[0] == left[1] and _opens(tokens, left[1]))
    # "The Government of Israel", but not "Foreign Secretary in Paris".
    links = ("of", "for", "from", "with", "at", "in") if plain else ("of",)
    return (
        last.lower in lexicon()["roles"]
        and len(between) == 1
        and between[0] in links
        and tokens[first].lower not in lexicon()["pronouns"]
    )


def _apposed(tokens: list[_Token], left: tuple[int, int], right: tuple[int, int]) -> bool:
    """Whether a role is followed by its holder's name: "Santa Tecla's mayor, Oscar Ortiz,"."""
    between = [t.text for t in tokens[left[1] + 1 : right[0]]]
    name = all(_is_name(t) or t.text in (".",) for t in tokens[right[0] : right[1] + 1])
    closed = right[1] + 1 >= len(tokens) or tokens[right[1] + 1].text == ","
    one = tokens[left[1]].lower in lexicon()["person_roles"] | lexicon()["offices"]
    return between == [","] and name and closed and one


def _mention(words: str, start: int, end: int, inside: list[Match]) -> Mention:
    lower = words.lower()
    if lower in lexicon()["pronouns"]:
        return Mention(start, end, words, "pronoun", None)
    # Within a phrase the institution decides over the person and a name over an adjective, but the
    # whole name of a person over where he is from; a group over the state it stands in ("Congo's
    # M23 rebels"); then the first.
    whole = [
        m for m in inside if m.kind == "person" and " " in words[m.start - start : m.end - start]
    ]
    owners = [m for m in inside if m.kind == "name"]
    if whole and not owners:
        return Mention(start, end, words, "person", whole[0].actor)
    # "Norland's Eva Lund" is she.
    owned = all(words[m.end - start :].startswith(_OWNING) for m in owners)
    if whole and owned and whole[-1].end == end:
        return Mention(start, end, words, "person", whole[-1].actor)
    for kind in ("name", "adjective", "person"):
        of_kind = sorted(
            (m for m in inside if m.kind == kind), key=lambda m: m.actor.kind == "state"
        )
        if of_kind:
            return Mention(start, end, words, kind, of_kind[0].actor)
    last = lower.split()[-1]
    role = last in lexicon()["roles"] or any(w in lexicon()["roles"] for w in lower.split())
    return Mention(start, end, words, "role" if role else "unknown", None)
