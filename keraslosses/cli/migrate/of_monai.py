"""The losses of MONAI, and what takes their place."""

from keraslosses.cli.migrate.row import NOT_YET, Row

ACTIVATIONS = "include_background> to_onehot_y> sigmoid> softmax> other_act>"
PROBABILITIES = (
    "Ours reads probabilities and one channel for each class, so end the model with a sigmoid or a softmax"
)

MONAI = (
    Row(
        "monai.losses.DiceLoss",
        "keraslosses.Dice(axis=(2, 3))",
        f"{PROBABILITIES}; with `batch=True` write `axis=(0, 2, 3)`, with `jaccard=True` take "
        "`Tversky(alpha=1.0, beta=1.0)`; volumes have one axis more.",
        f"{ACTIVATIONS} squared_pred> jaccard> reduction smooth_nr> smooth_dr> batch> weight> soft_label> "
        "ignore_index>",
    ),
    Row(
        "monai.losses.TverskyLoss",
        "keraslosses.Tversky(axis=(2, 3))",
        f"{PROBABILITIES}; `alpha` is for false positives, here and there.",
        f"{ACTIVATIONS} alpha beta reduction smooth_nr> smooth_dr> batch> soft_label> ignore_index>",
    ),
    Row(
        "monai.losses.FocalLoss",
        "keraslosses.BinaryFocalCrossentropy(from_logits=True)",
        "With `alpha`, add `apply_class_balancing=True`; with `use_softmax=True` take `1 / C * "
        "CategoricalFocalCrossentropy(from_logits=True, alpha=1.0, axis=1)`.",
        "include_background> to_onehot_y> gamma alpha weight> reduction use_softmax> ignore_index>",
    ),
    Row(
        "monai.losses.DiceCELoss",
        "keraslosses.Dice(axis=(2, 3)) + keraslosses.CategoricalCrossentropy(axis=1)",
        f"{PROBABILITIES}; this is theirs with `softmax=True`, and their two lambdas are factors in front of "
        "the parts.",
        f"{ACTIVATIONS} squared_pred> jaccard> reduction smooth_nr> smooth_dr> batch> weight> lambda_dice> "
        "lambda_ce> label_smoothing>",
    ),
    Row(
        "monai.losses.DiceFocalLoss",
        "keraslosses.Dice(axis=(2, 3)) + keraslosses.BinaryFocalCrossentropy()",
        f"{PROBABILITIES}; this is theirs with `sigmoid=True`, and their two lambdas are factors in front of "
        "the parts.",
        f"{ACTIVATIONS} squared_pred> jaccard> reduction smooth_nr> smooth_dr> batch> gamma> weight> "
        "lambda_dice> lambda_focal> alpha>",
    ),
    Row(
        "monai.losses.BoxGIoULoss",
        "keraslosses.GIoU()",
        "Ours reads boxes of images, and theirs reads boxes of volumes too.",
        "reduction",
    ),
    Row(
        "monai.losses.MaskedDiceLoss",
        "",
        f"{NOT_YET}; give `Dice` the mask as `sample_weight`, without the axis of the classes.",
    ),
    Row(
        "monai.losses.GeneralizedDiceLoss",
        "keraslosses.GeneralizedDice(class_axis=1)",
        "Theirs adds 1e-5 above and below the fraction: `smooth=1e-5`; with `batch=True` `axis=(0, 2, 3)`, "
        "with `softmax=True` `from_logits=True`, with `sigmoid=True` also `multi_label=True`.",
        f"{ACTIVATIONS} w_type>weighting reduction smooth_nr> smooth_dr> batch> soft_label>",
    ),
    Row(
        "monai.losses.GeneralizedDiceFocalLoss",
        "",
        f"{NOT_YET}; add `GeneralizedDice` and `BinaryFocalCrossentropy`, as for `DiceFocalLoss`.",
    ),
    Row("monai.losses.GeneralizedWassersteinDiceLoss", "", f"{NOT_YET}; `Dice` is the nearest."),
    Row(
        "monai.losses.AsymmetricUnifiedFocalLoss",
        "0.5 * keraslosses.UnifiedFocal(delta=0.7, class_axis=1)",
        "Theirs divides by the two classes, and adds 1e-7 to both parts of the Tversky index.",
        "to_onehot_y> num_classes> weight gamma delta reduction ignore_index>ignore_class",
    ),
    Row(
        "monai.losses.MCCLoss",
        "",
        f"{NOT_YET}; `SoftMatthews` is the nearest, with one value for all images of a batch.",
    ),
    Row(
        "monai.losses.SoftclDiceLoss",
        "keraslosses.SoftClDice(class_axis=1)",
        "Theirs takes all classes of an image at once, so the values are the same for one class, but for the "
        "1e-4 that theirs adds to a divisor.",
        "iter_>iterations smooth_nr> smooth_dr> smooth> include_background> to_onehot_y> sigmoid> softmax> "
        "other_act> reduction",
    ),
    Row(
        "monai.losses.SoftDiceclDiceLoss",
        "",
        f"{NOT_YET}; add `0.5 * Dice(axis=(2, 3))` and `0.5 * SoftClDice(class_axis=1)`.",
    ),
    Row(
        "monai.losses.BoundaryLoss",
        "",
        f"{NOT_YET}; `Boundary` reads distances, which `signed_distances` makes of the masks once.",
    ),
    Row(
        "monai.losses.ContrastiveLoss",
        "",
        f"{NOT_YET}; `Circle` reads labels and embeddings.",
    ),
    *(
        Row(f"monai.losses.{name}", "", f"{NOT_YET}.")
        for name in (
            "AUCMLoss",
            "BarlowTwinsLoss",
            "HausdorffDTLoss",
            "LogHausdorffDTLoss",
            "NACLLoss",
        )
    ),
)
