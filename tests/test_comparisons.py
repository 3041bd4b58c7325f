"""Running and publishing the comparison, with invented toolkits in place of the heavy ones."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from ceasefire_stance.cli.main import EXIT_DATA, EXIT_DONE, EXIT_MODEL, main
from ceasefire_stance.corpus.manifest import load_corpus, verify_manifest
from ceasefire_stance.corpus.stances import PROBABILITY_COLUMNS, STANCES
from ceasefire_stance.evaluation.looks import count_looks, read_looks
from ceasefire_stance.evaluation.toolkits_page import write_toolkits_page
from ceasefire_stance.experiments import comparisons, publish, read_inputs, run_recipes, toolkits
from ceasefire_stance.experiments.comparisons import TOOLKITS, choose, stated_mix
from ceasefire_stance.experiments.encoder_toolkits import (
    FrozenSettings,
    SetFitSettings,
    fit_frozen,
    fit_setfit,
    forget_vectors,
)
from ceasefire_stance.experiments.settings import load_experiments
from ceasefire_stance.experiments.toolkit import Fitted, Toolkit, in_class_order, joined
from ceasefire_stance.experiments.toolkits import read_comparison, score_comparison
from ceasefire_stance.experiments.word_toolkits import (
    FastTextSettings,
    SpacySettings,
    fit_fasttext,
    fit_spacy,
)

from .conftest import ROOT

REPORTS = ROOT / "reports"
COST = {"train_s": None, "sentences_per_s": 80.0, "size_bytes": 2_000_000}
ROWS = pd.DataFrame(
    {
        "text": ["They refused the truce.", "Rain fell.", "We agree", "Only if they leave"],
        "context": ["", "Days passed.", "", ""],
        "stance": ["rejects", "none", "accepts", "conditional"],
    }
)


@dataclass(frozen=True)
class Sure:
    """How sure the invented toolkit is of what it says."""

    share: float
    context: bool = False


def fit_words(rows: pd.DataFrame, settings: Sure, seed: int) -> Fitted:
    """Knows the words of the miniature corpus; one seed in three answers none always."""

    def predict(frame: pd.DataFrame) -> np.ndarray:
        found = []
        for text in frame["text"]:
            said = {"agreed": "accepts", "rejected": "rejects", "only if": "conditional"}
            stance = next((s for word, s in said.items() if word in text), "none")
            sure = {s: (1 - settings.share) / 3 for s in STANCES}
            found.append(sure | {"none" if seed == 2 else stance: settings.share})
        return in_class_order(found)

    return Fitted(predict, 1000)


WORDS = Toolkit("words", "invented", ("numpy",), fit_words, (Sure(0.4), Sure(0.9)))


@pytest.fixture(scope="module")
def experiments(experiments_file):
    return load_experiments(experiments_file)


@pytest.fixture(scope="module")
def reports(corpus, real_news, experiments, tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    runs = run_recipes(list(experiments.recipes), read_inputs(corpus, real_news), experiments)
    publish(runs, folder, experiments, real_news, corpus)
    return folder


@pytest.fixture
def with_labels(corpus, real_news, monkeypatch):
    """The miniature set's own rows as its stand-off labels, and the invented toolkit alone."""
    rows = pd.read_json(real_news, lines=True, dtype=False)
    monkeypatch.setattr(toolkits, "read_standoff", lambda folder: rows)
    monkeypatch.setattr(toolkits, "our_cost", lambda inputs: {"words": COST, "other": COST})
    monkeypatch.setattr(toolkits, "TOOLKITS", {"words": WORDS})
    return ["--data", str(corpus)]


def test_the_settings_with_the_least_log_loss_on_validation_are_chosen(corpus):
    inputs = read_inputs(corpus)
    even = dict.fromkeys(STANCES, 0.25)
    settings, tried = choose(WORDS, inputs.training, inputs.sets["validation"], even)
    assert settings == Sure(0.9)
    assert [t["settings"]["share"] for t in tried] == [0.4, 0.9]
    assert tried[1]["log_loss"] < tried[0]["log_loss"]


def test_stances_without_a_stated_share_divide_what_is_left_as_in_training():
    shares = np.array([0.2, 0.1, 0.6, 0.1])
    # 0.2 is left for shares of 2 : 1 : 1.
    assert stated_mix({"none": 0.8}, shares) == pytest.approx([0.1, 0.05, 0.8, 0.05])
    assert stated_mix(dict.fromkeys(STANCES, 0.25), shares) == pytest.approx([0.25] * 4)


