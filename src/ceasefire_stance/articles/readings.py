"""One article after another through the whole chain: sentences, stances, claims, positions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pandas as pd

from ceasefire_stance.articles.actors import load_gazetteer
from ceasefire_stance.articles.claims import ClaimReader, read_claims_of
from ceasefire_stance.articles.parsing import load_parser
from ceasefire_stance.articles.positions import article_positions
from ceasefire_stance.learning.predicting import predict_with
from ceasefire_stance.learning.store import load_model
from ceasefire_stance.reading.article import Article
from ceasefire_stance.reading.segmentation import article_sentences

HOLDER_MODEL, PARSED_HOLDER_MODEL = "holders", "holders-parsed"
"""The folders of the shipped holder models, under ``models/``: by rules alone, with a parser."""


@dataclass(frozen=True)
class Reading:
    """An article and what was read in it.

    Parameters
    ----------
    article : Article
        As it was read.
    sentences : DataFrame
        Its sentences with their predictions.
    claims, positions : DataFrame
        As from `read_claims_of` and `article_positions`; without rows if it holds no claim.
    """

    article: Article
    sentences: pd.DataFrame
    claims: pd.DataFrame
    positions: pd.DataFrame


def load_reader(
    model: str | None = None, actors: str | None = None, *, parse: bool = False
) -> ClaimReader:
    """The shipped models and gazetteer as one reader.

    Parameters
    ----------
    model : str, optional
        Name or folder of the model that gives stances; the shipped ``default`` if left out.
    actors : str, optional
        A table of actors of your own, added to the gazetteer.
    parse : bool, default=False
        Whether sentences are parsed to find holders (extra ``parser``).

    Raises
    ------
    ModelError
        If a model, or the parser that is asked for, is missing or cannot be used.
    DataError
        If the table of actors cannot be read.
    """
    # First what is read fastest: who names a wrong file should not wait for the models.
    gazetteer = load_gazetteer(actors)
    parser = load_parser() if parse else None
    stances = load_model(model)
    holders = load_model(PARSED_HOLDER_MODEL if parse else HOLDER_MODEL)
    return ClaimReader(stances, holders.pipeline, gazetteer, parser)


def read_articles(articles: Iterable[Article], reader: ClaimReader) -> Iterator[Reading]:
    """Read articles one by one; only one of them is in memory at a time.

    Yields
    ------
    Reading
        In the order of `articles`.
    """
    for article in articles:
        sentences = article_sentences(article)
        sentences["outlet"] = article.outlet
        predictions = predict_with(sentences, reader.stances.pipeline)
        claims = read_claims_of(sentences, predictions, reader)
        result = sentences.assign(
            **{c: predictions[c].to_numpy() for c in predictions.columns if c != "sentence_id"}
        )
        yield Reading(article, result, claims, article_positions(claims))
