"""`torch.compile`: a loss is one graph without breaks, which serves every size of the batch."""

import keras
import pytest
import torch
from torch._dynamo.testing import CompileCounterWithBackend

import keraslosses
from keraslosses.cli.bench import worker
from keraslosses.cli.bench.calls import with_gradient
from keraslosses.cli.bench.cases import MODES, TORCH_COMPILE
from keraslosses.core import keras_internals
from keraslosses.core.backend.torch.internals import of_any_batch
from keraslosses.reference import REFERENCES

# torch makes an instance of each autograd.Function that it compiles, and its compiler uses `torch.jit`. It
# warns about both.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*should not be instantiated"),
    pytest.mark.filterwarnings("ignore:.torch.jit.script:DeprecationWarning"),
]

BATCHES = 4, 7
CLASSES = 50
# Those that once were compiled again for each size, or have custom operations or several parts.
QUICK = ("MultiMargin", "SparseCategoricalCrossentropy", "CTC")


def in_tiers(names):
    return [name if name in QUICK else pytest.param(name, marks=pytest.mark.deep) for name in names]


def step(function, inputs):
    value = function(*inputs)
    return value.detach(), *torch.autograd.grad(value.sum(), inputs[1])


def assert_one_graph(loss, batches, compiler="eager"):
    """Compiled once for all batches, the loss gives what it gives eagerly, and so does its gradient."""
    torch.compiler.reset()
    counting = CompileCounterWithBackend(compiler)
    called = torch.compile(lambda *inputs: loss(*inputs), backend=counting, fullgraph=True)
    for inputs in batches:
        inputs[1].requires_grad_()
        expected = step(loss, inputs)
        for tensor in inputs:
            of_any_batch(tensor)
        for found, wanted in zip(step(called, inputs), expected, strict=True):
            torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-6, equal_nan=True)
    assert counting.frame_count == 1


def drawn(reference, options, batch):
    return [keras.ops.convert_to_tensor(x) for x in reference.inputs(options, leading=(batch, 2))]


def weighted(loss, inputs):
    """The inputs with a weight for each entry of the first axis of the loss; one is 0."""
    values = loss.function(*inputs, **loss.options)
    return [*inputs, torch.linspace(0.0, 2.0, len(values))]


@pytest.mark.parametrize("name", in_tiers(REFERENCES))
def test_a_loss_is_one_graph_for_every_batch(name):
    reference, made = REFERENCES[name], getattr(keraslosses, name)
    first, last = reference.options[0], reference.options[-1]
    assert_one_graph(made(**first), [drawn(reference, first, batch) for batch in BATCHES])
    loss = made(**last, reduction="mean_with_sample_weight")
    assert_one_graph(loss, [weighted(loss, drawn(reference, last, batch)) for batch in BATCHES], "aot_eager")


@pytest.mark.deep
@pytest.mark.parametrize("name", ["Huber", "SparseCategoricalCrossentropy", "MultiLabelMargin", "CTC"])
def test_compiled_to_machine_code_a_loss_is_the_same(name):
    reference = REFERENCES[name]
    options = reference.options[0]
    loss = getattr(keraslosses, name)(**options)
    assert_one_graph(loss, [drawn(reference, options, batch) for batch in BATCHES], "inductor")


@pytest.mark.deep
def test_the_benchmark_measures_the_compiled_loss():
    inputs = torch.zeros(4, 3), torch.linspace(0, 3, 12).reshape(4, 3)
    seen = []

    def loss(y_true, y_pred):
        seen.append(torch.compiler.is_compiling())
        return keraslosses.Huber()(y_true, y_pred)

    eager, compiled = (with_gradient(loss, *inputs, mode) for mode in (*MODES["torch"], TORCH_COMPILE))
    assert worker.difference(worker.results_of(compiled), worker.results_of(eager)) == ""
    assert seen == [True, False]
    assert compiled.kernels() is None and compiled.memory() is not None


def labels_and_features(batch):
    generator = torch.Generator().manual_seed(0)
    return [
        torch.randint(0, CLASSES, (batch,), generator=generator),
        torch.randn(batch, 8, generator=generator),
    ]


HEADS = ("ChunkedCrossEntropy", "LargeMarginHead", "ProxyNCA", "ProxyAnchor", "SoftTriple", "SampledMargin")


@pytest.mark.deep
@pytest.mark.parametrize("name", HEADS)
def test_a_head_is_one_graph_for_every_batch(name):
    keras.utils.set_random_seed(0)
    head = getattr(keraslosses, name)(num_classes=CLASSES)
    head.build((None, 8))
    training = {"training": True} if name != "LargeMarginHead" else {}

    def values(labels, features):
        if name == "SampledMargin":  # It draws other classes in each step.
            head.generator.state.assign(torch.tensor([3, 0]))
        found = head.per_sample_loss(features, labels, **training)
        return found[0] if isinstance(found, tuple) else found  # Some tell which samples count, too.

    assert_one_graph(values, [labels_and_features(batch) for batch in BATCHES])


@pytest.mark.deep
def test_the_terms_are_one_graph_for_every_batch():
    centers, weighting = torch.randn(CLASSES, 8), keraslosses.UncertaintyWeighting(2)
    weighting.build(None)

    def terms(labels, features):
        return weighting([keraslosses.center_distances(features, labels, centers).mean(), features.sum()])

    assert_one_graph(terms, [labels_and_features(batch) for batch in BATCHES])


def test_a_loss_with_a_mask_is_one_graph_for_every_batch():
    def loss(y_true, y_pred):
        seen = y_pred * 1.0
        keras_internals.set_attribute(seen, "_keras_mask", y_true[:, 0] > 0)
        return keraslosses.Huber()(y_true, seen)

    batches = [[torch.ones(batch, 3).triu(), torch.full((batch, 3), 3.0)] for batch in BATCHES]
    assert_one_graph(loss, batches)


def test_a_sum_of_losses_is_one_graph():
    loss = keraslosses.MeanSquaredError() + 0.5 * keraslosses.Huber()
    batches = [
        [torch.zeros(batch, 3), torch.linspace(0, 1, 3 * batch).reshape(batch, 3)] for batch in BATCHES
    ]
    assert_one_graph(loss, batches)


def test_a_second_graph_is_seen():
    """So that the tests before could fail."""
    batches = [[torch.zeros(batch, 3), torch.ones(batch, 3)] for batch in BATCHES]
    with pytest.raises(AssertionError):
        assert_one_graph(lambda y_true, y_pred: torch.take_along_dim(y_pred, y_true.long(), -1), batches)
