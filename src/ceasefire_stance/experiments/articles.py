"""The reader of articles: its holder model trained, and the whole chain measured."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.pipeline import Pipeline

from ceasefire_stance.articles.actors import SHORT, Gazetteer, load_gazetteer, year_of
from ceasefire_stance.articles.claims import ClaimReader, read_claims_of
from ceasefire_stance.articles.holders import (
    FirstNamedActor,
    SentenceSubject,
    gold_labels,
    holder_features,
    make_holder_model,
)
from ceasefire_stance.articles.mentions import mentions_of
from ceasefire_stance.articles.parsing import (
    Parser,
    load_parser,
    parser_installed,
    parser_version,
)
from ceasefire_stance.articles.readings import HOLDER_MODEL, PARSED_HOLDER_MODEL
from ceasefire_stance.corpus.manifest import corpus_fingerprint, read_claims
from ceasefire_stance.corpus.sentences import sentences_from_claims, single_stance, with_context
from ceasefire_stance.corpus.stances import PROBABILITY_COLUMNS, STANCES, Stance
from ceasefire_stance.corpus.tables import read_table
from ceasefire_stance.evaluation.claims import (
    chain_difference,
    chain_scores,
    holder_difference,
    holder_scores,
)
from ceasefire_stance.experiments.running import Inputs
from ceasefire_stance.experiments.training import refit
from ceasefire_stance.learning.cards import holder_card
from ceasefire_stance.learning.recipes import Recipe
from ceasefire_stance.learning.store import Model, save_model

METHODS = ("holder model", "first named actor", "subject of the sentence")
"""How holders are found: the trained model, and the two baselines."""
PARSED = "holder model with a parser"
"""The model that learns from parses as well: measured where the extra ``parser`` is installed."""
_TOGETHER = re.compile(r",\s+and\s+|,\s+|\s+and\s+")
# Organs that speak for their state, unless the gazetteer has them as parties of their own.
_ORGAN = re.compile(
    r"(?:government|army|armed forces|authorities) of (?:the )?(?P<of>.+)"
    r"|(?P<whose>.+?) (?:government|army|armed forces|authorities)",
    re.IGNORECASE,
)
_DROPPED = re.compile(r"^(?:the|a|an|some|many|several)\s+", re.IGNORECASE)


def train_holders(
    claims: pd.DataFrame, gazetteer: Gazetteer, parser: Parser | None = None
) -> Pipeline:
    """Fit the holder model on the training split of `claims` (one row per claim)."""
    rows = claims[(claims["split"] == "train") & (claims["stance"] != Stance.NONE)]
    X: list[dict[str, float]] = []
    y: list[str] = []
    for _, part in rows.groupby("sentence_id", sort=False):
        head = part.iloc[0]
        text = str(head["text"])
        mentions = mentions_of(text, gazetteer, year_of(head["published"]))
        labels = gold_labels(text, mentions, [h for h in part["holder"] if h])
        words = parser(text) if parser else None
        features = holder_features(text, mentions, str(head["stance"]), words)
        for one, label in zip(features, labels, strict=True):
            if label is not None:
                X.append(one)
                y.append(label)
    return make_holder_model().fit(X, y)


def actor_key(name: str, gazetteer: Gazetteer) -> str:
    """What two spellings of one party have in common: its name in the gazetteer, else its words.

    Of several parties together ("Qatar and Egypt") it is their names in the order of the alphabet.
    """
    plain = re.sub(r"\s*\([^)]*\)", "", str(name))
    # "CPN (Maoist)" is a name; "Israel (army)" is one with a remark.
    known = _known(str(name), gazetteer) or _known(plain, gazetteer)
    if known:
        return known
    parts = [_known(part, gazetteer) for part in _TOGETHER.split(plain)]
    if len(parts) > 1 and all(parts):
        return " and ".join(sorted(part for part in parts if part))
    return _DROPPED.sub("", plain.strip()).strip().casefold()


def _known(words: str, gazetteer: Gazetteer) -> str | None:
    """The name in the gazetteer of the actor that `words`, all of them, are a spelling of."""
    plain = _DROPPED.sub("", words.strip()).strip()
    # Annotators write "anti-balaka" and "Anti-balaka": capitals tell no two parties apart here.
    known = gazetteer.resolve(plain)
    if known is None and len(plain) > SHORT:
        known = gazetteer.resolve(plain.upper())
    if known is None:
        named = gazetteer.find(plain)
        whole = [m for m in named if m.start == 0 and m.end == len(plain)]
        known = whole[0].actor if whole else None
    if known is None:
        of = _ORGAN.fullmatch(plain)
        state = gazetteer.resolve(of.group("of") or of.group("whose")) if of else None
        known = state if state and state.kind == "state" else None
    return known.name if known else None


def score_reading(
    sets: dict[str, pd.DataFrame],
    predictions: dict[str, pd.DataFrame],
    reader: ClaimReader,
    parsed: ClaimReader | None = None,
) -> dict[str, Any]:
    """Holders, actors and the whole chain on sets of gold claims.

    Parameters
    ----------
    sets : dict
        Name → gold claims, one row per claim, with `text`, `context`, `title`, `published`,
        `position`, `holder`, `actor`, `stance`, in reading order.
    predictions : dict
        Name → predictions frame of the sentences of the set.
    reader : ClaimReader
        What reads.
    parsed : ClaimReader, optional
        What reads with a parser: one method more.

    Returns
    -------
    dict
        Set → ``holders`` (method → `holder_scores`, given the gold stance), ``chain``
        (method → `chain_scores`, with predicted stances) and ``ahead`` (other method → how far
        the holder model is ahead of it in ``actor_accuracy`` and ``chain_f1``, on the same
        resamples).
    """
    out: dict[str, Any] = {}
    for name, gold in sets.items():
        sentences = sentences_from_claims(gold)
        keyed = _keyed(gold[gold["stance"] != Stance.NONE], reader.gazetteer)
        articles = sorted(set(gold["article_id"]))
        readers = {
            METHODS[0]: reader,
            **({PARSED: parsed} if parsed else {}),
            METHODS[1]: replace(reader, holders=FirstNamedActor(), tagging=False),
            METHODS[2]: replace(reader, holders=SentenceSubject(), tagging=False),
        }
        guesses = predictions[name].set_index("sentence_id").loc[sentences["sentence_id"]]
        scores: dict[str, Any] = {"holders": {}, "chain": {}, "ahead": {}}
        ours: list[pd.DataFrame] = []
        for method, one in readers.items():
            given = _keyed(read_claims_of(sentences, _certain(sentences), one), reader.gazetteer)
            whole = _keyed(read_claims_of(sentences, guesses.reset_index(), one), reader.gazetteer)
            scores["holders"][method] = holder_scores(keyed, given)
            scores["chain"][method] = chain_scores(keyed, whole, articles)
            # The first of the methods is ours; those after it are set against it.
            ours = ours or [given, whole]
            if method != METHODS[0]:
                scores["ahead"][method] = {
                    "actor_accuracy": holder_difference(keyed, ours[0], given),
                    "chain_f1": chain_difference(keyed, ours[1], whole, articles),
                }
        out[name] = scores
    plain: dict[str, Any] = json.loads(json.dumps(out))
    return plain


def _keyed(claims: pd.DataFrame, gazetteer: Gazetteer) -> pd.DataFrame:
    return claims.assign(actor=[actor_key(a, gazetteer) for a in claims["actor"]])


def _certain(sentences: pd.DataFrame) -> pd.DataFrame:
    """A predictions frame that is sure of the gold stances."""
    values = {
        column: (sentences["stance"] == stance).astype(float)
        for column, stance in zip(PROBABILITY_COLUMNS, STANCES, strict=True)
    }
    columns = {k: sentences[k] for k in ("sentence_id", "stance")}
    return pd.DataFrame({**columns, **values}).reset_index(drop=True)


def measure_reading(
    inputs: Inputs,
    claims: dict[str, pd.DataFrame],
    predictions: pd.DataFrame,
    recipe: Recipe,
    chosen: dict[str, Any],
    seed: int,
    earlier: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Train the holder model afresh and measure the whole chain.

    The model that learns from parses is measured too where the parser is installed; where it is
    not, its figures are those of `earlier`.

    Parameters
    ----------
    inputs : Inputs
        Training sentences, for the model that gives stances to clauses.
    claims : dict
        ``corpus`` (all claims of the corpus) and, if at hand, ``real_news``.
    predictions : DataFrame
        Published predictions of `recipe`: `set`, `sentence_id`, `stance`, probabilities.
    recipe, chosen, seed
        The shipped recipe, its chosen hyper-parameters and its seed.
    earlier : mapping, optional
        What was measured before.
    """
    gazetteer = load_gazetteer()
    stances = Model(refit(recipe, chosen, single_stance(inputs.training), seed), {})
    reader = ClaimReader(stances, train_holders(claims["corpus"], gazetteer), gazetteer)
    parsed, versions = None, {}
    if parser_installed():
        parser, versions = load_parser(), parser_version()
        holders = train_holders(claims["corpus"], gazetteer, parser)
        parsed = ClaimReader(stances, holders, gazetteer, parser)
    test = claims["corpus"][claims["corpus"]["split"] == "test"]
    sets = {"test": with_context(test.reset_index(drop=True))}
    if "real_news" in claims:
        sets = {"real_news_all": claims["real_news"], **sets}
    parts = {name: predictions[predictions["set"] == name] for name in sets}
    found = {
        "corpus": inputs.fingerprint,
        "recipe": recipe.name,
        "parser": versions,
        "sets": score_reading(sets, parts, reader, parsed),
    }
    return found if parsed else _with_parsed(found, earlier or {})


