"""The losses of optax, the library of losses and optimizers for JAX, and what takes their place."""

from keraslosses.cli.migrate.row import NOT_YET, Row

LOGITS = "Without `from_logits=True`, ours reads probabilities."
OF_AXIS = "axis where>"

OPTAX = (
    Row(
        "optax.losses.squared_error",
        "keraslosses.MeanSquaredError()",
        "Ours takes the mean of the last axis.",
    ),
    Row("optax.losses.l2_loss", "0.5 * keraslosses.MeanSquaredError()", "Theirs is half the square."),
    Row("optax.losses.huber_loss", "keraslosses.Huber()", "The option has the same name.", "delta"),
    Row("optax.losses.log_cosh", "keraslosses.LogCosh()", "Ours takes the mean of the last axis."),
    Row(
        "optax.losses.cosine_similarity",
        "keraslosses.CosineSimilarity()",
        "Ours is minus theirs, because a loss must fall.",
        f"epsilon> {OF_AXIS}",
        by_hand=True,
    ),
    Row(
        "optax.losses.cosine_distance",
        "keraslosses.CosineSimilarity()",
        "Theirs is ours plus 1; the gradients are the same.",
        f"epsilon> {OF_AXIS}",
        by_hand=True,
    ),
    Row(
        "optax.losses.sigmoid_binary_cross_entropy",
        "keraslosses.BinaryCrossentropy(from_logits=True)",
        LOGITS,
    ),
    Row(
        "optax.losses.softmax_cross_entropy",
        "keraslosses.CategoricalCrossentropy(from_logits=True)",
        LOGITS,
        OF_AXIS,
    ),
    Row(
        "optax.losses.safe_softmax_cross_entropy",
        "keraslosses.CategoricalCrossentropy(from_logits=True)",
        "A class ruled out by a logit of -inf costs nothing, in both.",
    ),
    Row(
        "optax.losses.softmax_cross_entropy_with_integer_labels",
        "keraslosses.SparseCategoricalCrossentropy(from_logits=True)",
        LOGITS,
        OF_AXIS,
    ),
    Row(
        "optax.losses.sigmoid_focal_loss",
        "keraslosses.BinaryFocalCrossentropy(from_logits=True)",
        "With their `alpha`, add `apply_class_balancing=True`.",
        "alpha gamma",
    ),
    Row(
        "optax.losses.kl_divergence",
        "keraslosses.KLDivergence()",
        "Ours reads probabilities, and theirs reads a logarithm as y_pred.",
        "axis> where>",
    ),
    Row(
        "optax.losses.kl_divergence_with_log_targets",
        "keraslosses.KLDivergence()",
        "Ours reads probabilities, and theirs reads two logarithms.",
        "axis> where>",
    ),
    Row(
        "optax.losses.hinge_loss",
        "keraslosses.Hinge()",
        "Ours also reads targets of 0 and 1, and takes the mean of the last axis.",
    ),
    Row(
        "optax.losses.multiclass_hinge_loss",
        "",
        f"{NOT_YET}; in `CategoricalHinge` the best other score counts as at least 0.",
    ),
    Row(
        "optax.losses.dice_loss",
        "keraslosses.Tversky(axis=(1, 2), from_logits=True, smooth=1.0)",
        "Their `smooth` is 1 unless you set it, which lowers the loss of small regions.",
        "class_weights> smooth alpha beta apply_softmax>from_logits reduction> ignore_background> axis",
    ),
    Row(
        "optax.losses.binary_dice_loss",
        "keraslosses.Tversky(axis=(1, 2), from_logits=True, smooth=1.0)",
        "Theirs is `dice_loss`, so their `smooth` is half of that of our `Dice`.",
        "smooth apply_sigmoid>from_logits",
    ),
    Row(
        "optax.losses.poly_loss_cross_entropy",
        "keraslosses.PolyCrossentropy(epsilon=2.0, from_logits=True)",
        "The default of their `epsilon` is 2.",
        "epsilon axis>",
    ),
    Row(
        "optax.losses.ctc_loss",
        "keraslosses.CTC()",
        "Ours reads labels padded by -1; frames without a value are hidden by a Keras mask.",
        "blank_id>blank_index log_epsilon>",
    ),
    Row(
        "optax.losses.multiclass_generalized_dice_loss",
        "",
        f"{NOT_YET}; theirs weighs the Dice loss of each class, and `GeneralizedDice` both parts of one "
        "fraction, as in the paper.",
    ),
    *(
        Row(f"optax.losses.{name}", "", f"{NOT_YET}.")
        for name in (
            "generalized_kl_divergence",
            "multiclass_perceptron_loss",
            "multiclass_sparsemax_loss",
            "ntxent",
            "perceptron_loss",
            "ranking_softmax_loss",
            "sparsemax_loss",
            "triplet_margin_loss",
        )
    ),
)
