"""The losses of libraries for segmentation with torch, and what takes their place."""

from keraslosses.cli.migrate.row import Row

SMP = "mode> classes> log_loss> from_logits smooth> ignore_index>ignore_class eps>"
CLASSES_OF_SMP = "class_weights>"
OVERLAPS_OF_SMP = (
    "With `mode='multilabel'` write `multi_label=True`; a class without a pixel in the batch costs 0 there, "
    "and their class weights are divided by their sum"
)

SEGMENTATION_MODELS_PYTORCH = (
    Row(
        "segmentation_models_pytorch.losses.DiceLoss",
        "keraslosses.Dice(axis=(0, 2, 3), class_axis=1, from_logits=True)",
        f"{OVERLAPS_OF_SMP}; their `smooth` is half of ours.",
        f"{SMP} {CLASSES_OF_SMP}",
    ),
    Row(
        "segmentation_models_pytorch.losses.JaccardLoss",
        "keraslosses.Jaccard(axis=(0, 2, 3), class_axis=1, from_logits=True)",
        f"{OVERLAPS_OF_SMP}; for masks that are not 0 or 1, theirs takes the smaller number of each pixel, "
        "and ours the product.",
        f"{SMP.replace('smooth>', 'smooth')} {CLASSES_OF_SMP}",
    ),
    Row(
        "segmentation_models_pytorch.losses.TverskyLoss",
        "keraslosses.Tversky(axis=(0, 2, 3), class_axis=1, from_logits=True)",
        f"{OVERLAPS_OF_SMP}; for `gamma` take `FocalTversky`, whose power is that of each class, as in the "
        "paper, while theirs is that of their mean.",
        f"{SMP.replace('smooth>', 'smooth')} alpha beta gamma> {CLASSES_OF_SMP}",
    ),
    Row(
        "segmentation_models_pytorch.losses.FocalLoss",
        "keraslosses.BinaryFocalCrossentropy(from_logits=True)",
        'For `mode="multiclass"` theirs takes a sigmoid for each class; with `alpha`, add '
        "`apply_class_balancing=True`.",
        "mode> alpha gamma ignore_index>ignore_class from_logits eps> reduction normalized> "
        f"reduced_threshold> {CLASSES_OF_SMP}",
    ),
    Row(
        "segmentation_models_pytorch.losses.SoftBCEWithLogitsLoss",
        "keraslosses.BinaryCrossentropy(from_logits=True)",
        "Their `smooth_factor` is half of our `label_smoothing`, and their mean counts ignored pixels.",
        "weight>class_weights ignore_index>ignore_class reduction smooth_factor> pos_weight",
    ),
    Row(
        "segmentation_models_pytorch.losses.SoftCrossEntropyLoss",
        "keraslosses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-100, axis=1)",
        "Theirs divides by all pixels, and ours by those that are not ignored.",
        "reduction smooth_factor>label_smoothing ignore_index>ignore_class dim>axis",
    ),
    Row(
        "segmentation_models_pytorch.losses.LovaszLoss",
        "keraslosses.LovaszSoftmax(class_axis=1, from_logits=True)",
        "This is theirs with `mode='multiclass'`; with `mode='binary'` it is `LovaszHinge()`.",
        "mode> per_image ignore_index>ignore_class from_logits>",
    ),
    Row(
        "segmentation_models_pytorch.losses.MCCLoss",
        "keraslosses.SoftMatthews()",
        "Theirs adds a small `eps` to each count.",
        "eps>",
    ),
)


KORNIA = (
    Row(
        "kornia.losses.DiceLoss",
        "keraslosses.Dice(axis=(1, 2, 3), class_axis=1, from_logits=True, ignore_class=-100)",
        "With `average='macro'` write `axis=(2, 3)` and `absent='skip'`, but theirs takes the mean of each "
        "image first; an image that is wholly ignored costs 1 there, and leaves the mean here.",
        "average> eps> weight> ignore_index>ignore_class",
        "dice_loss",
    ),
    Row(
        "kornia.losses.TverskyLoss",
        "keraslosses.Tversky(axis=(2, 3), class_axis=1, from_logits=True, ignore_class=-100, absent='skip')",
        "Theirs takes the mean of each image over the classes that it holds, and ours that of all of them; "
        "their `alpha` and `beta` have no default.",
        "alpha beta eps> ignore_index>ignore_class",
        "tversky_loss",
    ),
    Row(
        "kornia.losses.FocalLoss",
        "1 / C * keraslosses.SparseCategoricalFocalCrossentropy(alpha=1.0, from_logits=True, axis=1, "
        "ignore_class=-100)",
        "This is theirs with `alpha=None` and `reduction='mean'`, which counts ignored pixels; a number "
        "`alpha` there is our list `[1 - alpha, alpha, alpha]` for three classes.",
        "alpha> gamma reduction weight>class_weights ignore_index>ignore_class",
        "focal_loss",
    ),
    Row(
        "kornia.losses.BinaryFocalLossWithLogits",
        "keraslosses.BinaryFocalCrossentropy(apply_class_balancing=True, from_logits=True, axis=1, "
        "ignore_class=-100)",
        "Their `alpha` has no default; their `reduction='mean'` counts ignored numbers, and ours does not.",
        "alpha gamma reduction pos_weight weight>class_weights ignore_index>ignore_class",
        "binary_focal_loss_with_logits",
    ),
    Row(
        "kornia.losses.LovaszSoftmaxLoss",
        "keraslosses.LovaszSoftmax(per_image=True, classes='all', class_axis=1, from_logits=True)",
        "Ours leaves out the classes that an image lacks, as the paper does, unless `classes='all'`.",
        "weight>class_weights",
        "lovasz_softmax_loss",
    ),
    Row(
        "kornia.losses.LovaszHingeLoss",
        "keraslosses.LovaszHinge()",
        "The labels are 0 and 1, and each image has its own value, in both.",
        function="lovasz_hinge_loss",
    ),
)
