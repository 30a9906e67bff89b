"""The losses of libraries for Keras and TensorFlow, and what takes their place."""

from keraslosses.cli.migrate.row import NOT_YET, Row

TENSORFLOW_ADDONS = (
    Row(
        "tfa.losses.SigmoidFocalCrossEntropy",
        "C * keraslosses.BinaryFocalCrossentropy(apply_class_balancing=True)",
        "Theirs sums over the last axis, ours takes the mean; their `reduction` is none by default.",
        "from_logits alpha gamma reduction name",
        "sigmoid_focal_crossentropy",
    ),
    Row(
        "tfa.losses.GIoULoss",
        "keraslosses.GIoU(box_format='yxyx')",
        'Boxes in Addons begin with y, and `mode="iou"` is the loss `IoU`.',
        "mode> reduction name",
        "giou_loss",
    ),
    Row(
        "tfa.seq2seq.SequenceLoss",
        "keraslosses.SparseCategoricalCrossentropy(from_logits=True, reduction='mean_with_sample_weight')",
        "Give the weights as `sample_weight`; the four arguments about averages become `reduction`.",
        "average_across_timesteps> average_across_batch> sum_over_timesteps> sum_over_batch> "
        "softmax_loss_function> name",
        "sequence_loss",
        by_hand=True,
    ),
    Row(
        "tfa.losses.PinballLoss",
        "",
        "Use the loss `PinballLoss` of `keraslosses.addons`; with `tau=0.5` it is half the absolute error.",
        function="pinball_loss",
    ),
    Row(
        "tfa.losses.ContrastiveLoss",
        "keraslosses.Contrastive()",
        "A distance below 0 is an error here.",
        "margin reduction name",
        "contrastive_loss",
    ),
    *(
        Row(f"tfa.losses.{name}", "", f"Use the loss `{name}` of `keraslosses.addons`.", function=function)
        for name, function in (
            ("TripletSemiHardLoss", "triplet_semihard_loss"),
            ("TripletHardLoss", "triplet_hard_loss"),
            ("LiftedStructLoss", "lifted_struct_loss"),
            ("NpairsLoss", "npairs_loss"),
            ("NpairsMultilabelLoss", "npairs_multilabel_loss"),
            ("SparsemaxLoss", "sparsemax_loss"),
        )
    ),
    Row(
        "tfa.losses.WeightedKappaLoss",
        "keraslosses.WeightedKappa(num_classes=C)",
        "Theirs turns a target distribution into its mean class; their `epsilon` is 1e-6 here, and an option "
        "of `WeightedKappaLoss` in `keraslosses.addons`.",
        "num_classes weightage>weighting name epsilon> reduction",
    ),
)


OVERLAP = "class_weights> class_indexes> per_image> smooth>"
PER_IMAGE = (
    "With `per_image=True` write `axis=(1, 2)`; their `smooth` of 1e-5 matters only for nearly empty masks."
)
BINARY, CATEGORICAL = "keraslosses.BinaryCrossentropy()", "1 / C * keraslosses.CategoricalCrossentropy()"
DICE = "keraslosses.Dice(axis=(0, 1, 2))"
JACCARD = "keraslosses.Tversky(alpha=1.0, beta=1.0, axis=(0, 1, 2))"
BINARY_FOCAL = "0.25 * keraslosses.BinaryFocalCrossentropy()"
CATEGORICAL_FOCAL = "1 / C * keraslosses.CategoricalFocalCrossentropy()"
MEAN_OVER_CLASSES = "Theirs divides by the number of classes too, and ours does not."

