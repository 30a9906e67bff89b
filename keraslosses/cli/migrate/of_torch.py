"""The losses of libraries for torch, and what takes their place."""

from keraslosses.cli.migrate.row import NOT_YET, Row

TORCH = (
    Row(
        "torch.nn.MSELoss",
        "keraslosses.MeanSquaredError()",
        '`reduction="sum"` sums the means over the last axis; theirs sums all elements.',
        "reduction",
    ),
    Row(
        "torch.nn.L1Loss",
        "keraslosses.MeanAbsoluteError()",
        '`reduction="sum"` sums the means over the last axis; theirs sums all elements.',
        "reduction",
    ),
    Row(
        "torch.nn.SmoothL1Loss",
        "keraslosses.SmoothL1()",
        "`Huber(delta)` is delta times `SmoothL1(beta=delta)`, here and in torch.",
        "reduction beta",
    ),
    Row(
        "torch.nn.HuberLoss",
        "keraslosses.Huber()",
        "Ours takes `delta` first, theirs `reduction`.",
        "reduction delta",
    ),
    Row(
        "torch.nn.CrossEntropyLoss",
        "keraslosses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-100, axis=1, "
        "reduction='mean_with_sample_weight')",
        "Classes are on axis 1 in torch and on the last axis in Keras; for targets that are probabilities "
        "take `CategoricalCrossentropy(from_logits=True, axis=1)`.",
        "weight>class_weights ignore_index>ignore_class reduction label_smoothing",
    ),
    Row(
        "torch.nn.NLLLoss",
        "keraslosses.NegativeLogLikelihood(axis=1, ignore_class=-100, reduction='mean_with_sample_weight')",
        "Classes are on axis 1 in torch and on the last axis in Keras; y_pred holds logarithms in both.",
        "weight>class_weights ignore_index>ignore_class reduction",
    ),
    Row(
        "torch.nn.BCELoss",
        "keraslosses.BinaryCrossentropy()",
        "`class_weights` holds one weight for each output of the last axis; weights of elements are "
        "`sample_weight`.",
        "weight>class_weights reduction",
    ),
    Row(
        "torch.nn.BCEWithLogitsLoss",
        "keraslosses.BinaryCrossentropy(from_logits=True)",
        "Without `from_logits=True`, ours reads probabilities.",
        "weight>class_weights reduction pos_weight",
    ),
    Row(
        "torch.nn.MultiLabelSoftMarginLoss",
        "keraslosses.BinaryCrossentropy(from_logits=True)",
        "It is the binary cross-entropy of logits under another name.",
        "weight>class_weights reduction",
    ),
    Row(
        "torch.nn.SoftMarginLoss",
        "keraslosses.BinaryCrossentropy(from_logits=True)",
        "Write the labels as 0 and 1, not as -1 and 1.",
        "reduction",
    ),
    Row(
        "torch.nn.KLDivLoss",
        "1 / C * keraslosses.KLDivergence()",
        'Ours reads probabilities, and theirs reads a logarithm as y_pred; their `reduction="batchmean"` '
        "is ours without the C.",
        "reduction log_target>",
    ),
    Row(
        "torch.nn.PoissonNLLLoss",
        "keraslosses.Poisson()",
        "Ours reads rates, theirs logarithms of rates: end the model with `exp`.",
        "log_input> full> eps> reduction",
    ),
    Row(
        "torch.nn.MultiMarginLoss",
        "keraslosses.MultiMargin()",
        "The class weights multiply after the power, as in torch.",
        "p margin weight>class_weights reduction",
    ),
    Row(
        "torch.nn.HingeEmbeddingLoss",
        "keraslosses.HingeEmbedding()",
        "The targets are 1 and -1, here and there.",
        "margin reduction",
    ),
    Row(
        "torch.nn.MultiLabelMarginLoss",
        "keraslosses.MultiLabelMargin()",
        "The list of labels ends at the first negative entry, as in torch.",
        "reduction",
    ),
    Row(
        "torch.nn.CTCLoss",
        "keraslosses.CTC(normalize='target')",
        "Ours reads frames of shape (batch, time, classes), logits or their log-softmax, and labels padded "
        "by -1.",
        "blank>blank_index reduction zero_infinity",
    ),
    Row(
        "torch.nn.LinearCrossEntropyLoss",
        "",
        "Use the layer `ChunkedCrossEntropy`: it holds the weights, and `attach` adds it to a model.",
    ),
    Row(
        "torch.nn.CosineEmbeddingLoss",
        "keraslosses.CosineEmbedding()",
        "Stack the two vectors in axis 1 of y_pred, or call `cosine_embedding` with two tensors.",
        "margin reduction",
    ),
    Row(
        "torch.nn.MarginRankingLoss",
        "keraslosses.MarginRanking()",
        "Stack the two scores in axis 1 of y_pred, or call `margin_ranking` with two tensors.",
        "margin reduction",
    ),
    Row(
        "torch.nn.TripletMarginLoss",
        "keraslosses.TripletMargin()",
        "Stack anchor, positive and negative in axis 1 of y_pred, or call `triplet_margin`.",
        "margin p eps swap reduction",
    ),
    *(
        Row(f"torch.nn.{name}", "", f"{NOT_YET}.")
        for name in (
            "GaussianNLLLoss",
            "TripletMarginWithDistanceLoss",
        )
    ),
)

