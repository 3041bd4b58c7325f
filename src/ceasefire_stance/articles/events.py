"""Claims as rows of events in the manner of PLOVER, to stand under a user's own event data.

The mapping, and what is lost in it:

- ``accepts`` → ``AGREE``, mode "ceasefire"; but when the actor is a third party that urges others
  (the claim's words say *call for*, *urge*, *demand*, *appeal*), ``REQUEST``. PLOVER's AGREE is an
  agreement made; a mere readiness or welcome is coarser here.
- ``rejects`` → ``REJECT``, mode "ceasefire".
- ``conditional`` has no event of its own: it is a demand with a consequence. It is written as
  ``REQUEST`` with mode "conditional", so that it can be told from urging, and the condition in
  ``context``. Withheld answers (rule 2) become the same and lose that they ask for nothing.
- Targets are not read: ``target_actor`` is empty.
- An event has the date of its article. What the article tells of the past is marked ``past`` in
  ``when``, what others say of the actor ``others`` in ``source``, and what the model would rather
  not have answered in ``unsure``: leave these out where only today's own words count.

References
----------
Halterman, A., et al. (2023). PLOVER and POLECAT: A new political event ontology and dataset.
"""

from __future__ import annotations

import re

import pandas as pd

from ceasefire_stance.corpus.stances import Stance

EVENT_COLUMNS = (
    "event_id", "date", "event", "mode", "source_actor", "source_code", "target_actor", "context",
    "quote", "probability", "unsure", "when", "source", "article_id", "sentence_id",
)  # fmt: skip
_URGING = re.compile(
    r"\b(?:call(?:s|ed|ing)? (?:for|on)|urg(?:e|es|ed|ing)|demand(?:s|ed|ing)?|appeal(?:s|ed|ing)?|"
    r"plead(?:s|ed|ing)?|press(?:es|ed|ing)? for|ask(?:s|ed|ing)? (?:for|both|all))\b",
    re.IGNORECASE,
)


def plover_events(claims: pd.DataFrame) -> pd.DataFrame:
    """One event row per claim; see the module for the mapping and its losses.

    Returns
    -------
    DataFrame
        The columns `EVENT_COLUMNS`; `source_code` is the ISO3 code of a state, else "".
    """
    rows = []
    for claim in claims.to_dict("records"):
        event, mode = _event(str(claim["stance"]), str(claim["text"]))
        rows.append(
            {
                "event_id": claim["claim_id"],
                "date": claim["published"],
                "event": event,
                "mode": mode,
                "source_actor": claim["actor"],
                "source_code": claim["iso3"],
                "target_actor": "",
                "context": claim["condition"],
                "quote": claim["text"],
                "probability": claim["probability"],
                "unsure": bool(claim["abstained"]),
                "when": claim["when"],
                "source": claim["source"],
                "article_id": claim["article_id"],
                "sentence_id": claim["sentence_id"],
            }
        )
    return pd.DataFrame(rows, columns=list(EVENT_COLUMNS))


def _event(stance: str, text: str) -> tuple[str, str]:
    if stance == Stance.REJECTS:
        return "REJECT", "ceasefire"
    if stance == Stance.CONDITIONAL:
        return "REQUEST", "conditional"
    return ("REQUEST", "ceasefire") if _URGING.search(text) else ("AGREE", "ceasefire")
