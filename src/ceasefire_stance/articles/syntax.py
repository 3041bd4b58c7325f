"""What a dependency parse says of mentions: whose verb, and whether its subject or its object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ceasefire_stance.articles.mentions import Mention, lexicon
from ceasefire_stance.learning.cues import stance_cues

_SUBJECTS = ("nsubj", "csubj", "nsubjpass")
_THROUGH = {"poss", "compound", "nmod", "amod", "prep", "pobj", "appos", "conj", "agent"}
"""Relations inside a noun phrase or to one: what stands above them is looked for further up."""


class Word(NamedTuple):
    """A word of a parsed sentence.

    Parameters
    ----------
    start, end : int
        Offsets in the sentence.
    lemma, tag : str
        Base form in small letters, and coarse part of speech (``VERB``, ``NOUN``, …).
    relation : str
        To its head, in the labels of spaCy's English pipelines (``nsubj``, ``pobj``, …).
    head : int
        Number of its head in the sentence; its own for the root.
    """

    start: int
    end: int
    lemma: str
    tag: str
    relation: str
    head: int


def syntax_names(
    text: str, words: Sequence[Word], mentions: Sequence[Mention], stance: str
) -> list[list[str]]:
    """Names of features for each mention of a parsed sentence that has a position.

    Parameters
    ----------
    text : str
        The sentence.
    words : sequence of Word
        Its parse, in order.
    mentions : sequence of Mention
        Its mentions, in order.
    stance : str
        The stance that the sentence reports.

    Returns
    -------
    list of list of str
        One list per mention; empty for a mention that holds no word.
    """
    cues = stance_cues(text)
    own = [at for at, _, toward in cues if toward == stance] or [at for at, _, _ in cues]
    verbs = sorted({v for at in own if (v := _verb_of(words, _word_at(words, at))) is not None})
    roots = [_root(words, m.start, m.end) for m in mentions]
    return [
        [] if root is None else _names(words, root, mention, verbs, stance)
        for root, mention in zip(roots, mentions, strict=True)
    ]


def _names(
    words: Sequence[Word], root: int, mention: Mention, verbs: Sequence[int], stance: str
) -> list[str]:
    path, above = _path(words, root)
    verb = words[above].lemma if words[above].tag in ("VERB", "AUX") else "<noun>"
    role = " ".join(path[-3:])
    names = [f"role {role}", f"role {role} {mention.kind}", f"role {path[-1]} of {verb}"]
    speech = verb in lexicon()["speech"] or verb in ("say", "tell", "announce")
    if speech:
        names.append(f"role {path[-1]} of speech")
    best = min((_relation(words, root, path, above, v) for v in verbs), default="no cue")
    return [*names, f"cue: {best}", f"cue: {best} {mention.kind}", f"{stance} cue: {best}"]


def _relation(words: Sequence[Word], root: int, path: Sequence[str], above: int, verb: int) -> str:
    """How a mention stands to the verb of a cue; the names sort from near to far."""
    subject = _subject(words, verb)
    if subject is not None and root in _members(words, subject):
        passive = words[subject].relation == "nsubjpass"
        return "0 passive subject" if passive else "0 subject"
    if subject is not None and _within(words, root, subject):
        return "2 inside the subject"
    if above == verb:
        return f"1 {path[-1]} {path[-2] if len(path) > 1 else ''}".strip()
    if _within(words, verb, above):
        # It is said, wanted or done by somebody whose verb governs that of the cue.
        same = "its" if path[-1] in _SUBJECTS else path[-1]
        own = "another's" if subject is not None and not _within(words, subject, root) else "no"
        return f"3 above, {same}, {own} subject"
    return "4 below" if _within(words, above, verb) else "5 beside"


def _subject(words: Sequence[Word], verb: int) -> int | None:
    """Who does what a verb says: its subject, or that of the verb it hangs on."""
    seen: set[int] = set()
    while verb not in seen:
        seen.add(verb)
        for number, word in enumerate(words):
            if word.head != verb or number == verb:
                continue
            if word.relation in _SUBJECTS:
                if word.tag == "PRON" and words[verb].relation == "relcl":
                    return words[verb].head
                return number
        relation, head = words[verb].relation, words[verb].head
        if relation in ("relcl", "acl"):
            return head
        if relation == "xcomp":
            for number, word in enumerate(words):
                if word.head == head and word.relation in ("dobj", "dative"):
                    return number
        if relation not in ("conj", "xcomp", "advcl", "ccomp", "prep", "pcomp", "dobj", "pobj"):
            return None
        verb = head
    return None


def _members(words: Sequence[Word], number: int) -> set[int]:
    """A noun and those coordinated with it or beside it in apposition."""
    out, grown = {number}, True
    while grown:
        more = {i for i, w in enumerate(words) if w.head in out and w.relation in ("conj", "appos")}
        grown = not more <= out
        out |= more
    return out


def _path(words: Sequence[Word], number: int) -> tuple[list[str], int]:
    """The relations from a word up to one that is not inside a noun phrase, and its head."""
    path = [words[number].relation]
    seen = {number}
    while path[-1] in _THROUGH and (head := words[number].head) not in seen:
        if words[head].tag in ("VERB", "AUX"):
            break
        number = head
        seen.add(number)
        path.append(words[number].relation)
    return path, words[number].head


def _within(words: Sequence[Word], number: int, above: int) -> bool:
    """Whether `number` hangs on `above`, at any depth; a word hangs on itself."""
    seen: set[int] = set()
    while number not in seen:
        if number == above:
            return True
        seen.add(number)
        number = words[number].head
    return False


def _verb_of(words: Sequence[Word], number: int | None) -> int | None:
    """The verb that a word is or hangs on; the root where there is none."""
    seen: set[int] = set()
    while number is not None and number not in seen:
        if words[number].tag == "VERB":
            return number
        seen.add(number)
        number = words[number].head if words[number].head != number else None
    return max(seen, default=None, key=lambda i: words[i].head == i)


def _word_at(words: Sequence[Word], at: int) -> int | None:
    return next((i for i, w in enumerate(words) if w.end > at), None)


def _root(words: Sequence[Word], start: int, end: int) -> int | None:
    """The word of a span that all others of it hang on; the last of those, if there are several."""
    inside = [i for i, w in enumerate(words) if w.start < end and w.end > start]
    tops = [i for i in inside if words[i].head not in inside or words[i].head == i]
    return tops[-1] if tops else None