BOXES_OF_TORCHVISION = "reduction eps>"

TORCHVISION = (
    Row(
        "torchvision.ops.sigmoid_focal_loss",
        "keraslosses.BinaryFocalCrossentropy(apply_class_balancing=True, from_logits=True)",
        'Their `reduction` is none by default; the value here is that of `reduction="mean"`.',
        "alpha gamma reduction",
    ),
    Row(
        "torchvision.ops.generalized_box_iou_loss",
        "keraslosses.GIoU()",
        "Their `reduction` is none by default; a box without area costs a finite value here.",
        BOXES_OF_TORCHVISION,
    ),
    Row(
        "torchvision.ops.distance_box_iou_loss",
        "keraslosses.DIoU()",
        "Their `reduction` is none by default; a box without area costs a finite value here.",
        BOXES_OF_TORCHVISION,
    ),
    Row(
        "torchvision.ops.complete_box_iou_loss",
        "keraslosses.CIoU()",
        "The factor alpha is constant in the gradient, here and there.",
        BOXES_OF_TORCHVISION,
    ),
)


HEAD = "num_classes> embedding_size>"
LENGTH_1 = "Ours expects embeddings of length 1"
COSINES = "Ours reads cosines: the layer `CosineDense` holds the weights, which in theirs the loss holds"

METRIC_LEARNING = (
    Row(
        "pytorch_metric_learning.losses.ArcFaceLoss",
        "keraslosses.ArcFace(margin=math.radians(28.6))",
        f"{COSINES}, and `margin` is in radians.",
        f"{HEAD} margin scale",
    ),
    Row(
        "pytorch_metric_learning.losses.CosFaceLoss",
        "keraslosses.CosFace()",
        f"{COSINES}.",
        f"{HEAD} margin scale",
    ),
    Row(
        "pytorch_metric_learning.losses.SphereFaceLoss",
        "keraslosses.SphereFace(scale=1.0)",
        f"{COSINES}, and theirs scales by the length of the features.",
        f"{HEAD} margin scale",
    ),
    Row(
        "pytorch_metric_learning.losses.CircleLoss",
        "keraslosses.Circle()",
        "Ours expects embeddings of length 1; theirs holds its weights constant in the gradient.",
        "m>margin gamma",
    ),
    Row(
        "pytorch_metric_learning.losses.TripletMarginLoss",
        "keraslosses.Triplet(margin=0.05, mining='all')",
        f"{LENGTH_1}; with `soft` ours has no margin.",
        "margin swap> smooth_loss> triplets_per_anchor>",
    ),
    Row(
        "pytorch_metric_learning.losses.ContrastiveLoss",
        "keraslosses.PairContrastive()",
        f"{LENGTH_1}.",
        "pos_margin>positive_margin neg_margin>negative_margin",
    ),
    Row(
        "pytorch_metric_learning.losses.LiftedStructureLoss",
        "keraslosses.LiftedStructure()",
        f"{LENGTH_1}.",
        "neg_margin>margin pos_margin>",
    ),
    Row(
        "pytorch_metric_learning.losses.MultiSimilarityLoss",
        "keraslosses.MultiSimilarity(base=0.5, epsilon=None)",
        f"{LENGTH_1}, and leaves samples without a partner out of the mean; `epsilon=0.1` is their miner.",
        "alpha beta base",
    ),
    Row(
        "pytorch_metric_learning.losses.SupConLoss",
        "keraslosses.SupervisedContrastive()",
        "Both normalise the embeddings.",
        "temperature",
    ),
    Row(
        "pytorch_metric_learning.losses.NTXentLoss",
        "keraslosses.NTXent(temperature=0.07)",
        "Both normalise the embeddings.",
        "temperature",
    ),
    Row(
        "pytorch_metric_learning.losses.FastAPLoss",
        "keraslosses.FastAP()",
        "Both normalise the embeddings.",
        "num_bins>bins",
    ),
    Row(
        "pytorch_metric_learning.losses.SmoothAPLoss",
        "keraslosses.SmoothAP()",
        "Theirs needs as many classes as samples of each, in their order.",
        "temperature",
    ),
    Row(
        "pytorch_metric_learning.losses.LargeMarginSoftmaxLoss",
        "",
        "Use the layer `LargeMarginHead`, which holds the weights; `attach` adds it to a model.",
    ),
    Row(
        "pytorch_metric_learning.losses.VICRegLoss",
        "keraslosses.VICReg()",
        "Stack the two views in axis 1 of y_pred; y_true is not read.",
        "invariance_lambda>invariance variance_mu>variance covariance_v>covariance eps>",
    ),
    *(
        Row(
            f"pytorch_metric_learning.losses.{name}Loss",
            "",
            f"Use the layer `{name}`, which holds the weights; `attach` adds it to a model.",
        )
        for name in ("ProxyNCA", "ProxyAnchor", "SoftTriple")
    ),
    Row(
        "pytorch_metric_learning.losses.CrossBatchMemory",
        "",
        "Use the layer `CrossBatchMemory` with their `memory_size` as `size`; `attach` adds it to a model.",
    ),
)
