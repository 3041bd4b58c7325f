"""What a file says, sentence by sentence.

- ``Article``, ``read_article``: a file as an article.
- ``article_sentences``: an article as a sentences frame with offsets.
"""

from ceasefire_stance.reading.documents import Article, article_from_text, read_article
from ceasefire_stance.reading.segmentation import article_sentences

__all__ = ["Article", "article_from_text", "article_sentences", "read_article"]
