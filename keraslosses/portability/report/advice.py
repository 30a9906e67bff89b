"""What to do about a finding: the usual cause of such a message, and the usual repair."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from keraslosses.portability.finding import Finding


@dataclass(frozen=True)
class Advice:
    """Applies to findings of these checks (all where there are none) whose text fits the pattern."""

    checks: tuple[str, ...]
    pattern: str
    text: str


ADVICE: Iterable[Advice] = (
    Advice(
        (),
        r"^hangs",
        "It runs longer than --timeout allows. Look for a loop that does not end, or a download; a check "
        "that only is slow gets more time by --timeout.",
    ),
    Advice(
        (),
        r"memory",
        "Look for an array of the size of a product, as (batch, 1) against (batch,), or for one that grows "
        "with each call; --memory allows more.",
    ),
    Advice(
        (),
        r"^(was killed by signal|ended the process)",
        "The process ended inside the object: see the error.",
    ),
    Advice(
        ("runs",),
        r"^prints",
        "Remove the print. Inside a compiled function it would be printed once, or in every step.",
    ),
    Advice(
        ("runs",),
        r"^raises (ModuleNotFound|Import)Error",
        "It needs a module that is not installed, or imports one framework itself: write it in keras.ops.",
    ),
    Advice(
        ("runs",),
        r"^raises",
        "The object fails with the inputs shown. If these are not the inputs that it reads, choose them with "
        "--inputs and --shape; else see the error.",
    ),
    Advice(
        ("shapes",),
        r"one number for a batch",
        "Return one value for each sample, such as ops.mean(..., axis=-1), and leave the mean over the batch "
        "to Keras. A mean of your own is wrong under sample weights, masks and several replicas.",
    ),
    Advice(
        ("shapes",),
        r"values of shape",
        "The mean is taken over the wrong axis: use axis=-1, which leaves the batch, the first one.",
    ),
    Advice(
        ("shapes",),
        r"broadcast",
        "Compare the shapes before computing, or reshape y_true to that of y_pred: with (batch,) against "
        "(batch, 1) every sample meets every other.",
    ),
    Advice(
        ("hard inputs", "gradient"),
        r"^gradient.* (is NaN|is infinite|: (nan|inf|-inf) at)|^gradient.*: (nan|-?inf) at",
        "A square root, norm, logarithm, power or division has no finite derivative there. Choose safe "
        "inputs first, and the value afterwards: "
        "ops.where(x > 0, ops.sqrt(ops.where(x > 0, x, 1.0)), 0.0).",
    ),
    Advice(
        ("hard inputs",),
        r"^value.* (is NaN|is infinite)|^value.*: (nan|-?inf) at",
        "A logarithm of 0, a division by 0 or an overflow of exp. Compute from logits with log_softmax, "
        "logsumexp or softplus, or choose safe inputs with ops.where before the formula.",
    ),
    Advice(
        (),
        r"nothing flows back",
        "Something cuts the gradient: stop_gradient, a comparison, argmax, rounding, a cast to integers, "
        "or NumPy.",
    ),
    Advice(
        ("gradient",),
        r"expected",
        "The value is right, the gradient is not: a part that must be held constant has to be inside "
        "ops.stop_gradient, or a part that must not be is inside.",
    ),
    Advice(
        ("value",),
        r"expected",
        "The formula differs: look for an epsilon that is added where it is not needed, a wrong axis, a sum "
        "for a mean, or swapped arguments.",
    ),
    Advice(
        ("hard inputs",),
        r" but .* on ",
        "The backends choose different derivatives at a kink (abs, maximum, clip, relu at its corner): "
        "choose one with ops.where.",
    ),
    Advice(
        ("value", "gradient"),
        r" but .* on ",
        "An operation means different things on the backends: integer division, sorting of equal numbers, "
        "out-of-range indices, the seed of random numbers, or float64 in NumPy.",
    ),
    Advice(
        ("compiled",),
        r"does not compile",
        "A Python if, while, bool(), float(), .numpy() or NumPy looks at a tensor whose value is not known "
        "yet: use ops.where, ops.cond or ops.while_loop.",
    ),
    Advice(
        ("compiled",),
        r".",
        "Something is decided when the function is traced: a shape, a random number, a Python value that "
        "changes.",
    ),
    Advice(
        ("batch",),
        r"alone.*shape|raises",
        "A batch of one loses its axis: use ops.squeeze with an axis, or none.",
    ),
    Advice(
        ("batch",),
        r"alone|order",
        "The value of a sample depends on the other samples: a sum, mean, maximum or normaliser over axis 0. "
        "If that is meant, say --coupled.",
    ),
    Advice(("batch",), r"empty", "0 divided by 0 samples: return 0 where the count is 0."),
    Advice(
        ("weights",),
        r"ignore_class",
        "Ignored entries are in the denominator: divide by the number of entries that count.",
    ),
    Advice(
        ("weights",),
        r"infinite input of weight 0",
        "0 · inf is NaN: replace inputs of weight 0 by harmless ones before the formula.",
    ),
    Advice(
        ("weights",),
        r".",
        "Leave weights, masks and the mean to keras.losses.Loss: return one value for each sample from call.",
    ),
    Advice(
        ("precision",),
        r"label",
        "Labels were cast to a float type that does not have the number: keep them integers.",
    ),
    Advice(
        ("precision",),
        r".",
        'Cast y_pred to "float32" first, and the result back last: half precision overflows at 65504 and has '
        "three digits.",
    ),
    Advice(
        ("saving",),
        r"lacks",
        'Add it in get_config: {**super().get_config(), "name": self.name}. Without it a saved model comes '
        "back with the default.",
    ),
    Advice(
        ("saving",),
        r"config|saved on",
        "Register the class with keras.saving.register_keras_serializable, let get_config return every "
        "argument of __init__, and let __init__ take reduction, name and dtype.",
    ),
    Advice(("options",), r".", "Check the option in __init__ and raise a ValueError that names it."),
    Advice(
        ("fit",),
        r".",
        "Training does not lower it: see the checks of gradient and compiled; --inputs may not be what it "
        "reads.",
    ),
    Advice(
        ("replicas",),
        r".",
        "A loss that gives one number is not divided by the number of replicas: return one value for each "
        "sample.",
    ),
)


def advice_for(check: str, finding: Finding) -> str:
    """What to do about a finding; empty where nothing is known."""
    for advice in ADVICE:
        if (not advice.checks or check in advice.checks) and re.search(advice.pattern, finding.text):
            return advice.text
    return ""
