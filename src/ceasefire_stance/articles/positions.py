"""From claims to positions: one row per actor of an article."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ceasefire_stance.articles.claims import OTHERS, PAST
from ceasefire_stance.corpus.stances import POSITIONS, Stance

MIXED = "mixed"
REPORTED_WEIGHT = 0.5
"""What a claim counts that others report of the actor, beside one in its own words."""
PAST_WEIGHT = 0.2
"""What a past position counts beside a present one: the latest counts first."""
LEAD_WEIGHT = 0.25
"""How much more the first sentence of an article counts than its last: news puts what is new first,
and what came earlier in time is known by its wording (`PAST_WEIGHT`), not by its place."""
CLEAR_SHARE = 0.6
"""The share of the weight from which on one stance is the position."""
POSITION_COLUMNS = (
    "article_id", "published", "outlet", "title", "actor", "actor_kind", "iso3", "cow", "gwno",
    "position", "confidence", "n_claims", "n_past", "n_reported", "n_unsure",
    "share_accepts", "share_conditional", "share_rejects", "past_position", "condition",
    "evidence",
)  # fmt: skip


def claim_weights(claims: pd.DataFrame) -> pd.Series:
    """What each claim counts toward its actor's position.

    The probability of its stance, times `REPORTED_WEIGHT` if others report it, times `PAST_WEIGHT`
    if it is past, times 1 + `LEAD_WEIGHT` to 1 from the first to the last sentence with a claim.
    That the model is unsure of a claim is in its probability already.

    Parameters
    ----------
    claims : DataFrame
        Claims of one article: `probability`, `source`, `when`, `position`.

    Returns
    -------
    Series of float
        In (0, 1 + `LEAD_WEIGHT`].
    """
    first, last = claims["position"].min(), claims["position"].max()
    lead = (last - claims["position"]) / max(last - first, 1)
    reported = claims["source"].map(lambda s: REPORTED_WEIGHT if s == OTHERS else 1.0)
    past = claims["when"].map(lambda w: PAST_WEIGHT if w == PAST else 1.0)
    return claims["probability"] * reported * past * (1 + LEAD_WEIGHT * lead)


def article_positions(claims: pd.DataFrame) -> pd.DataFrame:
    """Who stands where, in each article.

    Parameters
    ----------
    claims : DataFrame
        As from `read_claims_of`; of one article or of many.

    Returns
    -------
    DataFrame
        One row per article and actor, the columns `POSITION_COLUMNS`, the best attested actors of
        an article first. `position` is the stance with a share of at least `CLEAR_SHARE` of the
        weight (see `claim_weights`); otherwise ``conditional`` if an acceptance or a refusal stands
        beside conditions (the condition wins), and ``mixed`` if acceptance stands against refusal.
        `confidence` in [0, 1] is the share of the weight that speaks for the position, times the
        highest probability among its claims, times what is left of their weight after the discount
        for claims that are past or reported (`n_past`, `n_reported` of `n_claims`; of `n_unsure`
        the model would rather not answer). `past_position` is the stance of the claims
        marked past where it differs from the position, else ""; `condition` is in the words of the
        best conditional claim, "" for a plain acceptance or refusal; `evidence` are claim ids,
        those for the position first, the weightiest first.
    """
    rows: list[dict[str, Any]] = []
    for _, article in claims[claims["actor"] != ""].groupby("article_id", sort=False):
        plain = article.assign(source="", when="")
        weighted = article.assign(weight=claim_weights(article), full=claim_weights(plain))
        parts = [part for _, part in weighted.groupby("actor", sort=False)]
        parts.sort(key=lambda p: -p["weight"].sum())
        rows += [_position(part) for part in parts]
    return pd.DataFrame(rows, columns=list(POSITION_COLUMNS))


def _position(part: pd.DataFrame) -> dict[str, Any]:
    weight = part.groupby("stance")["weight"].sum().reindex(list(POSITIONS), fill_value=0.0)
    share = weight / weight.sum()
    position = decide({str(k): float(v) for k, v in share.items()})
    supporting = part[part["stance"] == position] if position != MIXED else part
    if supporting.empty:
        supporting = part
    # A position that is known from the past or from others only is not sure today.
    fresh = supporting["weight"].sum() / supporting["full"].sum()
    agreed = supporting["weight"].sum() / part["weight"].sum()
    confidence = agreed * supporting["probability"].max() * fresh
    order = part.assign(other=part["stance"] != position).sort_values(
        ["other", "weight"], ascending=[True, False], kind="stable"
    )
    terms = (order["stance"] == Stance.CONDITIONAL) & (order["condition"] != "")
    conditions = order[terms] if position in (Stance.CONDITIONAL, MIXED) else order.iloc[:0]
    past = part[part["when"] == PAST]
    earlier = past.groupby("stance")["weight"].sum().idxmax() if len(past) else ""
    head = part.iloc[0]
    return {
        **{k: head[k] for k in ("article_id", "published", "outlet", "title", "actor")},
        "actor_kind": head["actor_kind"],
        **{k: head[k] for k in ("iso3", "cow", "gwno")},
        "position": position,
        "confidence": round(float(confidence), 4),
        "n_claims": len(part),
        "n_past": int((part["when"] == PAST).sum()),
        "n_reported": int((part["source"] == OTHERS).sum()),
        "n_unsure": int(part["abstained"].sum()),
        **{f"share_{s}": round(float(share[s]), 4) for s in POSITIONS},
        "past_position": str(earlier) if earlier != position else "",
        "condition": conditions["condition"].iloc[0] if len(conditions) else "",
        "evidence": order["claim_id"].tolist(),
    }


def decide(share: dict[str, float]) -> str:
    """The position that shares of weight give.

    Parameters
    ----------
    share : dict
        Stance → share of the weight; they sum to 1.

    Examples
    --------
    >>> decide({"accepts": 0.7, "conditional": 0.3, "rejects": 0.0})
    'accepts'
    >>> decide({"accepts": 0.5, "conditional": 0.5, "rejects": 0.0})
    'conditional'
    >>> decide({"accepts": 0.5, "conditional": 0.0, "rejects": 0.5})
    'mixed'
    """
    best = max(share, key=lambda s: share[s])
    if share[best] >= CLEAR_SHARE:
        return str(best)
    against = min(share.get(Stance.ACCEPTS, 0.0), share.get(Stance.REJECTS, 0.0))
    return MIXED if against >= 1 - CLEAR_SHARE - 0.1 else str(Stance.CONDITIONAL)
