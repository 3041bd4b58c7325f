"""The sentences frame: what a row holds, how files become one, and what makes it valid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from ceasefire_stance.corpus.errors import DataError
from ceasefire_stance.corpus.stances import STANCES, Stance, nearest_stance

CONTEXT_SENTENCES = 3
"""How many sentences before a sentence are its context."""


def with_context(frame: pd.DataFrame) -> pd.DataFrame:
    """A copy with the column `context`: up to three sentences before each, in its article.

    Parameters
    ----------
    frame : DataFrame
        Columns `article_id`, `position`, `text`. Rows may be in any order.

    Returns
    -------
    DataFrame
        The same rows in the same order, `context` filled ("" for a first sentence).
    """
    out = frame.copy()
    ordered = frame.drop_duplicates(["article_id", "position"]).sort_values(
        ["article_id", "position"], kind="stable"
    )
    context: dict[tuple[object, object], str] = {}
    for article, rows in ordered.groupby("article_id", sort=False):
        texts = rows["text"].tolist()
        for i, position in enumerate(rows["position"]):
            context[article, position] = " ".join(texts[max(0, i - CONTEXT_SENTENCES) : i])
    out["context"] = [
        context[key] for key in zip(frame["article_id"], frame["position"], strict=True)
    ]
    return out


def sentences_from_claims(claims: pd.DataFrame) -> pd.DataFrame:
    """One row per sentence from one row per claim.

    `stance`, `holder` and `actor` are those of the first claim; `several` says whether the
    claims of the sentence differ in stance. Such sentences have no single right answer: they
    stay in the frame as context and are left out of training and scoring.
    """
    stances = claims.groupby("sentence_id", sort=False)["stance"].agg(set)
    sentences = claims.drop_duplicates("sentence_id").copy()
    sentences["several"] = [len(stances[i]) > 1 for i in sentences["sentence_id"]]
    return sentences.reset_index(drop=True)


def single_stance(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows whose claims agree in stance: those that can be trained on and scored."""
    if "several" not in frame:
        return frame.reset_index(drop=True)
    if frame["several"].dtype != bool:
        frame = frame.assign(several=_truths(frame["several"].tolist(), "the sentences given"))
    return frame.loc[~frame["several"].astype(bool)].reset_index(drop=True)


