from __future__ import annotations

import math

import numpy as np
import pytest

from ceasefire_stance.learning.architectures import RELATIVE, distance_classes
from ceasefire_stance.learning.errors import ModelError
from ceasefire_stance.learning.graph_nodes import Graph
from ceasefire_stance.learning.network import onnx_runtime
from ceasefire_stance.learning.quantized_graph import _four_bit_product, quantize, tensors_of
from ceasefire_stance.learning.transformer_graph import (
    INPUTS,
    bert_graph,
    ready_graph,
    write_graph,
)
from ceasefire_stance.learning.weights import find_weights

from .test_weights import skip_without_the_extra, tiny_folder, tiny_tensors

skip_without_the_extra()

LAYERS, HEADS, WIDTH = 2, 2, 8
HEAD = {
    "head.weight": np.random.default_rng(5).normal(size=(4, WIDTH)).astype(np.float32),
    "head.bias": np.array([0.1, -0.2, 0.3, 0.0], dtype=np.float32),
    "holder.weight": np.random.default_rng(6).normal(size=(3, WIDTH)).astype(np.float32),
    "holder.bias": np.array([0.4, -1.0, 0.1], dtype=np.float32),
}


def batch(lengths=(7, 4, 11), seed: int = 1) -> dict[str, np.ndarray]:
    """Sentences of these lengths; the second half of each is its second segment, and pooled."""
    rng = np.random.default_rng(seed)
    arrays = {name: np.zeros((len(lengths), max(lengths)), dtype=np.int64) for name in INPUTS}
    for row, size in enumerate(lengths):
        arrays["input_ids"][row, :size] = rng.integers(4, 50, size)
        arrays["attention_mask"][row, :size] = 1
        arrays["token_type_ids"][row, size // 2 : size] = 1
        arrays["pool_mask"][row, size // 2 : size - 1] = 1
    return arrays


def run(path, inputs, outputs=("vector",)):
    session = onnx_runtime().InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(list(outputs), inputs)


def written(folder, tensors=None, head=None):
    tensors = tensors or tiny_tensors(LAYERS, WIDTH)
    path = folder / "graph.onnx"
    write_graph(bert_graph(tensors, layers=LAYERS, heads=HEADS, head=head), path, bits=32)
    return path


def by_hand(t, inputs):
    """The same network, one sentence at a time and without padding, in numpy."""

    def linear(x, name):
        return x @ t[f"{name}.weight"].T.astype(float) + t[f"{name}.bias"]

    def normalised(x, name):
        x = x - x.mean(-1, keepdims=True)
        x = x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-12)
        return x * t[f"{name}.weight"] + t[f"{name}.bias"]

    gelu = np.vectorize(lambda v: 0.5 * v * (1 + math.erf(v / math.sqrt(2))))
    rows = []
    for row in range(len(inputs["input_ids"])):
        size = int(inputs["attention_mask"][row].sum())
        ids, kinds, pooled = (
            inputs[n][row, :size] for n in ("input_ids", "token_type_ids", "pool_mask")
        )
        h = t["embeddings.word_embeddings.weight"][ids].astype(float)
        h += t["embeddings.token_type_embeddings.weight"][kinds]
        h += t["embeddings.position_embeddings.weight"][:size]
        h = normalised(h, "embeddings.LayerNorm")
        for layer in range(LAYERS):
            stem = f"encoder.layer.{layer}."
            q, k, v = (linear(h, f"{stem}attention.self.{p}") for p in ("query", "key", "value"))
            mixed = np.empty_like(h)
            each = WIDTH // HEADS
            for head in range(HEADS):
                part = slice(head * each, (head + 1) * each)
                scores = q[:, part] @ k[:, part].T / math.sqrt(each)
                if RELATIVE in t:
                    scores += t[RELATIVE][distance_classes(size), head]
                scores = np.exp(scores)
                mixed[:, part] = scores / scores.sum(1, keepdims=True) @ v[:, part]
            out = linear(mixed, f"{stem}attention.output.dense")
            h = normalised(h + out, f"{stem}attention.output.LayerNorm")
            out = linear(gelu(linear(h, f"{stem}intermediate.dense")), f"{stem}output.dense")
            h = normalised(h + out, f"{stem}output.LayerNorm")
        rows.append(h[pooled == 1].mean(axis=0))
    return np.array(rows)


def test_the_graph_computes_what_is_computed_by_hand(tmp_path):
    (vectors,) = run(written(tmp_path), batch())
    assert vectors.dtype == np.float32
    assert np.allclose(vectors, by_hand(tiny_tensors(LAYERS, WIDTH), batch()), atol=1e-5)


def test_the_graph_computes_what_transformers_computes(tmp_path):
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    config = transformers.BertConfig(
        vocab_size=50, hidden_size=WIDTH, num_hidden_layers=LAYERS, num_attention_heads=HEADS,
        intermediate_size=2 * WIDTH, max_position_embeddings=40,
    )  # fmt: skip
    network = transformers.BertModel(config, add_pooling_layer=False).eval()
    state = {n: torch.from_numpy(t) for n, t in tiny_tensors(LAYERS, WIDTH).items()}
    lacking = network.load_state_dict(state, strict=False)
    assert not lacking.unexpected_keys
    assert not [n for n in lacking.missing_keys if not n.endswith("_ids")]
    inputs = batch()
    tensors = {n: torch.from_numpy(a) for n, a in inputs.items()}
    pool = tensors.pop("pool_mask")[..., None]
    with torch.no_grad():
        hidden = network(**tensors).last_hidden_state
    expected = ((hidden * pool).sum(1) / pool.sum(1)).numpy()
    assert np.allclose(run(written(tmp_path), inputs)[0], expected, atol=1e-5)


def distant_tensors():
    rng = np.random.default_rng(8)
    table = rng.normal(size=(32, HEADS)).astype(np.float32)
    return tiny_tensors(LAYERS, WIDTH) | {RELATIVE: table}


def test_distances_between_tokens_count_where_there_is_a_table(tmp_path):
    tensors = distant_tensors()
    (vectors,) = run(written(tmp_path, tensors), batch())
    assert np.allclose(vectors, by_hand(tensors, batch()), atol=1e-5)
    assert not np.allclose(vectors, by_hand(tiny_tensors(LAYERS, WIDTH), batch()), atol=1e-2)


def test_torch_computes_the_same_distances(tmp_path):
    torch = pytest.importorskip("torch")
    from ceasefire_stance.learning.torch_network import torch_outputs

    tensors = distant_tensors() | HEAD
    weights = find_weights(str(tiny_folder(tmp_path / "tiny")))
    parameters = {n: torch.from_numpy(t) for n, t in tensors.items()}
    tensors_in = {n: torch.from_numpy(a) for n, a in batch().items()}
    logits, holders = torch_outputs(parameters, tensors_in, weights=weights)
    graph = written(tmp_path, distant_tensors(), head=HEAD)
    expected, found = run(graph, batch(), ("logits", "holders"))
    assert np.allclose(logits.numpy(), expected, atol=1e-4)
    assert np.allclose(holders.numpy(), found, atol=1e-4)


def test_a_second_head_gives_each_token_a_number_for_each_position(tmp_path):
    graph = written(tmp_path, head=HEAD)
    vectors, holders = run(graph, batch(), ("vector", "holders"))
    assert holders.shape == (3, 11, 3)
    # The mean over the pooled tokens is what the head says of the mean vector.
    pooled = batch()["pool_mask"].astype(bool)
    means = [row[mask].mean(axis=0) for row, mask in zip(holders, pooled, strict=True)]
    expected = vectors @ HEAD["holder.weight"].T + HEAD["holder.bias"]
    assert np.allclose(means, expected, atol=1e-5)


def test_a_head_gives_logits_of_the_vector(tmp_path):
    vectors, logits = run(written(tmp_path, head=HEAD), batch(), ("vector", "logits"))
    assert np.allclose(logits, vectors @ HEAD["head.weight"].T + HEAD["head.bias"], atol=1e-5)


def test_nothing_pooled_is_the_zero_vector(tmp_path):
    inputs = batch()
    inputs["pool_mask"][0] = 0
    (vectors,) = run(written(tmp_path), inputs)
    assert not vectors[0].any()
    assert vectors[1].any()


def test_heads_that_do_not_divide_the_width_are_refused():
    with pytest.raises(ModelError, match="8 numbers and there are 3 attention heads"):
        bert_graph(tiny_tensors(LAYERS, WIDTH), layers=LAYERS, heads=3)


def test_the_graph_is_of_the_opset_that_older_runtimes_read():
    graph = bert_graph(tiny_tensors(LAYERS, WIDTH), layers=LAYERS, heads=HEADS)
    assert [(o.domain, o.version) for o in graph.opset_import] == [("", 17)]
    assert [i.name for i in graph.graph.input] == list(INPUTS)


def test_the_int8_graph_says_nearly_the_same(tmp_path):
    plain = written(tmp_path, tiny_tensors(LAYERS, WIDTH), HEAD)
    small = quantize(plain)
    assert small == tmp_path / "graph.int8.onnx"
    inputs = batch(range(5, 25))
    for exact, rounded in zip(
        run(plain, inputs, ("vector", "logits")),
        run(small, inputs, ("vector", "logits")),
        strict=True,
    ):
        assert np.corrcoef(exact.ravel(), rounded.ravel())[0, 1] > 0.995
        assert not np.allclose(exact, rounded, atol=1e-6)


def test_the_int8_graph_holds_every_large_table_in_bytes(tmp_path):
    import onnx

    model = onnx.load(quantize(written(tmp_path, head=HEAD)))
    kinds = {i.name: i.data_type for i in model.graph.initializer}
    integers = [n for n, kind in kinds.items() if kind == onnx.TensorProto.INT8]
    assert len(integers) == LAYERS * 6 + 1
    assert kinds["head.weight"] == onnx.TensorProto.FLOAT
    assert "embeddings.word_embeddings.weight" not in kinds
    for constant in model.graph.initializer:
        if constant.name in integers and "word_embeddings" not in constant.name:
            # 255 * 64 * 2 fits into 16 bits: no processor saturates.
            assert np.abs(onnx.numpy_helper.to_array(constant).astype(int)).max() == 64


def test_an_int8_vector_does_not_depend_on_its_batch(tmp_path):
    small = quantize(written(tmp_path))
    inputs = batch((5, 9, 21, 33))
    (together,) = run(small, inputs)
    for row, size in enumerate((5, 9, 21, 33)):
        (alone,) = run(small, {n: a[row : row + 1, :size] for n, a in inputs.items()})
        assert np.allclose(alone[0], together[row], atol=1e-6)


def four_bit_file(folder, width=32):
    model = bert_graph(tiny_tensors(LAYERS, width), layers=LAYERS, heads=HEADS)
    path = folder / "wide.onnx"
    write_graph(model, path, bits=32)
    return path, quantize(path, bits=4)


def test_the_four_bit_graph_says_nearly_the_same(tmp_path):
    path, small = four_bit_file(tmp_path)
    assert small.name == "wide.int4.onnx"
    (exact,), (rough,) = run(path, batch()), run(small, batch())
    assert not np.allclose(exact, rough, atol=1e-4)
    cosine = (exact * rough).sum(1) / np.linalg.norm(exact, axis=1) / np.linalg.norm(rough, axis=1)
    assert cosine.min() > 0.9


def test_four_bits_are_sixteen_steps_of_which_one_is_the_largest_number():
    onnx = pytest.importorskip("onnx")
    weights = np.linspace(-1.0, 3.0, 64, dtype=np.float32).reshape(64, 1)
    graph = Graph()
    node = onnx.helper.make_node("MatMul", ["x", "w"], ["y"])
    _four_bit_product(graph, node, "w", weights)
    arrays = {n: onnx.numpy_helper.to_array(c) for n, c in graph.constants.items()}
    packed, scales = arrays["w:int4"], arrays["w:scale"]
    assert (packed.shape, scales.shape) == ((1, 2, 16), (1, 2))
    levels = np.stack([packed & 15, packed >> 4], axis=-1).reshape(2, 32)
    back = (levels.astype(float) - 8) * scales.reshape(2, 1)
    # The second block ends with 3.0, the largest: it is eight steps of -0.375 below the middle.
    assert (levels[1, -1], scales[0, 1]) == (0, -0.375)
    assert np.abs(back.ravel() - weights.ravel()).max() <= 0.375 / 2 + 1e-6


@pytest.mark.parametrize(("bits", "tolerance"), [(32, 0), (8, 0.01), (4, 0.15)])
def test_tensors_come_back_from_a_graph(tmp_path, bits, tolerance):
    # Four bits share a scale among 32 inputs.
    tensors = tiny_tensors(LAYERS, 32) | {
        "head.weight": np.ones((4, 32), np.float32), "head.bias": np.zeros(4, np.float32),
        "holder.weight": np.ones((3, 32), np.float32), "holder.bias": np.zeros(3, np.float32),
    }  # fmt: skip
    tensors[RELATIVE] = np.random.default_rng(3).normal(size=(32, HEADS)).astype(np.float32)
    head = {name: tensors[name] for name in HEAD}
    path = tmp_path / "graph.onnx"
    write_graph(bert_graph(tensors, layers=LAYERS, heads=HEADS, head=head), path, bits=bits)
    found = tensors_of(path)
    assert found.keys() == tensors.keys()
    for name, array in tensors.items():
        assert found[name].shape == array.shape, name
        assert np.abs(found[name] - array).max() <= tolerance * np.abs(array).max(), name


def test_a_column_of_zeros_is_kept(tmp_path):
    tensors = tiny_tensors(LAYERS, WIDTH)
    tensors["encoder.layer.0.attention.self.value.weight"][3] = 0
    tensors["embeddings.word_embeddings.weight"][7] = 0
    (vectors,) = run(quantize(written(tmp_path, tensors)), batch())
    assert np.isfinite(vectors).all()


@pytest.mark.parametrize("quantized", [True, False])
def test_the_ready_graph_is_made_once_and_made_again_when_damaged(tmp_path, quantized):
    weights = find_weights(str(tiny_folder(tmp_path / "tiny")))
    path = ready_graph(weights, quantized=quantized, cache=tmp_path / "cache")
    content, made = path.read_bytes(), path.stat().st_mtime_ns
    assert ready_graph(weights, quantized=quantized, cache=tmp_path / "cache") == path
    assert path.stat().st_mtime_ns == made
    path.write_bytes(content[:-1])
    assert ready_graph(weights, quantized=quantized, cache=tmp_path / "cache") == path
    assert path.read_bytes() == content
    assert len(list((tmp_path / "cache").iterdir())) == 2


def test_other_weights_have_another_graph(tmp_path):
    one, other = (find_weights(str(tiny_folder(tmp_path / str(s), seed=s))) for s in (0, 1))
    paths = {
        ready_graph(weights, quantized=quantized, cache=tmp_path / "cache")
        for weights in (one, other)
        for quantized in (True, False)
    }
    assert len({p.read_bytes() for p in paths}) == 4


def test_a_cache_that_cannot_be_written_to_is_named(tmp_path):
    weights = find_weights(str(tiny_folder(tmp_path / "tiny")))
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(ModelError, match=r"file: expected a folder .* XDG_CACHE_HOME"):
        ready_graph(weights, quantized=True, cache=tmp_path / "file")
