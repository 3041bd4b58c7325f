"""Positions over many articles: by day, what changed, and where outlets disagree."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pandas as pd

from ceasefire_stance.articles.positions import MIXED, POSITION_COLUMNS

CHANGE_COLUMNS = (
    "actor", "before", "after", "date_before", "date_after", "article_before", "article_after",
    "text_before", "text_after",
)  # fmt: skip
LATEST_COLUMNS = (*POSITION_COLUMNS, "since", "n_articles")
DISAGREEMENT_COLUMNS = ("actor", "published", "positions", "outlets", "articles")


def dated_positions(positions: pd.DataFrame) -> pd.DataFrame:
    """The positions that can be followed in time: with a date, and of an actor who is known.

    "Residents" or "a senior official" of two articles are not the same people.
    """
    return positions[(positions["published"] != "") & (positions["actor_kind"] != "")]


def daily_positions(positions: pd.DataFrame) -> pd.DataFrame:
    """One position an actor and day, by actor and date: of several articles the most confident.

    Left out is what `dated_positions` leaves out, and what is known from past claims only.
    """
    dated = dated_positions(positions)
    dated = dated[dated["n_past"] < dated["n_claims"]]
    ordered = dated.sort_values(["actor", "published", "confidence"], kind="stable")
    return ordered.groupby(["actor", "published"], sort=False).tail(1)


def latest_positions(positions: pd.DataFrame) -> pd.DataFrame:
    """Where each actor stands at last, and since when.

    Parameters
    ----------
    positions : DataFrame
        As from `article_positions`; see `daily_positions` for those that count.

    Returns
    -------
    DataFrame
        One row an actor, the columns `LATEST_COLUMNS`, the latest first: the position of its last
        day, `since` the first day from which on every day has had this position, and `n_articles`
        in which it has one.
    """
    daily = daily_positions(positions)
    n_articles = dated_positions(positions).groupby("actor")["article_id"].nunique()
    rows: list[dict[Any, Any]] = []
    for actor, days in daily.groupby("actor", sort=False):
        records = days.to_dict("records")
        rows.append({**records[-1], "since": _since(records), "n_articles": int(n_articles[actor])})
    latest = pd.DataFrame(rows, columns=list(LATEST_COLUMNS))
    return latest.sort_values("published", ascending=False, kind="stable", ignore_index=True)


def _since(days: list[dict[Any, Any]]) -> str:
    """The first of the last days in a row that have the position of the last one."""
    since = days[-1]
    for day in reversed(days):
        if day["position"] != since["position"]:
            break
        since = day
    return str(since["published"])


def position_changes(positions: pd.DataFrame, claims: pd.DataFrame) -> pd.DataFrame:
    """Where an actor's position of one day differs from that of the day before it in the news.

    Parameters
    ----------
    positions : DataFrame
        As from `article_positions`; see `daily_positions` for those that count.
    claims : DataFrame
        The claims behind them.

    Returns
    -------
    DataFrame
        The columns `CHANGE_COLUMNS`, by actor and date. Of several articles of one day the most
        confident speaks. The two sentences are the best evidence on either side.
    """
    text = claims.set_index("claim_id")["text"].to_dict()
    daily = daily_positions(positions)
    rows: list[dict[str, Any]] = []
    for actor, days in daily.groupby("actor", sort=False):
        records = days.to_dict("records")
        for before, after in pairwise(records):
            if before["position"] != after["position"]:
                rows.append(
                    {
                        "actor": actor,
                        "before": before["position"],
                        "after": after["position"],
                        "date_before": before["published"],
                        "date_after": after["published"],
                        "article_before": before["article_id"],
                        "article_after": after["article_id"],
                        "text_before": text.get(before["evidence"][0], ""),
                        "text_after": text.get(after["evidence"][0], ""),
                    }
                )
    return pd.DataFrame(rows, columns=list(CHANGE_COLUMNS))


def outlet_disagreements(positions: pd.DataFrame) -> pd.DataFrame:
    """Actors to whom articles of one day give different positions.

    Returns
    -------
    DataFrame
        The columns `DISAGREEMENT_COLUMNS`; `positions`, `outlets` and `articles` are lists of equal
        length. A mixed position disagrees with none.
    """
    rows: list[dict[str, Any]] = []
    dated = dated_positions(positions)
    dated = dated[dated["position"] != MIXED]
    for (actor, day), part in dated.groupby(["actor", "published"], sort=True):
        if len(set(part["position"])) > 1:
            rows.append(
                {
                    "actor": actor,
                    "published": day,
                    "positions": part["position"].tolist(),
                    "outlets": part["outlet"].tolist(),
                    "articles": part["article_id"].tolist(),
                }
            )
    return pd.DataFrame(rows, columns=list(DISAGREEMENT_COLUMNS))
