"""What to do about a finding: the usual cause of such a message, and the usual repair."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from keraslosses.portability.finding import Finding


@dataclass(frozen=True)
class Advice:
    """Applies to findings of these checks (all where there are none) whose text fits the pattern.

    Its own text may hold groups of the pattern: \\1 is the first.
    """

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
        r"^gives .*, expected a tensor",
        "Return what keras.ops gives: neither NumPy, nor one framework's own functions, nor a list.",
    ),
    Advice(
        (),
        r"^gives other values at a second call|\[JAX RNG\]|SeedGenerator",
        "Its values are random, so nothing can be compared. Draw random numbers outside of it, or in a layer "
        "that draws only in training.",
    ),
    Advice(
        (),
        r"TracerArrayConversion|[Cc]an't call numpy\(\)|to a (numpy|NumPy) array|unsupported ScalarType",
        "NumPy, or a function of another framework, is applied to a tensor: write it in keras.ops.",
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
        "--inputs and --shape. If it is a framework's own function, write it in keras.ops.",
    ),
    Advice(
        ("shapes", "batch", "weights"),
        r"one number for a batch",
        "Return one value for each sample, such as ops.mean(..., axis=-1), and leave the mean over the batch "
        "to Keras. A mean of your own is wrong under sample weights, masks and several replicas.",
    ),
    Advice(
        ("shapes", "batch", "weights"),
        r"values of shape .* for a batch",
        "The mean is taken over the wrong axis: use axis=-1, which leaves the batch, the first one.",
    ),
    Advice(
        ("shapes",),
        r"against y_pred of shape",
        "Compare the shapes before computing, or reshape y_true to that of y_pred: with (batch,) against "
        "(batch, 1) every sample meets every other.",
    ),
    Advice(
        ("hard inputs", "gradient"),
        r"^gradient.* (is NaN|is infinite|: (nan|inf|-inf) at)|^gradient.*: (nan|-?inf) at",
        "A square root, norm, logarithm, power or division has no finite derivative there. Choose safe "
        "inputs first, and the value afterwards: "
        "ops.where(x > 0, ops.sqrt(ops.where(x > 0, x, 1.0)), 0.0). "
        'See "How to read a failure" in docs/check.md.',
    ),
    Advice(
        ("value", "hard inputs"),
        r"^value.* (is NaN|is infinite)|^value.*: (nan|-?inf) at",
        "A logarithm of 0, a division by 0 or an overflow of exp. Compute from logits with log_softmax, "
        "logsumexp or softplus, or choose safe inputs with ops.where before the formula.",
    ),
    Advice(
        ("hard inputs",),
        r"^label .* costs",
        "Compare the labels with the number of classes: one that is out of range is an error, or costs NaN.",
    ),
    Advice(
        ("domain",),
        r" cost ",
        "A clip makes a number of any input. Compare the inputs with their range: raise where they can be "
        "looked at, else add NaN, ops.where(outside, np.nan, 0.0). If y_pred holds logits, say so by "
        "--inputs.",
    ),
    Advice(
        ("hard inputs",),
        r"NaN in y_pred",
        "A comparison (maximum, where, clip) hides the NaN: choose with it so that NaN stays.",
    ),
    Advice(
        (),
        r"nothing flows back",
        "Something cuts the gradient: stop_gradient, a comparison, argmax, rounding, a cast to integers, "
        "or NumPy.",
    ),
    Advice(
        ("gradient", "hard inputs"),
        r"^gradient.*, expected",
        "Where the value is right and the gradient is not, a part that must be held constant has to be in "
        "ops.stop_gradient, or a part that must not be is in it; where it is 0, a clip may cut it.",
    ),
    Advice(
        ("value", "hard inputs"),
        r", expected",
        "The formula differs: look for an epsilon that is added where it is not needed, a wrong axis, a sum "
        "for a mean, or swapped arguments.",
    ),
    Advice(
        ("hard inputs",),
        r"^gradient.* but .* on ",
        "The backends choose different derivatives at a kink (abs, maximum, clip, relu at its corner): "
        "choose one with ops.where.",
    ),
    Advice(
        ("value", "gradient", "hard inputs"),
        r" but .* on ",
        "An operation means different things on the backends: integer division, sorting of equal numbers, "
        "out-of-range indices, infinities, or float64 in NumPy.",
    ),
    Advice(
        (),
        r"does not compile|Unsupported:|[Dd]ata.dependent|TracerBool|Concretization|a Python `?bool",
        "A Python if, while, bool(), float(), .numpy() or NumPy looks at a tensor whose value is not known "
        "yet: use ops.where, ops.cond or ops.while_loop.",
    ),
    Advice(
        ("batch",),
        r"alone.*shape|raises IndexError",
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
        r"ignore_class.*, expected",
        "Ignored entries are in the denominator: divide by the number of entries that count.",
    ),
    Advice(
        ("weights",),
        r"infinite input of weight 0",
        "0 · inf is NaN: replace inputs of weight 0 by harmless ones before the formula.",
    ),
    Advice(
        ("precision",),
        r"label",
        "Labels were cast to a float type that does not have the number: keep them integers.",
    ),
    Advice(
        ("precision",),
        r".",
        'Cast y_pred to "float32" first, a y_true of floats too, and the result back last: half precision '
        "overflows at 65504 and has three digits.",
    ),
    Advice(
        ("float64",),
        r"digits|expected",
        "Nothing may be narrower than the dtype of y_pred: cast to float32 only what is narrower, and give "
        "numbers that dtype. keras.ops itself computes in float32 the mean on JAX and torch, and maximum, "
        "minimum and matmul on torch.",
    ),
    Advice(
        ("saving",),
        r"lacks `(?:reduction|name)`",
        "Let get_config start from {**super().get_config(), ..}, which has the name and the reduction.",
    ),
    Advice(
        ("saving",),
        r"lacks `(\w+)`",
        r'Add it in get_config: {**super().get_config(), "\1": self.\1}. Without it a saved model comes back '
        "with the default.",
    ),
    Advice(
        ("saving",),
        r"unexpected keyword argument '(\w+)'",
        r"get_config has `\1`, which __init__ does not take: let it take what the class above takes, for a "
        "loss reduction, name and dtype, and hand it to super().__init__.",
    ),
    Advice(
        ("saving",),
        r"config|saved on|comes back|round trip",
        "Register the class with keras.saving.register_keras_serializable, let get_config return every "
        "argument of __init__, and let __init__ take reduction, name and dtype.",
    ),
    Advice(("options",), r".", "Check the option in __init__ and raise a ValueError that names it."),
    Advice(
        ("fit",),
        r"^fit",
        "Training does not lower it: see the checks of gradient and compiled; --inputs may not be what it "
        "reads.",
    ),
    Advice(
        ("transformations",),
        r"setup_context|forward mode AD|custom_vjp|forward-mode",
        "An operation with a gradient of its own does not say how a transformation goes through it: write "
        "the formula in keras.ops, and choose the gradient with ops.where and ops.stop_gradient.",
    ),
    Advice(
        ("transformations",),
        r".",
        "A gradient of its own, ops.stop_gradient, or a cast hides the formula from the transformation: "
        "compute the gradient from y_pred itself, or raise a ValueError that says that there is none.",
    ),
    Advice(
        (),
        r"raises",
        "It fails with the inputs shown: the error has the line.",
    ),
    Advice(
        ("compiled",),
        r".",
        "Something is decided when the function is traced: a shape, a random number, a Python value that "
        "changes.",
    ),
    Advice(
        ("weights",),
        r".",
        "Leave weights, masks and the mean to keras.losses.Loss: return one value for each sample from call.",
    ),
    Advice(
        ("replicas",),
        r".",
        "Each replica sees its own samples: return one value for each sample, which depends on no other one, "
        "and leave the mean to Keras.",
    ),
)


def advice_for(check: str, finding: Finding) -> str:
    """What to do about a finding; empty where nothing is known."""
    advice, found = fitting(check, finding)
    return found.expand(advice.text) if advice and found else ""


def fitting(check: str, finding: Finding) -> tuple[Advice | None, re.Match[str] | None]:
    """The first advice that applies to a finding, and what of the finding fits its pattern."""
    for advice in ADVICE:
        found = re.search(advice.pattern, finding.text)
        if found and (not advice.checks or check in advice.checks):
            return advice, found
    return None, None