def complete(
    frame: pd.DataFrame,
    *,
    source: str,
    text_column: str = "text",
    label_column: str | None = None,
    map_label: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Turn a user's table into a valid sentences frame.

    Missing ids are made from the row number, a missing context from the sentences before in the
    same article (or left empty where there are no articles). Other columns are kept.

    Parameters
    ----------
    frame : DataFrame
        The table as read, labels as strings.
    source : str
        Name of the file, for messages.
    text_column, label_column : str
        The user's names for `text` and `stance`. Without `label_column` no labels are needed.
    map_label : mapping, optional
        The user's labels → the project's, e.g. ``{"accept": "accepts"}``.

    Returns
    -------
    DataFrame
        With at least `sentence_id`, `article_id`, `position`, `text`, `context`, and `stance` if
        `label_column` is given.

    Raises
    ------
    DataError
        For an empty table, a missing column, an empty text, an unknown label, duplicate ids.
    """
    if frame.empty:
        raise DataError(
            f"{source}: the file holds no rows; expected at least one sentence. "
            "Check that it is the right file."
        )
    require_columns(frame, [text_column, *([label_column] if label_column else [])], source)
    out = _renamed(frame, text_column, "text")
    if label_column:
        out = _renamed(out, label_column, "stance")
    for column in ("text", *(["stance"] if label_column else [])):
        _refuse_empty(out[column], column, source)
    if label_column:
        out["stance"] = _known_labels(out["stance"], map_label or {}, source)
    has_articles = "article_id" in out.columns
    if not has_articles:
        out["article_id"] = [f"row{i:06d}" for i in range(len(out))]
    for column in ("article_id", "sentence_id"):
        if column in out.columns:
            out[column] = _identifiers(out[column], column, source)
    if "position" in out.columns:
        out["position"] = _integers(out["position"].tolist(), "position", source)
    if "several" in out.columns:
        out["several"] = _truths(out["several"].tolist(), source)
    if "position" not in out.columns:
        out["position"] = out.groupby("article_id", sort=False).cumcount()
    if "sentence_id" not in out.columns:
        out["sentence_id"] = [
            f"{a}:{p}" for a, p in zip(out["article_id"], out["position"], strict=True)
        ]
    _refuse_duplicates(out["sentence_id"], source)
    if "context" not in out.columns:
        out = with_context(out) if has_articles else out.assign(context="")
    out["context"] = out["context"].fillna("").astype(str)
    return out.reset_index(drop=True)


def checked_labels(claims: pd.DataFrame, source: str) -> pd.DataFrame:
    """Gold labels without text, one row per claim, with ids as strings and known stances."""
    _refuse_empty(claims["stance"], "stance", source)
    return claims.assign(
        sentence_id=_identifiers(claims["sentence_id"], "sentence_id", source),
        article_id=_identifiers(claims["article_id"], "article_id", source),
        stance=_known_labels(claims["stance"], {}, source),
    )


def require_columns(frame: pd.DataFrame, columns: Iterable[str], source: str) -> None:
    """Raise DataError unless `frame` has all of `columns`."""
    missing = [c for c in columns if c not in frame.columns]
    if missing:
        raise DataError(
            f"{source}: column {', '.join(map(repr, missing))} is missing; found "
            f"{', '.join(map(str, frame.columns)) or 'no columns'}. Rename the column or name "
            "yours with --text-column or --label-column."
        )


def require_trainable(frame: pd.DataFrame, source: str, folds: int = 2) -> None:
    """Raise DataError unless `frame` holds two classes or more and `folds` articles or more."""
    found = sorted(set(frame["stance"]))
    if len(found) < 2:
        raise DataError(
            f"{source}: every label is {found[0] if found else 'missing'!r}; expected at least "
            f"two of {', '.join(STANCES)}. Add sentences of another stance."
        )
    rarest = frame["stance"].value_counts()
    if rarest.min() < folds:
        raise DataError(
            f"{source}: {rarest.min()} sentence(s) with {rarest.idxmin()!r}, {folds} expected, one "
            "for each fold of the cross-validation. Add some or leave the class out."
        )
    articles = frame["article_id"].nunique()
    if articles < folds:
        raise DataError(
            f"{source}: {articles} article(s) found, {folds} expected, one for each fold of the "
            "cross-validation. Add an article_id column or more articles."
        )


def _row(series: pd.Series[str], mask: Sequence[bool]) -> int:
    """The first row number (counted from 1, without the header) where `mask` is true."""
    return next(i for i, bad in enumerate(mask, 1) if bad)


def _refuse_empty(series: pd.Series[str], column: str, source: str) -> None:
    bad = [not isinstance(v, str) and not _missing(v) for v in series]
    if any(bad):
        row = _row(series, bad)
        raise DataError(
            f"{source}, row {row}: {column} is {series.iloc[row - 1]}; expected a string. "
            "Put it in quotes or name another column."
        )
    bad = [_missing(v) or not v.strip() for v in series]
    if any(bad):
        raise DataError(
            f"{source}, row {_row(series, bad)}: {column} is empty; expected a string. "
            "Fill it in or remove the row."
        )


def _known_labels(labels: pd.Series[str], mapping: Mapping[str, str], source: str) -> list[str]:
    unknown_targets = sorted(set(mapping.values()) - set(STANCES))
    if unknown_targets:
        raise DataError(
            f"--map-label maps to {unknown_targets[0]!r}; expected one of {', '.join(STANCES)}. "
            "Correct the right-hand side."
        )
    known = []
    for number, label in enumerate(labels, 1):
        value = mapping.get(str(label).strip(), str(label).strip())
        if value not in STANCES and value.casefold() in {"none", "na", "null", "n/a", "nan"}:
            value = Stance.NONE.value
        if value not in STANCES:
            near = nearest_stance(value)
            hint = f"map it with --map-label {value}={near}" if near else "map it with --map-label"
            raise DataError(
                f"{source}, row {number}: stance is {value!r}; expected one of "
                f"{', '.join(STANCES)}. Fix the spelling or {hint}."
            )
        known.append(value)
    return known


def _missing(value: object) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and value != value)


def _renamed(frame: pd.DataFrame, theirs: str, ours: str) -> pd.DataFrame:
    """`frame` with the column `theirs` called `ours`; a column that had that name is left out."""
    if theirs == ours:
        return frame.copy()
    return frame.drop(columns=[ours], errors="ignore").rename(columns={theirs: ours})


def _identifiers(series: pd.Series, column: str, source: str) -> list[str]:
    bad = [_missing(v) or isinstance(v, (list, dict)) or not str(v).strip() for v in series]
    if any(bad):
        raise DataError(
            f"{source}, row {_row(series, bad)}: {column} is empty or a list; expected a name or "
            "number. Fill it in, or leave the whole column out."
        )
    return [str(v) for v in series]


def _integers(values: list[object], column: str, source: str) -> list[int]:
    out = []
    for row, value in enumerate(values, 1):
        try:
            out.append(int(str(value)))
        except ValueError as error:
            raise DataError(
                f"{source}, row {row}: {column} is {value!r}; expected a whole number. Correct it."
            ) from error
    return out


def _truths(values: list[object], source: str) -> list[bool]:
    known = {"true": True, "1": True, "false": False, "0": False}
    out = []
    for row, value in enumerate(values, 1):
        folded = str(value).strip().casefold()
        if folded not in known:
            raise DataError(
                f"{source}, row {row}: several is {value!r}; expected true or false. Correct it."
            )
        out.append(known[folded])
    return out


def _refuse_duplicates(ids: pd.Series[str], source: str) -> None:
    duplicated = ids.duplicated().tolist()
    if any(duplicated):
        row = _row(ids, duplicated)
        raise DataError(
            f"{source}, row {row}: sentence_id {ids.iloc[row - 1]!r} stands in an earlier row too; "
            "expected every id once. Remove the repeat or give it an id of its own."
        )