SEGMENTATION_MODELS = (
    Row("segmentation_models.losses.DiceLoss", DICE, PER_IMAGE, f"beta> {OVERLAP}"),
    Row(
        "segmentation_models.losses.JaccardLoss",
        JACCARD,
        "`IoU` is for boxes; the overlap of masks is `Tversky` with both weights 1.",
        OVERLAP,
    ),
    Row("segmentation_models.losses.BinaryCELoss", BINARY, "The values are the same."),
    Row(
        "segmentation_models.losses.CategoricalCELoss",
        CATEGORICAL,
        MEAN_OVER_CLASSES,
        "class_weights class_indexes>",
    ),
    Row(
        "segmentation_models.losses.BinaryFocalLoss",
        BINARY_FOCAL,
        "Their `alpha` multiplies both classes, so it is the factor in front.",
        "alpha> gamma",
    ),
    Row(
        "segmentation_models.losses.CategoricalFocalLoss",
        CATEGORICAL_FOCAL,
        MEAN_OVER_CLASSES,
        "alpha gamma class_indexes>",
    ),
    *(
        Row(f"segmentation_models.losses.{name}", here, "It is a loss, not a class.", is_object=True)
        for name, here in (
            ("dice_loss", DICE),
            ("jaccard_loss", JACCARD),
            ("binary_crossentropy", BINARY),
            ("categorical_crossentropy", CATEGORICAL),
            ("binary_focal_loss", BINARY_FOCAL),
            ("categorical_focal_loss", CATEGORICAL_FOCAL),
            ("bce_dice_loss", f"{BINARY} + {DICE}"),
            ("bce_jaccard_loss", f"{BINARY} + {JACCARD}"),
            ("cce_dice_loss", f"{CATEGORICAL} + {DICE}"),
            ("cce_jaccard_loss", f"{CATEGORICAL} + {JACCARD}"),
            ("binary_focal_dice_loss", f"{BINARY_FOCAL} + {DICE}"),
            ("binary_focal_jaccard_loss", f"{BINARY_FOCAL} + {JACCARD}"),
            ("categorical_focal_dice_loss", f"{CATEGORICAL_FOCAL} + {DICE}"),
            ("categorical_focal_jaccard_loss", f"{CATEGORICAL_FOCAL} + {JACCARD}"),
        )
    ),
)


KERAS_CV = (
    Row(
        "keras_cv.losses.FocalLoss",
        "C * keraslosses.BinaryFocalCrossentropy(apply_class_balancing=True)",
        "Theirs sums over the last axis, ours takes the mean; with their `label_smoothing`, alpha weighs "
        "every label as a negative one.",
        "alpha gamma from_logits label_smoothing reduction name",
    ),
    Row(
        "keras_cv.losses.IoULoss",
        "keraslosses.IoU(mode='log')",
        "Theirs takes the logarithm of the mean overlap, pairs the wrong boxes in batches of images, and "
        'calls `mode="squared"` quadratic.',
        "bounding_box_format>box_format mode axis> reduction name",
        by_hand=True,
    ),
    Row(
        "keras_cv.losses.GIoULoss",
        "keraslosses.GIoU()",
        "For batches of images theirs pairs the wrong boxes, and ours the right ones.",
        "bounding_box_format>box_format axis> reduction name",
    ),
    Row(
        "keras_cv.losses.CIoULoss",
        "keraslosses.CIoU()",
        "Their term for the aspect ratio is 2.5 times too small.",
        "bounding_box_format>box_format eps> reduction name",
        by_hand=True,
    ),
    Row(
        "keras_cv.losses.SmoothL1Loss",
        "keraslosses.SmoothL1()",
        "Unless `l1_cutoff` is 1, theirs jumps at the cutoff and ours does not.",
        "l1_cutoff>beta reduction name",
    ),
    Row("keras_cv.losses.BinaryPenaltyReducedFocalCrossEntropy", "", f"{NOT_YET}."),
    Row("keras_cv.losses.SimCLRLoss", "", f"{NOT_YET}."),
    Row("keras_cv.losses.CenterNetBoxLoss", "", f"{NOT_YET}; `FCOS` is a detector without anchors."),
)


ANY_REDUCTION = "Keras 3 takes a string."

KERAS_2 = (
    Row(
        "tf.keras.losses.Huber",
        "keraslosses.Huber()",
        "The same for each name of `tf.keras.losses` that is here too, classes and functions.",
    ),
    Row(
        "tf.keras.losses.Reduction.AUTO", "'sum_over_batch_size'", 'Also `reduction="auto"`.', is_object=True
    ),
    Row(
        "tf.keras.losses.Reduction.SUM_OVER_BATCH_SIZE",
        "'sum_over_batch_size'",
        ANY_REDUCTION,
        is_object=True,
    ),
    Row("tf.keras.losses.Reduction.SUM", "'sum'", ANY_REDUCTION, is_object=True),
    Row("tf.keras.losses.Reduction.NONE", "'none'", ANY_REDUCTION, is_object=True),
)
