"""Who holds which position, with which words: articles in, positions out.

- ``load_reader``, ``read_articles``, ``Reading``: the whole chain, one article at a time.
- ``Gazetteer``, ``load_gazetteer``: who is who (``data/actors.csv``).
- ``read_claims_of``: sentences and their stances become claims with holder, actor and condition.
- ``article_positions``: claims become one position per actor.
- ``position_changes``, ``outlet_disagreements``: positions over many articles.
- ``plover_events``: claims as event rows.

The pages are in ``articles.pages``.
"""

from ceasefire_stance.articles.actors import Gazetteer, load_gazetteer
from ceasefire_stance.articles.claims import ClaimReader, read_claims_of
from ceasefire_stance.articles.events import plover_events
from ceasefire_stance.articles.positions import article_positions
from ceasefire_stance.articles.readings import Reading, load_reader, read_articles
from ceasefire_stance.articles.timeline import outlet_disagreements, position_changes

__all__ = [
    "ClaimReader",
    "Gazetteer",
    "Reading",
    "article_positions",
    "load_gazetteer",
    "load_reader",
    "outlet_disagreements",
    "plover_events",
    "position_changes",
    "read_articles",
    "read_claims_of",
]
