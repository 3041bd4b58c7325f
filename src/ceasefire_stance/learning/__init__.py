"""How a sentence becomes probabilities.

- ``Recipe``, ``make_pipeline``: a name and settings become an unfitted pipeline.
- ``KeywordRules``, ``CueVectorizer``, ``PriorAdjustedClassifier``, ``TopicPriorPipeline``: the
  project's own estimators.
- ``TunedClassifier``, ``AveragedClassifier``: a transformer tuned to the task, and its vote beside
  another classifier's.
- ``Model``, ``save_model``, ``load_model``, ``ModelError``: model folders.
- ``predict_sentences``: sentences in, predictions frame out.
"""

from ceasefire_stance.learning.calibration import PriorAdjustedClassifier
from ceasefire_stance.learning.cues import CueVectorizer
from ceasefire_stance.learning.predicting import predict_sentences
from ceasefire_stance.learning.recipes import Recipe, make_pipeline
from ceasefire_stance.learning.rules import KeywordRules
from ceasefire_stance.learning.store import Model, ModelError, load_model, save_model
from ceasefire_stance.learning.topic_prior import TopicPriorPipeline
from ceasefire_stance.learning.tuned import AveragedClassifier, TunedClassifier

__all__ = [
    "AveragedClassifier",
    "CueVectorizer",
    "KeywordRules",
    "Model",
    "ModelError",
    "PriorAdjustedClassifier",
    "Recipe",
    "TopicPriorPipeline",
    "TunedClassifier",
    "load_model",
    "make_pipeline",
    "predict_sentences",
    "save_model",
]
