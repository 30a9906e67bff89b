"""What to do about a finding, by its code: the usual cause, and the usual repair."""

from keraslosses.portability.finding import Finding

# `<argument>` stands for the name of the argument that the finding is about.
ADVICE = {
    # It does not run
    "no-target": (
        "Name something that can be checked: module:Object, file.py:Object, or a loss of keraslosses."
    ),
    "does-not-run": (
        "The object fails with the inputs shown. If it reads other inputs, choose them with --inputs and "
        "--shape. If it calls a framework's own function, write that in keras.ops."
    ),
    "missing-module": (
        "It needs a module that is not installed, or imports one framework itself: write it in keras.ops."
    ),
    "raises": "It fails with the inputs shown. The error names the line.",
    "hangs": (
        "It runs longer than --timeout allows. Look for a loop that does not end, or a download. If the "
        "check is only slow, give it more time with --timeout."
    ),
    "takes-memory": (
        "Look for an array of the size of a product, such as (batch, 1) against (batch,), or for one that"
        " grows with each call. --memory allows more."
    ),
    "process-ended": "The process ended inside the object: see the error.",
    "prints": "Remove the print. In a compiled function it would print once, or in every step.",
    "not-a-tensor": (
        "Return what keras.ops gives: no NumPy array, no list, no result of one framework's own functions."
    ),
    "random": (
        "Its values are random, so nothing can be compared. Draw random numbers outside of it, or in a "
        "layer that draws only in training."
    ),
    "numpy-on-tensor": (
        "NumPy, or a function of another framework, is applied to a tensor: write it in keras.ops."
    ),
    # Shapes
    "one-number": (
        "Return one value for each sample, such as ops.mean(..., axis=-1), and leave the mean over the "
        "batch to Keras. A mean of your own is wrong under sample weights, masks and several replicas."
    ),
    "not-one-per-sample": (
        "The mean is taken over the wrong axis: use axis=-1, which leaves the batch, the first axis."
    ),
    "broadcast": (
        "Compare the shapes before computing, or reshape y_true to the shape of y_pred: with (batch,) "
        "against (batch, 1) every sample meets every other."
    ),
    # Values and gradients
    "value-differs": (
        "The formula differs: look for an epsilon that is added where it is not needed, a wrong axis, a "
        "sum in place of a mean, or swapped arguments."
    ),
    "gradient-differs": (
        "If the value is right and the gradient is not, a part that must be held constant has to be in "
        "ops.stop_gradient, or a part that must not be constant is in it. If the gradient is 0, a clip "
        "may cut it."
    ),
    "value-not-finite": (
        "A logarithm of 0, a division by 0 or an overflow of exp. Compute from logits with log_softmax, "
        "logsumexp or softplus, or choose safe inputs with ops.where before the formula."
    ),
    "gradient-not-finite": (
        "A square root, norm, logarithm, power or division has no finite derivative there. Choose safe "
        "inputs first, and the value afterwards: ops.where(x > 0, ops.sqrt(ops.where(x > 0, x, 1.0)), "
        '0.0). See "How to read a failure" in docs/check.md.'
    ),
    "no-gradient": (
        "Something cuts the gradient: stop_gradient, a comparison, argmax, rounding, a cast to integers, "
        "or NumPy."
    ),
    "backends-differ": (
        "An operation means different things on the backends: integer division, sorting of equal numbers,"
        " out-of-range indices, infinities, or float64 in NumPy."
    ),
    "kink-differs": (
        "The backends choose different derivatives at a kink (the corner of abs, maximum, clip or relu): "
        "choose one with ops.where."
    ),
    # Inputs that are hard, or wrong
    "nan-hidden": "A comparison (maximum, where, clip) hides the NaN: choose with it so that NaN stays.",
    "wrong-label-costs": (
        "Compare the labels with the number of classes: a label out of range is an error, or costs NaN."
    ),
    "domain-unchecked": (
        "A clip turns any input into a number. Compare the inputs with their range: raise where their "
        "values can be read, else add NaN, ops.where(outside, np.nan, 0.0). If y_pred holds logits, say "
        "so with --inputs."
    ),
    # Compilers and other transformations
    "not-traceable": (
        "A Python if, while, bool(), float(), .numpy() or NumPy reads a tensor whose value is not known "
        "yet: use ops.where, ops.cond or ops.while_loop."
    ),
    "compiled-differs": (
        "Something is decided when the function is traced: a shape, a random number, a Python value that "
        "changes."
    ),
    "not-transformable": (
        "An operation with a gradient of its own does not say how a transformation goes through it: write"
        " the formula in keras.ops, and choose the gradient with ops.where and ops.stop_gradient."
    ),
    "transformation-differs": (
        "A gradient of its own, ops.stop_gradient, or a cast hides the formula from the transformation: "
        "compute the gradient from y_pred itself, or raise a ValueError that says that there is none."
    ),
    # The batch
    "batch-of-one": "A batch of one loses its axis: use ops.squeeze with an axis, or do not squeeze.",
    "depends-on-batch": (
        "The value of a sample depends on the other samples: a sum, mean, maximum or normaliser over axis"
        " 0. If that is meant, say --coupled."
    ),
    "empty-batch": "0 divided by 0 samples: return 0 where the count is 0.",
    # Weights and masks
    "weights-differ": (
        "Leave weights, masks and the mean to keras.losses.Loss: return one value for each sample from call."
    ),
    "ignored-counted": (
        "Ignored entries are in the denominator: divide by the number of entries that count."
    ),
    "weight-0-infinite": "0 · inf is NaN: replace inputs of weight 0 by harmless ones before the formula.",
    "replicas-differ": (
        "Each replica sees its own samples: return one value for each sample that depends on no other "
        "sample, and leave the mean to Keras."
    ),
    # Precision
    "half-precision": (
        'Cast y_pred to "float32" first, a y_true of floats too, and cast the result back last: half '
        "precision overflows at 65504 and has three digits."
    ),
    "label-rounded": "Labels were cast to a float type that does not have the number: keep them integers.",
    "float64-narrowed": (
        "Nothing may be narrower than the dtype of y_pred: cast to float32 only what is narrower, and "
        "give numbers that dtype. keras.ops itself computes in float32 the mean on JAX and torch, and "
        "maximum, minimum and matmul on torch."
    ),
    # Saving
    "config-lacks": (
        'Add it in get_config: {**super().get_config(), "<argument>": self.<argument>}. Without it a '
        "saved model comes back with the default."
    ),
    "config-lacks-base": (
        "Let get_config start from {**super().get_config(), ..}, which has the name and the reduction."
    ),
    "config-not-taken": (
        "get_config has `<argument>`, which __init__ does not take. Let it take what the class above "
        "takes (for a loss reduction, name and dtype), and pass that to super().__init__."
    ),
    "saving-differs": (
        "Register the class with keras.saving.register_keras_serializable, let get_config return every "
        "argument of __init__, and let __init__ take reduction, name and dtype."
    ),
    # Options and training
    "option-unchecked": "Check the option in __init__ and raise a ValueError that names it.",
    "fit-does-not-lower": (
        "Training does not lower it: see the checks of gradient and compiled. Perhaps it does not read "
        "what --inputs says."
    ),
}


def advice_for(finding: Finding) -> str:
    """What to do about a finding."""
    return ADVICE[finding.code].replace("<argument>", finding.argument)
