"""Losses with one planted fault each, and the check of the package that must find it.

Each is a small mistake that was seen in somebody's code. The twin without the fault is a loss of ours, or is
given beside the fault.
"""

import keras
import numpy as np
from keras import ops

from keraslosses.core.kinds.elementwise import Elementwise
from keraslosses.core.kinds.vectors import Vectors
from keraslosses.core.loss import FunctionLoss, loss_function
from keraslosses.losses import regression, robust, sparse_crossentropy
from keraslosses.portability.targets.subject import Subject
from keraslosses.reference import REFERENCES, Reference, kinds

FAULTS: dict[str, tuple[str, Subject]] = {}


def fault(check, reference):
    """Notes a broken class, the check that must find it, and the reference it breaks."""

    def note(cls):
        keras.saving.register_keras_serializable(package="broken")(cls)
        entry = REFERENCES[reference] if isinstance(reference, str) else reference
        FAULTS[cls.__name__] = (check, Subject(cls, entry))
        return cls

    return note


class Plain(FunctionLoss):
    """A loss over a formula, without options."""

    formula = None

    def __init__(self, reduction="sum_over_batch_size", name="plain", dtype=None):
        super().__init__(type(self).formula, reduction, name, dtype)


def mean_over_batch(values, axis, weights=None):
    return ops.mean(values, axis=0)


@loss_function(Elementwise(average=mean_over_batch))
def squared_error_over_wrong_axis(y_true, y_pred):
    return ops.square(y_pred - y_true)


@fault("value", "MeanSquaredError")
class MeanOverWrongAxis(Plain):
    formula = squared_error_over_wrong_axis


def self_weighted(y_true, y_pred, frozen=None):
    """The squared error, weighted by its own size, which is held constant in the gradient."""
    weight = np.abs(y_pred - y_true) if frozen is None else frozen
    return np.mean(weight * (y_pred - y_true) ** 2, axis=-1)


SELF_WEIGHTED = Reference(
    "SelfWeighted",
    "self_weighted",
    "broken",
    kinds.REAL,
    self_weighted,
    "made up",
    frozen=lambda y_true, y_pred: np.abs(y_pred - y_true),
)


@loss_function(Elementwise())
def self_weighted_error(y_true, y_pred):
    return ops.stop_gradient(ops.abs(y_pred - y_true)) * ops.square(y_pred - y_true)


@loss_function(Elementwise())
def self_weighted_error_without_stop(y_true, y_pred):
    return ops.abs(y_pred - y_true) * ops.square(y_pred - y_true)


class SelfWeighted(Plain):
    formula = self_weighted_error


@fault("gradient", SELF_WEIGHTED)
class MissingStopGradient(Plain):
    formula = self_weighted_error_without_stop


@loss_function(Vectors())
def divergence_with_epsilon(y_true, y_pred):
    return ops.sum(y_true * ops.log((y_true + 1e-3) / (y_pred + 1e-3)), axis=-1)


@fault("value", "KLDivergence")
class BiasingEpsilon(Plain):
    formula = divergence_with_epsilon


@loss_function(Elementwise(average=lambda values, axis, weights=None: ops.sqrt(ops.mean(values, axis=axis))))
def root_with_raw_gradient(y_true, y_pred):
    return ops.square(y_pred - y_true)


@fault("hard inputs", "RootMeanSquaredError")
class NanGradientAtEquality(Plain):
    formula = root_with_raw_gradient


@loss_function(Elementwise())
def branching_error(y_true, y_pred):
    error = y_pred - y_true
    return ops.square(error) if float(ops.max(error)) > -1e9 else error


@fault("compiled", "MeanSquaredError")
class PythonIfOnTensor(Plain):
    formula = branching_error


@loss_function(Elementwise())
def normalised_by_batch(y_true, y_pred):
    error = ops.square(y_pred - y_true)
    return error / (ops.max(error) + 1.0)


@fault("batch", "MeanSquaredError")
class BatchCoupled(Plain):
    formula = normalised_by_batch


@fault("saving", "Huber")
class OptionMissingFromConfig(robust.Huber):
    def get_config(self):
        config = super().get_config()
        del config["delta"]
        return config


