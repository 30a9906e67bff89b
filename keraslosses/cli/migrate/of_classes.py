"""The losses of libraries for classes with torch, and what takes their place."""

from keraslosses.cli.migrate.row import NOT_YET, Row

TIMM = (
    Row(
        "timm.loss.LabelSmoothingCrossEntropy",
        "keraslosses.SparseCategoricalCrossentropy(from_logits=True, label_smoothing=0.1)",
        "Theirs smooths by 0.1 unless told otherwise.",
        "smoothing>label_smoothing",
    ),
    Row(
        "timm.loss.SoftTargetCrossEntropy",
        "keraslosses.CategoricalCrossentropy(from_logits=True)",
        "Ours reads probabilities without `from_logits=True`.",
    ),
    Row(
        "timm.loss.BinaryCrossEntropy",
        "keraslosses.BinaryCrossentropy(from_logits=True)",
        "Theirs smooths class indices, which it turns into one-hot rows, by 0.1; ours reads only rows, and "
        "`smooth_dense=True` is our `label_smoothing`.",
        "smoothing> target_threshold> weight>class_weights reduction> sum_classes> pos_weight smooth_dense>",
    ),
    Row(
        "timm.loss.AsymmetricLossMultiLabel",
        "C * keraslosses.Asymmetric(from_logits=True)",
        "Theirs sums over the classes, and ours takes the mean; `clip=None` is `clip=0.0` here.",
        "gamma_neg gamma_pos clip eps> disable_torch_grad_focal_loss> smoothing> reduction> "
        "weight>class_weights pos_weight>",
    ),
    Row(
        "timm.loss.PolyCrossEntropy",
        "keraslosses.PolyCrossentropy(epsilon=2.0, from_logits=True)",
        "Our `epsilon` is 1 unless you set it.",
        "epsilon smoothing> reduction",
    ),
    *(
        Row(f"timm.loss.{name}", "", f"{NOT_YET}; {nearest} is the nearest.")
        for name, nearest in (
            ("AsymmetricLossSingleLabel", "`SparseCategoricalFocalCrossentropy`"),
            ("DistributionBalancedLoss", "`LogitAdjusted`"),
            ("JsdCrossEntropy", "`KLDivergence`"),
            ("PolyBinaryCrossEntropy", "`BinaryCrossentropy`"),
        )
    ),
)


CORAL_PYTORCH = (
    Row(
        "coral_pytorch.losses.CoralLoss",
        "keraslosses.Coral()",
        "Ours reads class indices, and theirs the levels that `levels_from_labelbatch` makes of them.",
        "reduction",
        "coral_loss",
    ),
    Row(
        "coral_pytorch.losses.CornLoss",
        "keraslosses.Corn()",
        "The mean is over all questions that the labels ask for, in both.",
        "num_classes>",
        "corn_loss",
    ),
    Row("coral_pytorch.layers.CoralLayer", "", "Use the layer `OrdinalDense`."),
)


SOFT_LABELS = "keraslosses.CategoricalCrossentropy(from_logits=True)"

DLORDINAL = (
    Row(
        "dlordinal.losses.EMDLoss",
        "C * keraslosses.EarthMover(from_logits=True)",
        "Theirs sums over the classes, and ours takes the mean.",
        "num_classes>",
    ),
    Row(
        "dlordinal.losses.WKLoss",
        "keraslosses.WeightedKappa(num_classes=C)",
        "This is theirs with `use_logarithm=True`; without it, theirs is the number of which ours takes the "
        "logarithm.",
        "num_classes penalization_type>weighting weight> epsilon> use_logits>from_logits use_logarithm>",
        by_hand=True,
    ),
    Row(
        "dlordinal.losses.CORNLoss",
        "keraslosses.Corn()",
        "Ours reads the number of classes from the shape of y_pred.",
        "num_classes>",
    ),
    *(
        Row(
            f"dlordinal.losses.{kind.capitalize()}Loss",
            SOFT_LABELS,
            f"Give it the targets `soft_ordinal_labels(y, C, {arguments})`; this is theirs with "
            "`CrossEntropyLoss` and `eta=1`.",
            by_hand=True,
        )
        for kind, arguments in (
            ("exponential", "'exponential'"),
            ("triangular", "'triangular', alpha2=0.05"),
            ("binomial", "'binomial'"),
            ("poisson", "'poisson'"),
            ("beta", "'beta'"),
        )
    ),
    Row("dlordinal.output_layers.CLM", "", "Use the layer `OrdinalThresholds`, with `CumulativeLink`."),
    Row("dlordinal.losses.CDWCELoss", "", f"{NOT_YET}; `EarthMover` is the nearest."),
    Row("dlordinal.losses.SLACELoss", "", f"{NOT_YET}; `EarthMover` is the nearest."),
)
