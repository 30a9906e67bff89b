"""The faster forms of losses: what each form computes, on which backend, what it needs, and its gain.

A loss names its forms in `loss_function`. No form is found by the name of a function. This module imports no
framework: the function that computes a form is looked up only if its backend is running.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal, NamedTuple

# What a form may need of the inputs. If the inputs do not meet it, the formula of the loss is used.
SEEN = "inputs in the memory of the CPU, and no transformation that traces them"
UNSEEN = "inputs that cannot be looked at, as on an accelerator"
FINITE = "a finite result, if it can be seen"
SOME = "at least one entry"
LABELS = "integer labels; if they can be seen, in range or ignored"


@dataclass(frozen=True, eq=False)
class Form:
    """A faster way to compute a loss. If the inputs do not meet its needs, the formula is used instead.

    Args:
        name: The name with which `bench --without` switches the form off.
        computes: What the form computes. `"formula"`: the values of the entries with their derivatives, for
            `backend.explicit` (only torch uses it). `"mean"`: the mean of these values, from both tensors.
            `"loss"`: the mean loss, from the inputs of the user.
        by: The function that computes the form, by its path in this folder: `"torch.kernels.huber"`.
        mode: The mode of the backend in which the form is used.
        needs: What the inputs must meet.
        gain: The time of the loss with its gradient without the form, divided by the time with it, for each
            size of `bench`, on a CPU. Each time is the smallest of many alternating calls, on one thread. For
            a form that serves on accelerators only, `"kernels"` is the same of the numbers of kernels.
        measured_on: The version of the framework with which the gain was measured.
    """

    name: str
    computes: Literal["formula", "mean", "loss"]
    by: str
    needs: tuple[str, ...]
    gain: Mapping[str, float]
    mode: str = "eager"
    measured_on: str = "torch 2.13.0"

    @property
    def backend(self) -> str:
        return self.by.partition(".")[0]

    def function(self) -> Callable[..., Any]:
        """The function that computes the form. Its backend must be the one that is running."""
        module, _, name = self.by.rpartition(".")
        return getattr(import_module(f"keraslosses.core.backend.{module}"), name)


class Faster(NamedTuple):
    """The functions of a loss's forms on the running backend. Each returns None for inputs it cannot take."""

    formula: Callable[..., Any] | None = None
    mean: Callable[..., Any] | None = None
    loss: Callable[..., Any] | None = None


def at_work(forms: Sequence[Form], backend: str) -> Faster:
    """The functions of the forms for a backend. Two forms that compute the same raise TypeError."""
    own = [form for form in forms if form.backend == backend]
    found = {form.computes: form.function() for form in own}
    if len(found) < len(own):
        raise TypeError(f"two forms compute the same: {[form.name for form in own]}")
    return Faster(**found)


MEAN_SQUARED_ERROR = Form(
    "mean_squared_error",
    "mean",
    "torch.kernels.mean_squared_error",
    needs=(SOME,),
    gain={"small": 1.37, "middle": 1.76},
)

HUBER = Form(
    "huber",
    "mean",
    "torch.kernels.huber",
    needs=(SOME,),
    gain={"small": 1.46, "middle": 8.8},
)

SMOOTH_L1 = Form(
    "smooth_l1",
    "mean",
    "torch.kernels.smooth_l1",
    needs=(SOME,),
    gain={"small": 1.54, "middle": 10.5},
)

LOG_COSH = Form(
    "log_cosh",
    "formula",
    "torch.forms.log_cosh",
    needs=(SEEN, FINITE),
    gain={"small": 1.19, "middle": 1.44},
)

MEAN_SQUARED_LOGARITHMIC_ERROR = Form(
    "mean_squared_logarithmic_error",
    "formula",
    "torch.forms.mean_squared_logarithmic_error",
    needs=(SEEN, FINITE),
    gain={"small": 1.16, "middle": 1.52},
)

BINARY_CROSSENTROPY = Form(
    "binary_crossentropy",
    "formula",
    "torch.forms.binary_crossentropy",
    needs=(FINITE,),
    gain={"small": 2.17, "middle": 4.1},
)

BINARY_CROSSENTROPY_MEAN = Form(
    "binary_crossentropy_mean",
    "loss",
    "torch.written_out.binary_crossentropy",
    needs=(UNSEEN, SOME),
    gain={"kernels": 1.44},
)

BINARY_FOCAL_CROSSENTROPY = Form(
    "binary_focal_crossentropy",
    "formula",
    "torch.forms.binary_focal_crossentropy",
    needs=(FINITE,),
    gain={"small": 2.23, "middle": 5.1},
)