def _with_parsed(found: dict[str, Any], earlier: Mapping[str, Any]) -> dict[str, Any]:
    """`found` with the figures of the parsing model that were measured before on the same data."""
    if any(earlier.get(k) != found[k] for k in ("corpus", "recipe")) or not earlier.get("parser"):
        return found
    for name, scores in found["sets"].items():
        for part, cells in scores.items():
            known = earlier["sets"].get(name, {}).get(part, {})
            if PARSED in known:
                # In the order in which they are measured: ours first, then this one.
                ours = {m: cells.pop(m) for m in METHODS[:1] if m in cells}
                scores[part] = {**ours, PARSED: known[PARSED], **cells}
    return {**found, "parser": dict(earlier["parser"])}


def real_news_claims(path: str | Path) -> pd.DataFrame:
    """The claims of the real-news set, in reading order, with the date as `published`."""
    rows = read_table(path).fillna("")
    rows["published"] = rows.get("date", "")
    return rows.sort_values(["article_id", "position"], kind="stable").reset_index(drop=True)


def train_holders_to_folder(
    corpus: str | Path, folder: str | Path, scores: dict[str, Any], *, parse: bool = False
) -> None:
    """Train the holder model on the corpus's training split and save it with a card.

    Parameters
    ----------
    corpus, folder : path
        What to read, where to write.
    scores : dict
        Of `score_reading`, for the card; may be empty.
    parse : bool, default=False
        Whether it learns from parses as well (extra ``parser``).

    Raises
    ------
    ModelError
        If the parser is asked for and not installed.
    """
    parser = load_parser() if parse else None
    pipeline = train_holders(read_claims(corpus), load_gazetteer(), parser)
    method = PARSED if parse else METHODS[0]
    info: dict[str, Any] = {
        "recipe": {
            "name": PARSED_HOLDER_MODEL if parse else HOLDER_MODEL,
            "description": "logistic regression on a mention's place"
            + (" and its part in the parse" if parse else ""),
        },
        "corpus": corpus_fingerprint(corpus),
        "scores": {
            name: {"holders": {method: found["holders"][method]}}
            for name, found in scores.items()
            if method in found["holders"]
        },
    }
    if parse:
        info["parser"] = parser_version()
    save_model(Model(pipeline, info), folder, holder_card(info))
