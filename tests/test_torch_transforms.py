"""What torch's transformations make of losses and heads, in every order of nesting."""

import keras
import numpy as np
import pytest
import torch
from keras import ops
from torch.func import functional_call, grad, hessian, jacrev, jvp, vmap

import keraslosses
from keraslosses.reference import REFERENCES

# torch's own, at its first step in forward mode.
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script` is:DeprecationWarning")

NAMES = ("Huber", "CategoricalCrossentropy", "BinaryFocalCrossentropy", "ArcFace", "MultiMargin", "DIoU")


def around(name):
    """A function of y_pred, a place and a direction, in float64."""
    reference = REFERENCES[name]
    options = reference.options[0]
    y_true, y_pred = map(torch.as_tensor, reference.inputs(options, leading=(2,)))
    loss = getattr(keraslosses, name)(reduction="none", dtype="float64", **options)
    direction = torch.as_tensor(np.random.default_rng(1).normal(size=tuple(y_pred.shape)))
    return lambda x: (loss(y_true, x) ** 2).sum(), y_pred.double(), direction


@pytest.mark.parametrize("name", NAMES)
def test_second_derivatives_agree_in_every_order(name):
    function, x, direction = around(name)

    def along(function):
        return lambda x: jvp(function, (x,), (direction,))[1]

    def backward(x):
        x = x.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(function(x), x, create_graph=True)
        return torch.autograd.grad((gradient * direction).sum(), x)[0]

    expected = (grad(function)(x + 1e-5 * direction) - grad(function)(x - 1e-5 * direction)) / 2e-5
    size = x.numel()
    for found in (
        along(grad(function))(x),
        grad(lambda x: (grad(function)(x) * direction).sum())(x),
        grad(along(function))(x),
        backward(x),
        (hessian(function)(x).reshape(size, size) @ direction.reshape(-1)).reshape(x.shape),
        (jacrev(jacrev(function))(x).reshape(size, size) @ direction.reshape(-1)).reshape(x.shape),
    ):
        torch.testing.assert_close(found, expected, rtol=1e-2, atol=1e-2 * float(expected.abs().max()))
    torch.testing.assert_close(
        along(along(function))(x),
        (expected * direction).sum(),
        rtol=2e-2,
        atol=float(expected.abs().max()) * 2e-2,
    )


@pytest.mark.parametrize("name", ["mean_squared_error", "cosine_similarity", "kl_divergence"])
def test_mixed_derivative_by_both_inputs(name):
    """How the gradient by y_true changes with y_pred."""
    function = getattr(keraslosses, name)
    y_true, y_pred = (torch.softmax(torch.arange(6.0).reshape(2, 3).double() * k, -1) for k in (0.3, -0.2))

    def total(y_true, y_pred):
        return function(y_true, y_pred).sum()

    direction = torch.ones_like(y_pred) * torch.tensor([1.0, -2.0, 0.5])
    by_true = grad(total)
    found = jvp(lambda y_pred: by_true(y_true, y_pred), (y_pred,), (direction,))[1]
    ahead, behind = (by_true(y_true, y_pred + step * direction) for step in (1e-4, -1e-4))
    torch.testing.assert_close(found, (ahead - behind) / 2e-4, rtol=1e-2, atol=1e-3)


@pytest.mark.parametrize("name", ["multi_margin", "multi_label_margin"])
def test_second_derivative_of_what_kernels_compute(name):
    """Through the mean too, which has a kernel of its own."""
    reference = next(one for one in REFERENCES.values() if one.function == name)
    y_true, y_pred = map(torch.as_tensor, reference.inputs({}, leading=(4,)))
    for reduction in ("none", "sum_over_batch_size"):
        loss = getattr(keraslosses, reference.name)(reduction=reduction, dtype="float64")

        def slope(x, create_graph=False, loss=loss):
            return torch.autograd.grad((loss(y_true, x) ** 2).sum(), x, create_graph=create_graph)[0]

        x = y_pred.double().requires_grad_()
        found = torch.autograd.grad(slope(x, True)[0].sum(), x)[0]
        for place in ((0, 0), (1, 2), (0, 5)):
            moved = [y_pred.double() for _ in range(2)]
            moved[0][place] += 1e-4
            moved[1][place] -= 1e-4
            ahead, behind = (slope(one.requires_grad_())[0].sum() for one in moved)
            torch.testing.assert_close(found[place], (ahead - behind) / 2e-4, rtol=1e-3, atol=1e-4)


HEADS = {
    "chunks": lambda: keraslosses.ChunkedCrossEntropy(7, chunk_size=2, use_bias=True),
    "margin": lambda: keraslosses.ChunkedCrossEntropy(7, chunk_size=2, margin=keraslosses.ArcFace()),
    "large margin": lambda: keraslosses.LargeMarginHead(7),
    "nearest proxy": lambda: keraslosses.ProxyNCA(7),
    "proxies as anchors": lambda: keraslosses.ProxyAnchor(7),
    "several centers": lambda: keraslosses.SoftTriple(7, centers=2),
}


@pytest.mark.parametrize("name", HEADS)
def test_gradients_of_single_samples_by_the_weights_of_a_head(name):
    head = HEADS[name]()
    features = torch.as_tensor(np.random.default_rng(0).normal(size=(3, 5)).astype("float32"))
    labels = torch.tensor([0, 2, 6])
    head.build(features.shape)
    kernel = head.trainable_variables[0]

    def value(weights, features, labels):
        others = [(variable, variable.value) for variable in head.variables if variable is not kernel]
        with keras.StatelessScope(state_mapping=[(kernel, weights), *others]):
            return ops.sum(head.per_sample_loss(features[None], labels[None], None, False))

    each = vmap(grad(value), (None, 0, 0))(kernel.value.detach(), features, labels)
    for i in range(3):
        weights = kernel.value.detach().clone().requires_grad_()
        (alone,) = torch.autograd.grad(value(weights, features[i], labels[i]), weights)
        torch.testing.assert_close(each[i], alone, rtol=1e-4, atol=1e-5)


def test_gradients_of_single_samples_of_a_model():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)])
    loss = keraslosses.CategoricalFocalCrossentropy(from_logits=True)
    x, y = torch.randn(5, 3), torch.eye(4)[[0, 1, 2, 3, 1]]
    weights = {name: parameter.detach() for name, parameter in model.named_parameters()}

    def value(weights, x, y):
        return loss(y[None], functional_call(model, weights, (x[None],)))

    each = vmap(grad(value), (None, 0, 0))(weights, x, y)
    whole = grad(lambda weights: loss(y, functional_call(model, weights, (x,))))(weights)
    for name, gradient in whole.items():
        torch.testing.assert_close(each[name].mean(0), gradient)
