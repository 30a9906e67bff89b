"""The losses of mmdetection, and what takes their place."""

from keraslosses.cli.migrate.row import NOT_YET, Row

ONE_COLUMN = "Ours reads a column of zeros and ones for each class, and a row of zeros is the background"
LIBRARY = "mmdet.models.losses"

MMDETECTION = (
    Row(
        f"{LIBRARY}.CrossEntropyLoss",
        "keraslosses.SparseCategoricalCrossentropy(from_logits=True)",
        "With `use_sigmoid=True` take `BinaryCrossentropy(from_logits=True)` and a column for each class; "
        "theirs divides by the ignored labels too, unless `avg_non_ignore=True`.",
        "use_sigmoid> use_mask> reduction class_weight>class_weights ignore_index>ignore_class loss_weight> "
        "avg_non_ignore>",
    ),
    Row(
        f"{LIBRARY}.FocalLoss",
        "keraslosses.BinaryFocalCrossentropy(apply_class_balancing=True, from_logits=True)",
        f"{ONE_COLUMN}; with `activated=True`, leave out `from_logits=True`.",
        "use_sigmoid> gamma alpha reduction loss_weight> activated>",
    ),
    Row(
        f"{LIBRARY}.SmoothL1Loss",
        "keraslosses.SmoothL1()",
        "The mean goes over all numbers of all boxes, here and there.",
        "beta reduction loss_weight>",
    ),
    Row(
        f"{LIBRARY}.L1Loss",
        "keraslosses.MeanAbsoluteError()",
        "The mean goes over all numbers of all boxes, here and there.",
        "reduction loss_weight>",
    ),
    Row(
        f"{LIBRARY}.MSELoss",
        "keraslosses.MeanSquaredError()",
        "The mean goes over all numbers, here and there.",
        "reduction loss_weight>",
    ),
    Row(
        f"{LIBRARY}.BalancedL1Loss",
        "keraslosses.BalancedL1()",
        "They agree for `beta=1`; for other values of `beta` theirs is not the formula of the paper.",
        "alpha gamma beta reduction loss_weight>",
    ),
    Row(
        f"{LIBRARY}.IoULoss",
        "keraslosses.IoU(mode='log')",
        'Their `mode="square"` is `mode="squared"` here; boxes apart have no gradient in theirs.',
        "linear> eps> reduction loss_weight> mode",
    ),
    Row(
        f"{LIBRARY}.GIoULoss",
        "keraslosses.GIoU()",
        "Boxes are two corners, here and there.",
        "eps> reduction loss_weight>",
    ),
    Row(
        f"{LIBRARY}.DIoULoss",
        "keraslosses.DIoU()",
        "Boxes are two corners, here and there.",
        "eps> reduction loss_weight>",
    ),
    Row(
        f"{LIBRARY}.CIoULoss",
        "keraslosses.CIoU(alpha_gate=0.5)",
        "The aspect ratio counts from an overlap of 0.5, and theirs cuts the loss at 2.",
        "eps> reduction loss_weight>",
    ),
    Row(
        f"{LIBRARY}.DiceLoss",
        "keraslosses.Dice(axis=(1, 2), squared=True, from_logits=True, multi_label=True)",
        "Theirs adds `eps`, 1e-3, to each sum of squares; with `naive_dice=True` leave `squared` out.",
        "use_sigmoid>from_logits activate> reduction naive_dice> loss_weight> eps>",
    ),
    Row(f"{LIBRARY}.BoundedIoULoss", "", f"{NOT_YET}; `GIoU` or `DIoU` is the nearest."),
    Row(f"{LIBRARY}.EIoULoss", "", f"{NOT_YET}; `DIoU` is the nearest."),
    Row(f"{LIBRARY}.SIoULoss", "", f"{NOT_YET}; `CIoU` is the nearest."),
    Row(
        f"{LIBRARY}.QualityFocalLoss",
        "",
        f"{NOT_YET}; `BinaryFocalCrossentropy` is the nearest, for labels 0 and 1.",
    ),
    Row(
        f"{LIBRARY}.VarifocalLoss",
        "",
        f"{NOT_YET}; `BinaryFocalCrossentropy` is the nearest, for labels 0 and 1.",
    ),
    Row(
        f"{LIBRARY}.GHMC",
        "",
        f"{NOT_YET}; `BinaryFocalCrossentropy` weighs easy samples down too.",
    ),
    Row(f"{LIBRARY}.GHMR", "", f"{NOT_YET}; `SmoothL1` and `BalancedL1` are for the same boxes."),
    Row(
        f"{LIBRARY}.KnowledgeDistillationKLDivLoss",
        "",
        f"{NOT_YET}; `KLDivergence` reads the probabilities of the teacher and of the model.",
    ),
    *(
        Row(f"{LIBRARY}.{name}", "", f"{NOT_YET}.")
        for name in ("DistributionFocalLoss", "EQLV2Loss", "GaussianFocalLoss", "SeesawLoss")
    ),
)
