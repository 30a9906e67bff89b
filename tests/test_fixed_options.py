"""An option that is set after its loss, layer or metric was made would not act in a compiled step: it is refused."""

import copy
import functools
import inspect
import pickle
import re

import keras
import pytest

import keraslosses
from keraslosses.core.arguments import arguments_of
from keraslosses.reference import REFERENCES


def made(name):
    """A loss with options of its own, where its reference has some."""
    options = max(REFERENCES[name].options, key=len)
    return getattr(keraslosses, name)(**options)


OTHERS = {
    "CenterLoss": (lambda: keraslosses.CenterLoss(3), "num_classes alpha weight initializer"),
    "CosineDense": (lambda: keraslosses.CosineDense(3), "units kernel_initializer kernel_regularizer"),
    "LargeMarginHead": (
        lambda: keraslosses.LargeMarginHead(3),
        "num_classes outputs margin base rate power lam_min kernel_constraint",
    ),
    "ChunkedCrossEntropy": (
        lambda: keraslosses.ChunkedCrossEntropy(3),
        "num_classes chunk_size margin use_bias label_smoothing ignore_class class_weights kept bias_initializer",
    ),
    "ProxyNCA": (lambda: keraslosses.ProxyNCA(3), "num_classes all_proxies kernel_constraint"),
    "ProxyAnchor": (lambda: keraslosses.ProxyAnchor(3), "num_classes margin alpha kernel_initializer"),
    "SoftTriple": (lambda: keraslosses.SoftTriple(3), "num_classes centers la gamma margin tau"),
    "CrossBatchMemory": (lambda: keraslosses.CrossBatchMemory(keraslosses.NTXent(), 3), "loss size"),
    "ClipHead": (lambda: keraslosses.ClipHead(), "initial most normalize chunk_size"),
    "SigLipHead": (lambda: keraslosses.SigLipHead(), "scale bias chunk_size"),
    "SampledMargin": (
        lambda: keraslosses.SampledMargin(3, seed=1),
        "num_classes rate margin seed chunk_size",
    ),
    "UncertaintyWeighting": (lambda: keraslosses.UncertaintyWeighting(2), "num_losses initializer"),
    "SequenceMask": (lambda: keraslosses.SequenceMask(), "blank_index"),
    "EditDistance": (lambda: keraslosses.EditDistance(), "blank_index"),
    "IoUScore": (
        lambda: keraslosses.IoUScore(3),
        "num_classes target_class_ids ignore_class class_axis threshold",
    ),
    "HardExamples": (lambda: keraslosses.HardExamples(keraslosses.Huber()), "loss fraction at_least per"),
    "WeightedSum": (lambda: 2.0 * keraslosses.Huber(), "losses weights reduction"),
    "Component": (lambda: (2.0 * keraslosses.Huber()).component("huber_loss"), "loss"),
}


def assert_refused(thing, option):
    before = getattr(thing, option)
    with pytest.raises(AttributeError, match=re.escape(f"`{option}` of a {type(thing).__name__} cannot be")):
        setattr(thing, option, object())
    assert getattr(thing, option) is before
    setattr(thing, option, before)


@pytest.mark.parametrize("name", REFERENCES)
def test_every_option_of_every_loss_is_fixed(name):
    loss = made(name)
    for option in loss.options:
        assert_refused(loss, option)
    loss.name = "renamed"
    for again in (copy.deepcopy(loss), pickle.loads(pickle.dumps(loss)), copy.copy(loss)):
        assert again.get_config() == loss.get_config()
        for option in loss.options:
            assert_refused(again, option)


@pytest.mark.parametrize("name", OTHERS)
def test_every_option_of_the_others_is_fixed(name):
    make, options = OTHERS[name]
    thing = make()
    for option in options.split():
        assert_refused(thing, option)


def test_the_message_says_what_to_do():
    message = "`delta` of a Huber cannot be changed: make a new Huber(delta=3.0)"
    with pytest.raises(AttributeError, match=re.escape(message)):
        keraslosses.Huber().delta = 3.0


def test_weights_of_a_sum_cannot_be_set_one_by_one():
    loss = keraslosses.Huber() + 0.5 * keraslosses.LogCosh()
    with pytest.raises(TypeError):
        loss.weights[0] = 3.0
    with pytest.raises(TypeError):
        loss.losses[0] = keraslosses.LogCosh()


def test_a_subclass_may_set_its_own_attributes():
    class Mine(keraslosses.FunctionLoss):
        def __init__(self, delta=1.0, factor=2.0, name="mine"):
            super().__init__(keraslosses.huber, "mean", name, None, delta=delta)
            self.delta = delta
            self.factor = factor

    loss = Mine(3.0)
    assert (loss.delta, loss.factor) == (3.0, 2.0)
    loss.notes = "free"
    assert_refused(loss, "factor")


def test_a_frozen_layer_and_a_policy_can_still_be_set():
    layer = keraslosses.CenterLoss(3)
    layer.trainable = False
    layer.dtype_policy = keras.DTypePolicy("float16")
    assert not layer.trainable


def test_the_arguments_of_a_function_are_those_of_its_signature():
    def plain(y_true, y_pred, gamma, alpha=0.5, *, axis=-1, weights):
        pass

    @functools.wraps(plain)
    def wrapped(*args, **kwargs):
        pass

    for function in (plain, wrapped, functools.partial(plain, 1)):
        signature = inspect.signature(function).parameters
        names, defaults = arguments_of(function)
        assert names == list(signature)
        assert defaults == {name: p.default for name, p in signature.items() if p.default is not p.empty}
