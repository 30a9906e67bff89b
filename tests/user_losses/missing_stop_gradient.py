"""Complete IoU whose trade-off factor alpha is not held constant in the gradient."""

import math

from keras import ops


def complete_iou(y_true, y_pred):
    x1, y1, x2, y2 = (y_true[..., i] for i in range(4))
    a1, b1, a2, b2 = (y_pred[..., i] for i in range(4))
    width = ops.maximum(ops.minimum(x2, a2) - ops.maximum(x1, a1), 0)
    height = ops.maximum(ops.minimum(y2, b2) - ops.maximum(y1, b1), 0)
    overlap = width * height
    union = (x2 - x1) * (y2 - y1) + (a2 - a1) * (b2 - b1) - overlap
    iou = overlap / union
    diagonal = (ops.maximum(x2, a2) - ops.minimum(x1, a1)) ** 2 + (
        ops.maximum(y2, b2) - ops.minimum(y1, b1)
    ) ** 2
    distance = ((x1 + x2 - a1 - a2) ** 2 + (y1 + y2 - b1 - b2) ** 2) / 4
    difference = ops.arctan2(x2 - x1, y2 - y1) - ops.arctan2(a2 - a1, b2 - b1)
    v = 4 / math.pi**2 * difference**2
    alpha = v / (1 - iou + v + 1e-12)
    return 1 - iou + distance / diagonal + alpha * v