def test_every_real_toolkit_tries_four_settings_at_most_and_has_its_own_name():
    assert all(name == toolkit.name for name, toolkit in TOOLKITS.items())
    assert all(1 <= len(toolkit.settings) <= 4 for toolkit in TOOLKITS.values())
    for name in ("fasttext", "spacy-bow", "spacy-ensemble", "minilm-frozen", "setfit"):
        assert name in TOOLKITS
    for name, toolkit in TOOLKITS.items():
        reads = [getattr(settings, "context", False) for settings in toolkit.settings]
        assert set(reads) == {name.endswith("+context")}


def test_a_comparison_is_trained_published_and_scored_again_to_the_byte(
    with_labels, real_news, reports, experiments_file, tmp_path, capsys
):
    out = tmp_path / "toolkits"
    places = ["--reports", str(reports), "--out", str(out), "--experiments", str(experiments_file)]
    command = ["compare-toolkits", *with_labels, *places]
    assert main([*command, "--real-news", str(real_news), "--only", "words"]) == EXIT_DONE
    assert "| words |" in capsys.readouterr().out
    metrics = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    entry = metrics["toolkits"]["words"]
    # Two of three seeds know every sentence of the written test split, the third says none.
    cell = entry["sets"]["test"]["four_way"]
    assert (cell["highest"], entry["seeds"]) == (1.0, [0, 1, 2])
    assert cell["lowest"] < 0.25
    assert entry["chosen"] == {"share": 0.9, "context": False}
    rows = pd.read_csv(out / "predictions.csv")
    assert set(rows["set"]) == {"real_news_all", "test", "challenge"}
    assert rows[list(PROBABILITY_COLUMNS)].sum(axis=1).to_numpy() == pytest.approx(1, abs=1e-5)
    looks = read_looks(reports / "real-news")
    assert looks.loc[looks["what"].str.startswith("toolkit"), "configurations"].tolist() == [2] * 3
    before = {p.name: p.read_bytes() for p in out.iterdir()}
    counted = count_looks(looks)
    assert main([*command, "--score-only"]) == EXIT_DONE
    assert {p.name: p.read_bytes() for p in out.iterdir()} == before
    assert count_looks(read_looks(reports / "real-news")) == counted
    page = (out / "README.md").read_text(encoding="utf-8")
    assert "share 0.9" in page
    assert metrics["beside"]["words"]["cost"] == COST
    assert "| 80 | 2.0 |" in page
    assert "numpy" in page
    # A recipe's own predictions make one more row.
    more = f"minilm-finetuned={reports / 'words' / 'predictions.csv'}"
    assert main([*command, "--predictions", more]) == EXIT_DONE
    metrics = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    assert list(metrics["toolkits"]) == ["minilm-finetuned", "words"]
    same = metrics["toolkits"]["minilm-finetuned"]["difference"]["test"]
    assert (same["difference"], same["low"], same["high"]) == (0, 0, 0)
    # What was trained on an earlier corpus is kept, and marked.
    metrics["toolkits"]["words"]["trained_on"]["corpus"] = "0.9.0-earlier"
    (out / "metrics.json").write_text(json.dumps(metrics), encoding="utf-8")
    capsys.readouterr()
    assert main([*command, "--score-only"]) == 0
    told = capsys.readouterr().out
    assert "words †" in told
    assert "minilm-finetuned †" not in told
    assert "† trained on an earlier corpus, `0.9.0-earlier`" in told


def test_unusable_requests_are_refused_with_what_to_do(
    with_labels, real_news, reports, experiments_file, tmp_path, capsys
):
    places = ["--reports", str(reports), "--out", str(tmp_path / "x")]
    command = ["compare-toolkits", *with_labels, *places, "--experiments", str(experiments_file)]
    assert main(command) == EXIT_DATA
    assert "--score-only" in capsys.readouterr().err
    assert main([*command, "--score-only"]) == EXIT_DATA
    assert "no comparison is published there" in capsys.readouterr().err
    assert main([*command, "--real-news", str(real_news), "--only", "mine"]) == EXIT_DATA
    assert "'mine' is no toolkit; expected one of words" in capsys.readouterr().err
    short = tmp_path / "short.csv"
    short.write_text(
        f"set,sentence_id,stance,{','.join(PROBABILITY_COLUMNS)}\ntest,a,none,0,0,1,0\n"
    )
    assert main([*command, "--predictions", f"x={short}"]) == EXIT_DATA
    assert "no predictions of challenge" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*command, "--predictions", "nothing"])
    assert not (tmp_path / "x").exists()


