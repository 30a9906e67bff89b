"""For every piece of advice there is a finding that is given it, and no other."""

import pytest

from keraslosses.portability.checks import CHECKS
from keraslosses.portability.finding import Finding
from keraslosses.portability.report.advice import ADVICE, advice_for, fitting

# Findings as the checks word them, in the order of the advice: the check, and the text.
EXAMPLES = [
    ("fit", "hangs: no answer in 60 seconds"),
    ("value", "takes more than 2000 MB of memory"),
    ("compiled", "was killed by signal 11"),
    ("runs", "prints when it is imported, made or called: a library keeps quiet"),
    ("runs", "gives NoneType, expected a tensor of jax"),
    ("runs", "gives other values at a second call with the same inputs"),
    ("runs", "raises NotImplementedError: Cannot convert a symbolic tf.Tensor (sub:0) to a numpy array."),
    ("runs", "raises ModuleNotFoundError: No module named 'tensorflow'"),
    ("runs", "raises ValueError: expected 4 coordinates"),
    ("batch", "one number for a batch of 5: a loss gives one value for each sample, and Keras does the mean"),
    ("shapes", "values of shape (7,) for a batch of 5: a loss gives one value for each sample"),
    ("shapes", "y_true of shape (5, 1) against y_pred of shape (5, 7) is broadcast in silence to (5, 5)"),
    ("hard inputs", "gradient at equal inputs is NaN"),
    ("value", "value is infinite"),
    ("hard inputs", "label 7 of 7 classes costs 0"),
    ("domain", "logits where probabilities belong, eager with {}, cost -1.60944"),
    ("hard inputs", "one NaN in y_pred with {}: 1 at (0,), expected nan"),
    ("gradient", "gradient with {}: nothing flows back (the gradient is None)"),
    ("gradient", "gradient with {}: 0.2 at (0,), expected 0.3"),
    ("value", "value with {'axis': 1}: 0.2 at (0,), expected 0.3"),
    ("hard inputs", "gradient at margins just reached: 1 at (0, 0), but 0 on tensorflow and torch"),
    ("value", "value: 3 at (0,), but 2 on tensorflow and torch"),
    ("fit", "raises TracerBoolConversionError: Attempted boolean conversion of traced array"),
    ("batch", "sample 0 alone: shape (), expected (1,)"),
    ("batch", "sample 0 alone: 0.2 at (0,), expected 0.3"),
    ("batch", "empty batch, sum_over_batch_size, sum: nan at (0,), expected 0"),
    (
        "weights",
        "sum_over_batch_size with weights of shape None and {'ignore_class': 0}: 1 at (), expected 2",
    ),
    ("weights", "an infinite input of weight 0, eager: nan at (), expected 1"),
    ("precision", "label 2049 with float16 inputs: 9 at (0,), expected 0"),
    ("precision", "float16 inputs, one of them 300: inf at (0,), expected 12000"),
    ("float64", "value of float64 inputs is float32, expected float64"),
    ("saving", "the config lacks `name`"),
    ("saving", "the config lacks `delta`"),
    ("saving", "the config makes no copy: TypeError: __init__() got an unexpected keyword argument 'name'"),
    ("saving", "a model saved on jax: 0.2 at (0,), expected 0.3"),
    ("options", "{'delta': -1}: is accepted"),
    ("fit", "fit with jit_compile=True does not lower the loss: [1.0, 1.0]"),
    ("transformations", "torch.func.jvp with {}: raises RuntimeError: it must override the setup_context"),
    ("transformations", "backward of backward with {}: is 0, without a word"),
    ("value", "raises UnexpectedTracerError: Encountered an unexpected tracer."),
    ("compiled", "compiled with {}: 0.2 at (0,), expected 0.3"),
    ("weights", "sum with weights: 0.2 at (0,), expected 0.3"),
    ("replicas", "sum on two replicas: 0.2 at (), expected 0.1"),
]


def test_every_finding_is_given_its_advice():
    given = [fitting(check, Finding(text))[0] for check, text in EXAMPLES]
    assert given == list(ADVICE)


def test_advice_on_the_config_names_what_it_lacks_and_nothing_else():
    said = advice_for("saving", Finding("the config lacks `delta`"))
    assert '{**super().get_config(), "delta": self.delta}' in said
    assert "name" not in said
    assert '"dtype": self.dtype}' in advice_for("saving", Finding("the config lacks `dtype`"))


@pytest.mark.parametrize(
    ("check", "error"),
    [
        ("fit", "TypeError: mul got incompatible shapes for broadcasting: (7,), (11,)."),
        ("hard inputs", "UnexpectedTracerError: Encountered an unexpected tracer."),
    ],
)
def test_what_raises_is_given_no_advice_on_numbers(check, error):
    assert advice_for(check, Finding(f"raises {error}")).startswith("It fails with the inputs shown")


@pytest.mark.parametrize("check", ["runs", *CHECKS])
def test_every_check_has_advice_of_its_own(check):
    assert any(check in advice.checks for advice in ADVICE)