CATEGORICAL_CROSSENTROPY = Form(
    "categorical_crossentropy",
    "formula",
    "torch.forms.categorical_crossentropy",
    needs=(FINITE,),
    gain={"small": 1.4, "middle": 2.36},
)

CATEGORICAL_CROSSENTROPY_MEAN = Form(
    "categorical_crossentropy_mean",
    "loss",
    "torch.kernels.categorical_crossentropy",
    needs=(FINITE, SOME),
    gain={"small": 1.52, "middle": 1.16},
)

SPARSE_CATEGORICAL_CROSSENTROPY_MEAN = Form(
    "sparse_categorical_crossentropy_mean",
    "loss",
    "torch.kernels.sparse_categorical_crossentropy",
    needs=(FINITE, SOME, LABELS),
    gain={"small": 1.44, "middle": 1.08},
)

NEGATIVE_LOG_LIKELIHOOD_MEAN = Form(
    "negative_log_likelihood_mean",
    "loss",
    "torch.kernels.negative_log_likelihood",
    needs=(FINITE, SOME, LABELS),
    gain={"small": 1.91, "middle": 1.35},
)

POLY_CROSSENTROPY_MEAN = Form(
    "poly_crossentropy_mean",
    "loss",
    "torch.kernels.poly_crossentropy",
    needs=(SEEN, FINITE, SOME, LABELS),
    gain={"small": 2.0, "middle": 4.6},
)

MULTI_MARGIN_MEAN = Form(
    "multi_margin_mean",
    "loss",
    "torch.kernels.multi_margin",
    needs=(SEEN, FINITE, SOME, LABELS),
    gain={"small": 1.65, "middle": 1.14},
)

KL_DIVERGENCE_MEAN = Form(
    "kl_divergence_mean",
    "loss",
    "torch.written_out.kl_divergence",
    needs=(UNSEEN, SOME),
    gain={"kernels": 1.37},
)

CATEGORICAL_GENERALIZED_CROSS_ENTROPY_MEAN = Form(
    "categorical_generalized_cross_entropy_mean",
    "loss",
    "torch.written_at_labels.categorical_generalized_cross_entropy",
    needs=(UNSEEN, SOME),
    gain={"kernels": 2.4},
)

COSINE_SIMILARITY_MEAN = Form(
    "cosine_similarity_mean",
    "loss",
    "torch.written_out.cosine_similarity",
    needs=(UNSEEN, SOME),
    gain={"kernels": 1.6},
)

CTC_MEAN = Form(
    "ctc_mean",
    "loss",
    "torch.ctc_mean.ctc",
    needs=(UNSEEN, SOME),
    gain={"kernels": 2.1},
)

MULTI_LABEL_MARGIN_MEAN = Form(
    "multi_label_margin_mean",
    "loss",
    "torch.written_margins.multi_label_margin",
    needs=(UNSEEN, SOME),
    gain={"kernels": 1.3},
)

DICE_MEAN = Form(
    "dice_mean",
    "loss",
    "torch.overlaps.dice",
    needs=(SOME,),
    gain={"small": 1.4, "middle": 1.3},
)

TVERSKY_MEAN = Form(
    "tversky_mean",
    "loss",
    "torch.overlaps.tversky",
    needs=(SOME,),
    gain={"small": 1.1, "middle": 1.6},
)

JACCARD_MEAN = Form(
    "jaccard_mean",
    "loss",
    "torch.overlaps.jaccard",
    needs=(SOME,),
    gain={"small": 1.43, "middle": 2.1},
)

FOCAL_TVERSKY_MEAN = Form(
    "focal_tversky_mean",
    "loss",
    "torch.overlaps.focal_tversky",
    needs=(SOME,),
    gain={"small": 1.35, "middle": 1.39},
)

SOFT_MARGIN = Form(
    "soft_margin",
    "formula",
    "torch.forms.soft_margin",
    needs=(FINITE,),
    gain={"small": 1.61, "middle": 2.74},
)

MULTI_LABEL_SOFT_MARGIN = Form(
    "multi_label_soft_margin",
    "formula",
    "torch.forms.multi_label_soft_margin",
    needs=(FINITE,),
    gain={"small": 2.6, "middle": 4.3},
)

MULTI_LABEL_SOFT_MARGIN_MEAN = Form(
    "multi_label_soft_margin_mean",
    "loss",
    "torch.written_out.multi_label_soft_margin",
    needs=(UNSEEN, SOME),
    gain={"kernels": 1.8},
)