def test_a_missing_library_is_named_with_the_command_that_installs_it(
    with_labels, real_news, reports, experiments_file, tmp_path, capsys, monkeypatch
):
    monkeypatch.setitem(sys.modules, "fasttext", None)
    monkeypatch.setattr(toolkits, "TOOLKITS", {"fasttext": TOOLKITS["fasttext"]})
    command = [
        "compare-toolkits",
        *with_labels,
        "--real-news",
        str(real_news),
        "--only",
        "fasttext",
    ]
    places = ["--reports", str(reports), "--out", str(tmp_path / "x")]
    assert main([*command, *places, "--experiments", str(experiments_file)]) == EXIT_MODEL
    said = capsys.readouterr().err
    assert "expected the library fasttext" in said
    assert "ceasefire-stance[comparison]" in said


def test_the_context_stands_before_the_sentence_if_the_settings_say_so():
    assert joined(ROWS, FrozenSettings(context=True))[1] == "Days passed. [SEP] Rain fell."
    assert joined(ROWS, FrozenSettings())[1] == "Rain fell."


def test_fasttext_reads_lines_of_plain_words_and_answers_in_class_order(monkeypatch):
    seen = {}

    class Trained:
        def save_model(self, path):
            with open(path, "wb") as sink:
                sink.write(b"12345")

        def predict(self, texts, k):
            # Best first, as fastText answers; its shares are a little off.
            names = tuple(f"__label__{s}" for s in ("none", "rejects", "accepts", "conditional"))
            return [names] * len(texts), [np.array([0.5, 0.3, 0.1, 0.1]) * 1.00002] * len(texts)

    def train_supervised(input, **settings):
        with open(input, encoding="utf-8") as source:
            seen.update(settings, lines=source.read().splitlines())
        return Trained()

    module = ModuleType("fasttext")
    module.train_supervised = train_supervised
    monkeypatch.setitem(sys.modules, "fasttext", module)
    fitted = fit_fasttext(ROWS, FastTextSettings(epochs=7, context=True), seed=0)
    assert fitted.size_bytes == 5
    assert seen["lines"][0] == "__label__rejects  ||| they refused the truce ."
    assert seen["lines"][1] == "__label__none days passed . ||| rain fell ."
    assert (seen["epoch"], seen["seed"], seen["thread"]) == (7, 1, 1)
    assert fitted.predict(ROWS)[2] == pytest.approx([0.1, 0.1, 0.5, 0.3])


@pytest.mark.parametrize("architecture", ["bow", "ensemble"])
def test_spacy_gets_every_sentence_once_an_epoch_with_one_true_category(monkeypatch, architecture):
    seen = {"updates": [], "drop": set()}

    class Pipeline:
        def add_pipe(self, name, config):
            seen["pipe"], seen["model"] = name, config["model"]["@architectures"]

        def make_doc(self, text):
            return text

        def initialize(self, examples):
            seen["examples"] = len(examples())
            return "adam"

        def update(self, batch, sgd, drop):
            assert sgd == "adam"
            seen["updates"] += batch
            seen["drop"].add(drop)

        def to_disk(self, folder):
            with open(f"{folder}/weights", "wb") as sink:
                sink.write(b"1234")

        def pipe(self, texts):
            shares = {"none": 0.4, "accepts": 0.3, "rejects": 0.2, "conditional": 0.1}
            return [SimpleNamespace(cats=shares) for _ in texts]

    spacy, training = ModuleType("spacy"), ModuleType("spacy.training")
    spacy.blank = lambda language: Pipeline()
    spacy.util = SimpleNamespace(
        fix_random_seed=lambda seed: seen.update(seed=seed),
        minibatch=lambda rows, size: [rows[i : i + size] for i in range(0, len(rows), size)],
    )
    training.Example = SimpleNamespace(from_dict=lambda doc, gold: (doc, gold["cats"]))
    monkeypatch.setitem(sys.modules, "spacy", spacy)
    monkeypatch.setitem(sys.modules, "spacy.training", training)
    settings = SpacySettings(architecture=architecture, epochs=3, batch_size=3, dropout=0.5)
    fitted = fit_spacy(ROWS, settings, seed=2)
    assert (seen["pipe"], seen["seed"], seen["drop"]) == ("textcat", 2, {0.5})
    wanted = {"bow": "spacy.TextCatBOW.v3", "ensemble": "spacy.TextCatEnsemble.v2"}
    assert seen["model"] == wanted[architecture]
    texts = [text for text, _ in seen["updates"]]
    assert {t: texts.count(t) for t in ROWS["text"]} == dict.fromkeys(ROWS["text"], 3)
    assert dict(seen["updates"])["Rain fell."] == {s: float(s == "none") for s in STANCES}
    assert fitted.predict(ROWS)[0] == pytest.approx([0.3, 0.1, 0.4, 0.2])
    assert fitted.size_bytes == 4


