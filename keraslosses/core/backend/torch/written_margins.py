"""The mean multi-label margin loss, written out as in `written_out`."""

from typing import Any

import torch

from keraslosses.core.backend.torch import internals
from keraslosses.core.backend.torch.internals import transforming
from keraslosses.core.backend.torch.look import peek
from keraslosses.core.backend.torch.ranges import NAN
from keraslosses.core.backend.torch.written_out import Mean, WrittenOut, alike
from keraslosses.core.types import Options, Tensor


def multi_label_margin(y_true: Tensor, y_pred: Tensor, options: Options, reduction: str) -> Any:
    if torch.compiler.is_compiling() or transforming() or not alike(y_true, y_pred):
        return None
    if y_true.dtype not in (torch.int32, torch.int64) or peek(y_pred) is not None or not y_pred.ndim:
        return None
    lists, rows = (x.reshape(-1, x.shape[-1]) for x in (y_true, y_pred))
    return WrittenOut.apply(Mean(margins_of_lists, slope_of_margins), lists, rows)


def margins_of_lists(y_true: Tensor, rows: Tensor) -> Any:
    """torch's kernel reads a list up to its first negative number."""
    lists, broken = ended(y_true)
    values, listed = internals.multi_label_margin(rows, lists)
    # The kernel finds no violated margin in a row with NaN.
    undefined = rows.amax(-1).isnan() & (lists[:, 0] >= 0)
    values.masked_fill_(broken | undefined, NAN)
    return values.mean(), [lists, listed, broken]


def ended(y_true: Tensor) -> tuple[Any, Any]:
    """Lists with -1 for all that is no class, and which hold something else than -1 before their end.

    Rows of nothing but 0 and 1 are no lists, unless there are only two classes.
    """
    classes = y_true.shape[1]
    lists = y_true.clamp(0, classes - 1).long()
    no_class = lists != y_true
    first = no_class.view(torch.uint8).argmax(1, keepdim=True)
    end = y_true.gather(1, first).squeeze(1)
    broken = end.clamp(-1, classes - 1) != end
    if classes > 2:
        broken = broken >= (y_true >> 1).any()
    return lists.masked_fill_(no_class, -1), broken


def slope_of_margins(upstream: Tensor, rows: Tensor, lists: Tensor, listed: Tensor, broken: Tensor) -> Any:
    share = (upstream / len(rows)).expand(len(rows)).masked_fill(broken, NAN)
    return torch.ops.keraslosses.margins_of_lists_backward(share, rows, lists, listed)
