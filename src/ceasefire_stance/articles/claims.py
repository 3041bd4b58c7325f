"""From the sentences of an article and their stances to claims: who, what, on which terms."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ceasefire_stance.articles.actors import Gazetteer, year_of
from ceasefire_stance.articles.conditions import (
    clause_spans,
    condition_span,
    is_past,
    is_threat,
)
from ceasefire_stance.articles.coreference import Discourse
from ceasefire_stance.articles.holders import HolderModel, Ranked, choose_holders, rank_mentions
from ceasefire_stance.articles.mentions import Mention, lexicon, mentions_of
from ceasefire_stance.articles.parsing import Parser
from ceasefire_stance.articles.speech import speaker_of
from ceasefire_stance.articles.tagging import (
    Tag,
    heard,
    position_of,
    probabilities_of,
    tags_of,
    with_tagged,
)
from ceasefire_stance.corpus.stances import PROBABILITY_COLUMNS, STANCES, Stance
from ceasefire_stance.learning.doubt import DoubtRule
from ceasefire_stance.learning.predicting import predict_with
from ceasefire_stance.learning.store import Model
from ceasefire_stance.reading.segmentation import sentence_spans

OWN, OTHERS = "self", "others"
NOW, PAST = "now", "past"
CLAIM_COLUMNS = (
    "claim_id", "sentence_id", "article_id", "position", "published", "outlet", "title", "text",
    "start", "end", "stance", "probability", "abstained", *PROBABILITY_COLUMNS,
    "holder", "holder_start", "holder_end", "holder_probability",
    "actor", "actor_kind", "iso3", "cow", "gwno",
    "condition", "condition_start", "condition_end", "source", "when",
)  # fmt: skip
_WORD = re.compile(r"[^\W_]+")
_UNSURE = re.compile(r"\b(?:un|not )(?:clear|known|certain) (?:if|whether)\b", re.IGNORECASE)


@dataclass(frozen=True)
class ClaimReader:
    """All that is needed to read claims.

    Parameters
    ----------
    stances : Model
        Gives each sentence its stance.
    holders : HolderModel
        Fitted `make_holder_model`, or one of the baselines.
    gazetteer : Gazetteer
        Who is who.
    parser : callable, optional
        From `load_parser`, if `holders` was trained with it.
    tagging : bool
        Whether the network of `stances`, if there is one, is asked who holds which position.
    """

    stances: Model
    holders: HolderModel
    gazetteer: Gazetteer
    parser: Parser | None = None
    tagging: bool = True


def read_claims_of(
    sentences: pd.DataFrame, predictions: pd.DataFrame, reader: ClaimReader
) -> pd.DataFrame:
    """The claims of articles.

    Parameters
    ----------
    sentences : DataFrame
        Sentences frame in reading order, with `title`, `published`, `outlet`, `start`, `end` where
        there are any.
    predictions : DataFrame
        Predictions frame of the same rows.
    reader : ClaimReader
        Models and gazetteer.

    Returns
    -------
    DataFrame
        One row per claim, the columns `CLAIM_COLUMNS`: `probability` is that of `stance` in
        [0, 1]; `start`, `end`, `holder_start` … are offsets in the article's text (-1 where the
        words do not stand in it); `holder` is "" when it is named outside the sentence; `actor` is
        the party, or where that is not known the holder's words (of a person the full name without
        titles); `source` is ``self`` when the holder's own side says it and ``others`` when
        somebody else reports it; `when` is
        ``now`` or ``past``; `abstained`
        says whether the model would rather not answer (see `learning.doubt`).
    """
    rows: list[dict[str, Any]] = []
    frame = sentences.reset_index(drop=True)
    saved = reader.stances.info.get("doubt") if reader.stances else None
    thresholds = DoubtRule.from_dict(saved).thresholds if saved else {}
    for _, part in frame.groupby("article_id", sort=False):
        rows += _article(part, predictions.loc[part.index], reader)
    for row in rows:
        row["abstained"] = row["probability"] < thresholds.get(row["stance"], 0.0)
    return pd.DataFrame(rows, columns=list(CLAIM_COLUMNS))


def _article(
    sentences: pd.DataFrame, predictions: pd.DataFrame, reader: ClaimReader
) -> list[dict[str, Any]]:
    discourse = Discourse(reader.gazetteer)
    rows: list[dict[str, Any]] = []
    records: list[dict[str, Any]] = [
        {str(k): v for k, v in record.items()} for record in sentences.to_dict("records")
    ]
    guesses = predictions[list(PROBABILITY_COLUMNS)].to_numpy()
    answers = [str(stance) for stance in predictions["stance"]]
    tags = _tags(sentences, answers, reader)
    year = year_of(records[0].get("published"))
    title, context = (str(records[0].get(name) or "") for name in ("title", "context"))
    discourse.setting.skim(title, [context, *(str(record["text"]) for record in records)], year)
    last = None
    for number, (sentence, stance, probabilities) in enumerate(
        zip(records, answers, guesses, strict=True)
    ):
        text = str(sentence["text"])
        if last is None or sentence["position"] != last + 1:
            _catch_up(discourse, sentence, reader.gazetteer, year)
        last = sentence["position"]
        mentions = mentions_of(text, reader.gazetteer, year, discourse.names)
        if stance != Stance.NONE:
            here = tags.get(number)
            if here is not None:
                mentions = with_tagged(text, mentions, here)
            rows += _claims(sentence, stance, probabilities, mentions, discourse, reader, here)
        discourse.read(text, mentions)
    return rows


def _tags(
    sentences: pd.DataFrame, answers: Sequence[str], reader: ClaimReader
) -> dict[int, list[Tag]]:
    """Row number → tags of the sentences that carry a claim, if there is a network to ask."""
    rows = np.flatnonzero([answer != Stance.NONE for answer in answers])
    if not (reader.tagging and reader.stances and len(rows)):
        return {}
    asked = sentences.iloc[rows].reindex(columns=["text", "context"]).astype(object).fillna("")
    found = tags_of(asked, reader.stances.pipeline)
    return dict(zip(rows.tolist(), found, strict=True)) if found else {}


def _catch_up(
    discourse: Discourse, sentence: dict[str, Any], gazetteer: Gazetteer, year: int | None
) -> None:
    """Read what stands before a sentence whose predecessor is not among the rows."""
    title = str(sentence.get("title") or "")
    if title and title != sentence["text"] and not discourse.sentences:
        discourse.read(title, mentions_of(title, gazetteer, year))
        discourse.speaker = None
    context = str(sentence.get("context") or "")
    for start, end in sentence_spans(context):
        before = context[start:end]
        discourse.read(before, mentions_of(before, gazetteer, year))


def _nobody_knows(text: str, place: tuple[int, int]) -> bool:
    """Whether a clause says that a position is not known (an outsider's view, rule 2)."""
    return _UNSURE.search(text, *place) is not None


def _claims(
    sentence: dict[str, Any],
    stance: str,
    probabilities: np.ndarray,
    mentions: Sequence[Mention],
    discourse: Discourse,
    reader: ClaimReader,
    tags: list[Tag] | None = None,
) -> list[dict[str, Any]]:
    text = str(sentence["text"])
    if stance == Stance.CONDITIONAL and is_threat(text):
        stance, probabilities = str(Stance.ACCEPTS), _urging(probabilities)
    words = reader.parser(text) if reader.parser else None
    ranked = _without_outsiders(rank_mentions(reader.holders, text, mentions, stance, words))
    if tags is not None:
        ranked = heard(ranked, tags)
    chosen = choose_holders(ranked, text)
    if mentions and not chosen:
        return []
    if not chosen:
        if _nobody_knows(text, (0, len(text))):
            return []
        return [_row(sentence, 0, stance, probabilities, None, discourse, mentions, (0, len(text)))]
    clauses = clause_spans(text)
    chosen = _without_reporter(chosen, text, mentions, clauses, discourse)
    chosen = [r for r in chosen if not _nobody_knows(text, _clause_of(r.mention, clauses))]
    places = [_clause_of(r.mention, clauses) for r in chosen]
    unsaid = {place for r, place in zip(chosen, places, strict=True) if position_of(r) is None}
    own = _clause_stances(sentence, places, reader) if unsaid and len(set(places)) > 1 else {}
    rows: list[dict[str, Any]] = []
    for one, place in zip(chosen, places, strict=True):
        mine, values = own.get(place, (stance, probabilities))
        tagged = position_of(one) if len(chosen) > 1 else None
        if tagged:
            mine, values = tagged, probabilities_of(one, probabilities)
        if mine == Stance.NONE:
            told = any(found == stance for found, _ in own.values())
            if told or one is not max(chosen, key=lambda r: r.probability):
                continue
            mine, values = stance, probabilities
        row = _row(sentence, len(rows), mine, values, one, discourse, mentions, place)
        # "The Kremlin … Moscow": two mentions of one party with one stance are one claim.
        if not any((r["actor"], r["stance"]) == (row["actor"], row["stance"]) for r in rows):
            rows.append(row)
    return rows


def _urging(probabilities: np.ndarray) -> np.ndarray:
    """Probabilities, shape (4,), with what was taken for a condition read as urging."""
    out = np.array(probabilities, dtype=float)
    accepts, conditional = (STANCES.index(s) for s in (Stance.ACCEPTS, Stance.CONDITIONAL))
    out[accepts] += out[conditional]
    out[conditional] = 0.0
    return out


def _without_reporter(
    chosen: list[Ranked],
    text: str,
    mentions: Sequence[Mention],
    clauses: list[tuple[int, int]],
    discourse: Discourse,
) -> list[Ranked]:
    """The holders without one who only says what another holder's position is."""
    number = speaker_of(text, mentions)
    speaker = mentions[number] if number is not None else None
    if speaker is None or all(r.mention is not speaker for r in chosen):
        return chosen
    around = text[speaker.end :].split(maxsplit=2)[:2] + text[: speaker.start].split()[-1:]
    if not {w.strip('.,”"').lower() for w in around} & lexicon()["reports"]:
        return chosen
    all_mentions = list(mentions)
    theirs = discourse.actor_of(all_mentions.index(speaker), mentions, text)
    place = _clause_of(speaker, clauses)
    for other in chosen:
        actor = discourse.actor_of(all_mentions.index(other.mention), mentions, text)
        apart = actor is not None and actor != theirs and speaker.kind != "pronoun"
        if apart and other.mention is not speaker and _clause_of(other.mention, clauses) == place:
            return [r for r in chosen if r.mention is not speaker]
    return chosen


def _without_outsiders(ranked: list[Ranked]) -> list[Ranked]:
    """All but analysts and observers: their own view is nobody's position (rule 6)."""
    outsiders = lexicon()["outsiders"]
    return [r for r in ranked if not set(_WORD.findall(r.mention.text.lower())) & outsiders]


def _clause_of(mention: Mention, clauses: list[tuple[int, int]]) -> tuple[int, int]:
    return next((c for c in clauses if c[0] <= mention.start < c[1]), clauses[-1])


def _clause_stances(
    sentence: dict[str, Any], places: list[tuple[int, int]], reader: ClaimReader
) -> dict[tuple[int, int], tuple[str, np.ndarray]]:
    """The stance of each clause by itself, after the context and the sentence it is from."""
    unique = sorted(set(places))
    text = str(sentence["text"])
    # What a clause is about is often named in another one.
    context = f"{sentence.get('context') or ''} {text}".strip()
    frame = pd.DataFrame(
        {
            "sentence_id": [str(i) for i in range(len(unique))],
            "text": [text[a:b].strip() for a, b in unique],
            "context": context,
        }
    )
    found = predict_with(frame, reader.stances.pipeline)
    values = found[list(PROBABILITY_COLUMNS)].to_numpy()
    return {
        place: (str(stance), row)
        for place, stance, row in zip(unique, found["stance"], values, strict=True)
    }


def _row(
    sentence: dict[str, Any],
    number: int,
    stance: str,
    probabilities: np.ndarray,
    ranked: Ranked | None,
    discourse: Discourse,
    mentions: Sequence[Mention],
    place: tuple[int, int],
) -> dict[str, Any]:
    text = str(sentence["text"])
    holder = ranked.mention if ranked else None
    offset = int(sentence.get("start", -1))
    actor = None
    name = ""
    if holder is not None:
        actor = discourse.actor_of(list(mentions).index(holder), mentions, text)
        # An unresolved "he" is nobody that another sentence could mean too.
        own = "" if holder.kind == "pronoun" else discourse.own_name(holder)
        name = actor.name if actor else own
    elif discourse.speaker:
        actor, name = discourse.speaker, discourse.speaker.name
    condition = condition_span(text, *place) if stance == Stance.CONDITIONAL else None
    at = {}
    for key, span in (
        ("holder", (holder.start, holder.end) if holder else None),
        ("condition", condition),
    ):
        known = span is not None and offset >= 0
        at[f"{key}_start"] = offset + span[0] if known and span else -1
        at[f"{key}_end"] = offset + span[1] if known and span else -1
    return {
        "claim_id": f"{sentence['sentence_id']}#{number}",
        **{k: sentence.get(k, "") for k in ("sentence_id", "article_id", "position")},
        **{k: sentence.get(k) or "" for k in ("published", "outlet", "title")},
        "text": text,
        "start": offset,
        "end": int(sentence.get("end", -1)),
        "stance": str(stance),
        "probability": float(probabilities[STANCES.index(stance)]),
        "abstained": False,
        **dict(zip(PROBABILITY_COLUMNS, map(float, probabilities), strict=True)),
        "holder": holder.text if holder else "",
        "holder_probability": ranked.probability if ranked else 0.0,
        "actor": name,
        "actor_kind": actor.kind if actor else "",
        **{k: getattr(actor, k) if actor else "" for k in ("iso3", "cow", "gwno")},
        "condition": text[condition[0] : condition[1]] if condition else "",
        **at,
        "source": _source(text, holder, mentions, discourse),
        "when": PAST if is_past(text, *place) else NOW,
    }


def _source(
    text: str, holder: Mention | None, mentions: Sequence[Mention], discourse: Discourse
) -> str:
    """Whether the holder's own side says it, or somebody else says it of the holder."""
    said_by = speaker_of(text, mentions)
    if said_by is None or holder is None or mentions[said_by] is holder:
        return OWN
    after = text[holder.end :].split(maxsplit=1)[:1]
    if after and after[0].lower() in lexicon()["speech"]:
        return OWN
    all_mentions = list(mentions)
    theirs = discourse.actor_of(said_by, mentions, text)
    ours = discourse.actor_of(all_mentions.index(holder), mentions, text)
    if mentions[said_by].kind == "pronoun" or (theirs is not None and theirs == ours):
        return OWN
    return OTHERS if theirs != ours or theirs is None else OWN