@fault("precision", "SparseCategoricalCrossentropy")
class LabelsCast(sparse_crossentropy.SparseCategoricalCrossentropy):
    def entries(self, y_true, y_pred, sample_weight=None, mask=None):
        y_true = ops.cast(ops.cast(ops.convert_to_tensor(y_true), self.dtype), "int32")
        return super().entries(y_true, y_pred, sample_weight, mask)


@fault("batch", "MeanSquaredError")
class SqueezedBatchOfOne(regression.MeanSquaredError):
    def entries(self, y_true, y_pred, sample_weight=None, mask=None):
        entries = super().entries(y_true, y_pred, sample_weight, mask)
        return entries._replace(values=ops.squeeze(entries.values))


@fault("weights", "MeanSquaredError")
class ScalarInsteadOfPerSample(regression.MeanSquaredError):
    def __call__(self, y_true, y_pred, sample_weight=None):
        return ops.mean(super().__call__(y_true, y_pred, sample_weight))


@fault("weights", "SparseCategoricalCrossentropy")
class WrongIgnoreDenominator(sparse_crossentropy.SparseCategoricalCrossentropy):
    def entries(self, y_true, y_pred, sample_weight=None, mask=None):
        return super().entries(y_true, y_pred, sample_weight, mask)._replace(valid=None)


@fault("precision", "MeanSquaredError")
class ComputedInHalfPrecision(regression.MeanSquaredError):
    def entries(self, y_true, y_pred, sample_weight=None, mask=None):
        entries = super().entries(y_true, y_pred, sample_weight, mask)
        narrow = ops.convert_to_tensor(y_pred).dtype
        return entries._replace(values=ops.cast(ops.cast(entries.values, narrow), "float32"))


@loss_function(Elementwise())
def narrowed_error(y_true, y_pred):
    return ops.square(ops.cast(ops.cast(y_pred - y_true, "float32"), y_pred.dtype))


@fault("float64", "MeanSquaredError")
class ComputedInFloat32(Plain):
    formula = narrowed_error


@loss_function(Elementwise(), power=lambda name, value: None)
def unchecked_power(y_true, y_pred, *, power=2.0):
    size = ops.abs(y_pred - y_true)
    return size**2 if power == 2.0 else size


@fault("options", "MeanPowerError")
class OptionsUnchecked(FunctionLoss):
    def __init__(self, power=2.0, reduction="sum_over_batch_size", name="unchecked", dtype=None):
        super().__init__(unchecked_power, reduction, name, dtype, power=power)


@loss_function(Elementwise())
def detached_error(y_true, y_pred):
    return ops.stop_gradient(ops.square(y_pred - y_true)) + 0.0 * y_pred


@loss_function(Elementwise())
def linear_around_prediction(y_true, y_pred):
    here = ops.stop_gradient(y_pred)
    return ops.square(here - y_true) + 2.0 * (here - y_true) * (y_pred - here)


@fault("transformations", "MeanSquaredError")
class GradientWithoutGradient(Plain):
    formula = linear_around_prediction


@fault("fit", "MeanSquaredError")
class NothingFlowsBack(Plain):
    formula = detached_error


@loss_function(Vectors())
def divergence_of_anything(y_true, y_pred):
    """Clipping makes probabilities of logits, and a distribution of any targets."""
    target, p = ops.clip(y_true, 0.0, 1.0), ops.clip(y_pred, 1e-7, 1.0)
    return ops.sum(target * ops.log(ops.maximum(target, 1e-30) / p), axis=-1)


@fault("domain", "KLDivergence")
class LogitsTakenForProbabilities(Plain):
    formula = divergence_of_anything


@fault("shapes", "MeanSquaredError")
class BroadcastsInSilence(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return ops.mean(ops.square(y_pred - y_true), axis=-1)


@fault("replicas", "MeanSquaredError")
class NotSharedByReplicas(regression.MeanSquaredError):
    def __call__(self, y_true, y_pred, sample_weight=None):
        return ops.mean(self.entries(y_true, y_pred).values)
