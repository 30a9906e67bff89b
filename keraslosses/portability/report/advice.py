"""The advice for a finding, by its code: the usual cause and the usual repair."""

from keraslosses.portability.finding import Finding

# `<argument>` is replaced by the name of the argument of the finding.
ADVICE = {
    # The object does not run
    "no-target": (
        "Name an object that can be checked: module:Object, file.py:Object, or a loss of keraslosses."
    ),
    "does-not-run": (
        "The object fails with the inputs shown. If it reads other inputs, choose them with --inputs and "
        "--shape. If it calls a function of one framework, use keras.ops instead."
    ),
    "missing-module": (
        "The object needs a module that is not installed, or it imports one framework. Use keras.ops instead."
    ),
    "raises": "The object fails with the inputs shown. The error names the line.",
    "hangs": (
        "The check takes longer than --timeout allows. Look for a loop that does not end, or a download. "
        "If the check is only slow, give it more time with --timeout."
    ),
    "takes-memory": (
        "Look for an array that is too large because of broadcasting, such as (batch, 1) against (batch,), "
        "or for an array that grows with each call. --memory allows more memory."
    ),
    "process-ended": "The object ended the process: see the error.",
    "prints": "Remove the print. In a compiled function it prints once, or in every step.",
    "not-a-tensor": (
        "Return a tensor from keras.ops. Do not return a NumPy array, a list, or the result of a function "
        "of one framework."
    ),
    "random": (
        "The values are random, so nothing can be compared. Draw the random numbers outside of the loss, "
        "or in a layer that draws only in training."
    ),
    "numpy-on-tensor": (
        "NumPy, or a function of another framework, is applied to a tensor. Use keras.ops instead."
    ),
    # Shapes
    "one-number": (
        "Return one value for each sample, such as ops.mean(..., axis=-1). Keras computes the mean over the "
        "batch. Your own mean is wrong with sample weights, masks or several replicas."
    ),
    "not-one-per-sample": (
        "The mean is over the wrong axis. Use axis=-1, which keeps the first axis, the batch."
    ),
    "broadcast": (
        "Compare the shapes before computing, or reshape y_true to the shape of y_pred. With (batch,) "
        "against (batch, 1), every target is compared with every prediction."
    ),
    # Values and gradients
    "value-differs": (
        "The formula differs. Look for an epsilon that is not needed, a wrong axis, a sum instead of a "
        "mean, or swapped arguments."
    ),
    "gradient-differs": (
        "If the value is right and the gradient is wrong, check ops.stop_gradient: either a part that must "
        "be constant is not inside it, or a part that must not be constant is inside it. If the gradient is "
        "0, a clip may be the cause."
    ),
    "value-not-finite": (
        "There is a logarithm of 0, a division by 0 or an overflow of exp. Compute from logits with "
        "log_softmax, logsumexp or softplus, or choose safe inputs with ops.where before the formula."
    ),
    "gradient-not-finite": (
        "A square root, norm, logarithm, power or division has no finite derivative at these inputs. Choose "
        "safe inputs first, and the value afterwards: ops.where(x > 0, ops.sqrt(ops.where(x > 0, x, 1.0)), "
        '0.0). See "How to read a failure" in docs/check.md.'
    ),
    "no-gradient": (
        "An operation has no gradient: stop_gradient, a comparison, argmax, rounding, a cast to integers, "
        "or NumPy."
    ),
    "backends-differ": (
        "An operation behaves differently on the backends, such as integer division, sorting of equal "
        "numbers, out-of-range indices, infinities, or float64 in NumPy."
    ),
    "kink-differs": (
        "The backends use different derivatives at a kink (the corner of abs, maximum, clip or relu). "
        "Choose one with ops.where."
    ),
    # Hard and wrong inputs
    "nan-hidden": (
        "A comparison (maximum, where, clip) replaces the NaN by a number. Write it so that NaN stays NaN."
    ),
    "wrong-label-costs": (
        "Compare the labels with the number of classes. A label out of range must raise an error or give NaN."
    ),
    "domain-unchecked": (
        "A clip turns any input into a number. Compare the inputs with their range. Raise an error if the "
        "values can be read; in compiled code add NaN: ops.where(outside, np.nan, 0.0). If y_pred holds "
        "logits, choose the kind with --inputs."
    ),
    # Compilers and other transformations
    "not-traceable": (
        "A Python if, while, bool(), float(), .numpy() or NumPy reads a tensor whose value is not known "
        "yet. Use ops.where, ops.cond or ops.while_loop."
    ),
    "compiled-differs": (
        "A value is fixed when the function is traced: a shape, a random number, or a Python value that "
        "changes later."
    ),
    "not-transformable": (
        "An operation with a custom gradient does not support the transformation. Write the formula in "
        "keras.ops, and choose the gradient with ops.where and ops.stop_gradient."
    ),
    "transformation-differs": (
        "A custom gradient, ops.stop_gradient or a cast hides the formula from the transformation. Compute "
        "the gradient from y_pred itself, or raise a ValueError that says that this is not supported."
    ),
    # The batch
    "batch-of-one": "A batch of one sample loses its axis. Use ops.squeeze with an axis, or do not squeeze.",
    "depends-on-batch": (
        "The value of a sample depends on the other samples. Look for a sum, mean, maximum or normalization "
        "over axis 0. If this is intended, use --coupled."
    ),
    "empty-batch": "The loss divides by 0 samples. Return 0 if the count is 0.",
    # Weights and masks
    "weights-differ": (
        "Return one value for each sample from call. keras.losses.Loss applies weights, masks and the mean."
    ),
    "ignored-counted": (
        "The mean counts ignored entries. Divide by the number of entries that are not ignored."
    ),
    "weight-0-infinite": (
        "0 · inf is NaN. Replace the inputs of weight 0 by safe numbers before the formula."
    ),
    "replicas-differ": (
        "Each replica gets only its own samples. Return one value for each sample that depends on no other "
        "sample. Keras computes the mean."
    ),
    # Precision
    "half-precision": (
        'Cast y_pred to "float32" first, and y_true too if it holds floats. Cast the result back at the '
        "end. Half precision overflows at 65504 and has three digits."
    ),
    "label-rounded": (
        "Labels were cast to a float dtype that cannot represent the number. Keep them as integers."
    ),
    "float64-narrowed": (
        "No step may use a narrower dtype than y_pred. Cast to float32 only tensors that are narrower, and "
        "create constants with the dtype of y_pred. keras.ops itself uses float32 for the mean on JAX and "
        "torch, and for maximum, minimum and matmul on torch."
    ),
    # Saving
    "config-lacks": (
        'Add it in get_config: {**super().get_config(), "<argument>": self.<argument>}. Without it, a '
        "saved model is loaded with the default."
    ),
    "config-lacks-base": (
        "Start get_config with {**super().get_config(), ..}, which has the name and the reduction."
    ),
    "config-not-taken": (
        "get_config has `<argument>`, but __init__ does not take it. Let __init__ take the arguments of "
        "its base class (for a loss: reduction, name and dtype), and pass them to super().__init__."
    ),
    "saving-differs": (
        "Register the class with keras.saving.register_keras_serializable, let get_config return every "
        "argument of __init__, and let __init__ take reduction, name and dtype."
    ),
    # Options and training
    "option-unchecked": "Check the option in __init__ and raise a ValueError that names it.",
    "fit-does-not-lower": (
        "Training does not lower the loss. See the checks gradient and compiled. Perhaps the loss reads "
        "other inputs: choose them with --inputs."
    ),
}


def advice_for(finding: Finding) -> str:
    """The advice for a finding."""
    return ADVICE[finding.code].replace("<argument>", finding.argument)
