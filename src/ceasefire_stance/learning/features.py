"""Named, unfitted vectorisers: from a sentences frame to a feature matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfVectorizer

from ceasefire_stance.learning.cues import CueVectorizer

# An apostrophe joins a negation to its verb; digits are kept apart from words as one token.
_TOKEN = r"(?u)[^\W\d_]+(?:['’][^\W\d_]+)?|\d+"


def make_features(
    names: Sequence[str], *, context: bool, block_weights: Mapping[str, float] | None = None
) -> ColumnTransformer:
    """An unfitted transformer that puts the named blocks of features side by side.

    Parameters
    ----------
    names : sequence of str
        Any of ``words`` (TF-IDF of one and two words), ``chars`` (TF-IDF of two to five
        characters within words), ``cues`` (`CueVectorizer`).
    context : bool
        Whether the sentences before count too: as a second, separate block of words, and in the
        cues.
    block_weights : mapping, optional
        Block → what its values are multiplied by, above 0; 1 for those that are not named. Under
        one penalty a block of large values is shrunk less than one of small values: TF-IDF rows
        have length 1, a sentence's cues are many ones.

    Raises
    ------
    ValueError
        If a name is unknown, or a weight is that of no block or not above 0.
    """
    blocks: list[tuple[str, object, object]] = []
    for name in names:
        match name:
            case "words":
                blocks.append(("words", _words(ngrams=2), "text"))
                if context:
                    blocks.append(("context words", _words(ngrams=1), "context"))
            case "chars":
                chars = TfidfVectorizer(
                    analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True
                )
                blocks.append(("chars", chars, "text"))
            case "cues":
                blocks.append(("cues", CueVectorizer(use_context=context), ["text", "context"]))
            case _:
                raise ValueError(
                    f"features are {name!r}; expected words, chars or cues. "
                    "Correct the recipe in experiments.toml."
                )
    weights = dict(block_weights or {})
    known = {block for block, _, _ in blocks}
    if not set(weights) <= known or not all(value > 0 for value in weights.values()):
        raise ValueError(
            f"block_weights are {weights}; expected numbers above 0 for any of "
            f"{', '.join(sorted(known))}. Correct the recipe in experiments.toml."
        )
    return ColumnTransformer(blocks, sparse_threshold=1.0, transformer_weights=weights or None)


def _words(ngrams: int) -> TfidfVectorizer:
    return TfidfVectorizer(
        token_pattern=_TOKEN, ngram_range=(1, ngrams), min_df=2, sublinear_tf=True
    )
