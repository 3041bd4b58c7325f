"""What a file says, sentence by sentence.

- ``Article``, ``read_article``: a file as an article.
- ``iterate_articles``, ``count_articles``: the articles of any number of files and folders.
- ``article_sentences``: an article as a sentences frame with offsets.
- ``iterate_texts``: every piece of text in a folder, file or archive.
- ``stand_off``: labels with fingerprints in place of the text.
- ``Searcher``, ``recover_rows``: the text found again in copies of the articles.
"""

from ceasefire_stance.reading.article import Article, article_from_text
from ceasefire_stance.reading.documents import count_articles, iterate_articles, read_article
from ceasefire_stance.reading.recovery import Searcher, recover_rows
from ceasefire_stance.reading.segmentation import article_sentences
from ceasefire_stance.reading.sources import iterate_texts
from ceasefire_stance.reading.standoff import stand_off

__all__ = [
    "Article",
    "Searcher",
    "article_from_text",
    "article_sentences",
    "count_articles",
    "iterate_articles",
    "iterate_texts",
    "read_article",
    "recover_rows",
    "stand_off",
]