@pytest.fixture
def encoder(tmp_path, monkeypatch):
    """A folder in place of the weights, and libraries that never read it."""
    from ceasefire_stance.experiments import encoder_toolkits

    for name in ("model.safetensors", "tokenizer.json"):
        (tmp_path / name).write_bytes(b"0123456789")
    monkeypatch.setattr(
        encoder_toolkits, "find_weights", lambda name: SimpleNamespace(folder=tmp_path)
    )
    seen = {"encoded": []}

    class Encoder:
        def __init__(self, folder, device):
            assert (folder, device) == (str(tmp_path), "cpu")

        def encode(self, texts, **settings):
            seen["encoded"].append(texts)
            words = ("refused", "Rain", "agree", "Only")
            return np.array([[float(w in t) for w in words] for t in texts])

    sentence_transformers = ModuleType("sentence_transformers")
    sentence_transformers.SentenceTransformer = Encoder
    monkeypatch.setitem(sys.modules, "sentence_transformers", sentence_transformers)
    forget_vectors()
    yield seen
    forget_vectors()


def test_a_frozen_encoder_reads_the_same_sentences_once(encoder):
    for strength in (1.0, 1000.0):
        fitted = fit_frozen(ROWS, FrozenSettings(C=strength), seed=0)
    assert len(encoder["encoded"]) == 1
    values = fitted.predict(ROWS)
    assert [STANCES[i] for i in values.argmax(axis=1)] == ROWS["stance"].tolist()
    # Two files of ten bytes, four rows of four weights and four intercepts of eight bytes each.
    assert fitted.size_bytes == 20 + 8 * (16 + 4)


def test_setfit_tunes_on_the_stated_number_of_pairs(encoder, monkeypatch):
    seen = {}

    class Model:
        model_head = SimpleNamespace(classes_=np.array(["none", "rejects"]))

        @classmethod
        def from_pretrained(cls, folder, labels):
            assert labels == list(STANCES)
            return cls()

        def save_pretrained(self, folder):
            import pathlib

            pathlib.Path(folder).mkdir()
            (pathlib.Path(folder) / "weights").write_bytes(b"123")

        def predict_proba(self, texts, as_numpy):
            return np.array([[0.75, 0.25]] * len(texts))

    class Trainer:
        def __init__(self, model, args, train_dataset):
            seen.update(args=args, labels=list(train_dataset["label"]))

        def train(self):
            seen["trained"] = True

    setfit = ModuleType("setfit")
    setfit.SetFitModel, setfit.Trainer = Model, Trainer
    setfit.TrainingArguments = lambda **settings: settings
    monkeypatch.setitem(sys.modules, "setfit", setfit)
    fitted = fit_setfit(ROWS, SetFitSettings(pairs=64, batch_size=16), seed=1)
    # 64 pairs in steps of 16 are 4 steps.
    assert (seen["args"]["max_steps"], seen["args"]["seed"]) == (4, 1)
    assert seen["labels"] == ROWS["stance"].tolist()
    assert seen["trained"]
    assert fitted.predict(ROWS)[0] == pytest.approx([0, 0, 0.75, 0.25])
    assert fitted.size_bytes == 3


def test_a_sentence_without_any_share_gets_even_ones():
    assert in_class_order([{}])[0] == pytest.approx([0.25] * 4)
    assert in_class_order([]).shape == (0, 4)


def test_the_published_comparison_follows_from_its_predictions_and_the_labels(tmp_path):
    experiments = load_experiments()
    folder = REPORTS / "toolkits"
    published = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    assert published["corpus"].startswith(f"{verify_manifest(ROOT / 'data')['version']}-")
    done = read_comparison(folder, published["corpus"])
    assert score_comparison(done, experiments, ROOT / "data", REPORTS) == published
    # And the page from these.
    write_toolkits_page(tmp_path, published, done.predictions)
    for name in ("README.md", "metrics.json", "predictions.csv", "comparison.svg"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name


def test_only_known_toolkits_are_published_and_no_text_of_real_articles(tmp_path):
    folder = REPORTS / "toolkits"
    rows = pd.read_csv(folder / "predictions.csv")
    assert {"fasttext", "spacy-bow"} <= set(rows["toolkit"]) <= {*TOOLKITS, *toolkits.ELSEWHERE}
    assert list(rows.columns) == comparisons.COLUMNS
    # Three sets: every toolkit and seed has predicted every sentence of the written ones.
    sentences = load_corpus(ROOT / "data")
    for (name, seed), part in rows.groupby(["toolkit", "seed"]):
        for split in ("test", "challenge"):
            ids = set(sentences.loc[sentences["split"] == split, "sentence_id"])
            assert set(part.loc[part["set"] == split, "sentence_id"]) == ids, (name, seed)
