from __future__ import annotations

import json

import numpy as np
import pytest

from ceasefire_stance.learning.architectures import (
    POSITIONS,
    RELATIVE,
    SEGMENTS,
    bert_names,
    distance_classes,
    read_architecture,
    tensor_names,
)
from ceasefire_stance.learning.errors import ModelError

CONFIG = {
    "hidden_act": "gelu",
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "hidden_size": 8,
    "max_position_embeddings": 40,
    "layer_norm_eps": 1e-5,
}


def written(folder, **changes):
    path = folder / "config.json"
    path.write_text(json.dumps({**CONFIG, **changes}), encoding="utf-8")
    return path


@pytest.mark.parametrize(("kind", "positions"), [("bert", 40), ("mpnet", 38)])
def test_an_mpnet_has_two_positions_less_than_its_table(tmp_path, kind, positions):
    found = read_architecture(written(tmp_path, model_type=kind))
    assert (found["kind"], found["positions"], found["layers"]) == (kind, positions, 2)


@pytest.mark.parametrize("change", [{"model_type": "t5"}, {"hidden_act": "relu"}])
def test_other_architectures_are_refused(tmp_path, change):
    path = written(tmp_path, **{"model_type": "bert", **change})
    with pytest.raises(ModelError, match="expected a BERT or an MPNet"):
        read_architecture(path)


def test_an_mpnet_gets_the_names_of_a_bert():
    layer = "encoder.layer.0."
    stored = {
        f"{layer}attention.attn.q.weight": np.ones(1),
        f"{layer}attention.attn.o.bias": np.ones(2),
        f"{layer}attention.LayerNorm.weight": np.ones(3),
        f"{layer}output.LayerNorm.weight": np.ones(4),
        "mpnet.encoder.relative_attention_bias.weight": np.ones(5),
        POSITIONS: np.arange(12.0).reshape(6, 2),
    }
    named = bert_names(stored, "mpnet")
    assert {n: len(t) for n, t in named.items() if n not in (POSITIONS, SEGMENTS)} == {
        f"{layer}attention.self.query.weight": 1,
        f"{layer}attention.output.dense.bias": 2,
        f"{layer}attention.output.LayerNorm.weight": 3,
        f"{layer}output.LayerNorm.weight": 4,
        RELATIVE: 5,
    }
    # The first position is the third row; there are no kinds of segment.
    assert named[POSITIONS][0].tolist() == [4.0, 5.0]
    assert named[SEGMENTS].tolist() == [[0, 0], [0, 0]]
    assert set(bert_names({"bert.a": np.ones(1), "0.auto_model.b": np.ones(1)}, "bert")) == {
        *("a", "b")
    }


def test_near_distances_have_a_class_each_and_far_ones_share():
    classes = distance_classes(200)
    assert classes[10, 3:11].tolist() == [7, 6, 5, 4, 3, 2, 1, 0]
    # Keys after the query are in the upper half.
    assert classes[10, 11:18].tolist() == [17, 18, 19, 20, 21, 22, 23]
    # 8 + floor(8 * log(n / 8) / log(16)): 8 → 8, 16 → 10, 32 → 12, 64 → 14, 127 → 15, 199 → 15
    assert [classes[199, 199 - n] for n in (8, 16, 32, 64, 127, 199)] == [8, 10, 12, 14, 15, 15]


def test_distances_are_those_of_transformers():
    torch = pytest.importorskip("torch")
    module = pytest.importorskip("transformers.models.mpnet.modeling_mpnet")
    place = torch.arange(300)
    expected = module.MPNetEncoder.relative_position_bucket(place[None] - place[:, None])
    assert (expected.numpy() == distance_classes(300)).all()


def test_a_bert_has_sixteen_tensors_a_layer_and_five_besides():
    assert len(tensor_names(3)) == 3 * 16 + 5
