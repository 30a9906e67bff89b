/* The losses between numbers, regions and directions, with the axes on which they are drawn.

`at` has a function for each axis of a loss: (x, options, target) => [value, derivative by x].
Formulas, names and defaults are those of the package, also at kinks: a test compares them. */
"use strict";

(function (explorer) {
  const { EPSILON, choice, clip, number } = explorer;

  explorer.axes = {
    error: {
      title: "Numbers, by their error",
      label: "error, y_pred − y_true",
      gradient: "gradient by y_pred",
      span: [-3, 3],
      step: 0.01,
      start: 0.5,
      first: ["MeanSquaredError", "MeanAbsoluteError", "Huber"],
    },
    amount: {
      title: "Positive numbers",
      label: "y_pred",
      gradient: "gradient by y_pred",
      span: [0.1, 6],
      step: 0.01,
      start: 2,
      target: { label: "y_true", ...number(3, 0, 6, 0.1) },
      first: ["MeanSquaredLogarithmicError", "Poisson"],
    },
    direction: {
      title: "Directions",
      label: "angle between y_true and y_pred (degrees)",
      gradient: "gradient per degree",
      span: [0, 180],
      step: 1,
      start: 60,
      ticks: [0, 45, 90, 135, 180],
      first: ["CosineSimilarity"],
    },
    region: {
      title: "Regions of an image",
      label: "probability of what is right (the object fills a quarter)",
      gradient: "gradient by this probability",
      span: [0, 1],
      step: 0.01,
      start: 0.5,
      target: {
        label: "probability of",
        ...choice(
          1,
          [1, "the object's pixels, the background right"],
          [0, "the background's pixels, the object right"],
        ),
      },
      first: ["Dice"],
    },
  };

  const absolute = (e) => [Math.abs(e), Math.sign(e)];

  function balanced(e, { alpha, gamma, beta }) {
    const b = Math.expm1(gamma / alpha);
    const near = Math.min(Math.abs(e), beta);
    const t = (b * near) / beta;
    const slope = Math.log1p(t);
    const value = ((alpha * beta) / b) * log1pIntegral(t, slope) + gamma * (Math.abs(e) - near);
    return [value, alpha * slope * Math.sign(e)];
  }

  /** (1 + t) log(1 + t) - t, by its series where that difference would lose digits. */
  function log1pIntegral(t, log1p) {
    const series = 1 / 2 + t * (-1 / 6 + t * (1 / 12 + t * (-1 / 20 + t * (1 / 30 - t / 42))));
    return t < 0.01 ? t * t * series : (1 + t) * log1p - t;
  }

  function logCosh(e) {
    const slope = Math.tanh(e);
    const near = -0.5 * Math.log1p(-slope * slope);
    return [Math.abs(e) < 1 ? near : Math.abs(e) - Math.log1p(Math.abs(slope)), slope];
  }

  function squaredLogarithmic(x, _, target) {
    const predicted = Math.max(x, EPSILON);
    const difference = Math.log1p(predicted) - Math.log1p(Math.max(target, EPSILON));
    return [difference ** 2, x > EPSILON ? (2 * difference) / (1 + predicted) : 0];
  }

  /** One of four pixels is the object. `size` is the sum of the four probabilities, `common` that of the object's. */
  function region(x, isObject) {
    return isObject
      ? { common: x, size: x, byCommon: 1, bySize: 1 }
      : { common: 1, size: 1 + 3 * (1 - x), byCommon: 0, bySize: -3 };
  }

  function tversky(x, { alpha, beta }, target) {
    const { common, size, byCommon, bySize } = region(x, target);
    const whole = common + alpha * (size - common) + beta * (1 - common) + EPSILON;
    const byWhole = byCommon * (1 - alpha - beta) + alpha * bySize;
    return [1 - common / whole, (common * byWhole - byCommon * whole) / whole ** 2];
  }

  /** Dice is Tversky with two weights of 1/2; only its small constant differs. */
  function dice(x, _, target) {
    const { common, size, byCommon, bySize } = region(x, target);
    const whole = 1 + size + EPSILON;
    return [1 - (2 * common) / whole, (2 * (common * bySize - byCommon * whole)) / whole ** 2];
  }

  explorer.losses = {
    MeanSquaredError: { at: { error: (e) => [e * e, 2 * e] } },
    MeanAbsoluteError: { at: { error: absolute } },
    MeanPowerError: {
      options: { power: number(2, 0.1, 4, 0.1) },
      at: {
        error: (e, { power }) => [Math.abs(e) ** power, e ? power * Math.abs(e) ** (power - 1) * Math.sign(e) : 0],
      },
    },
    Huber: {
      options: { delta: number(1, 0.05, 3, 0.05) },
      at: {
        error: (e, { delta }) => {
          const near = clip(e, -delta, delta);
          return [near * (e - near / 2), near];
        },
      },
    },
    SmoothL1: {
      options: { beta: number(1, 0, 3, 0.05) },
      at: {
        error: (e, { beta }) => {
          if (beta === 0) return absolute(e);
          const slope = clip(e / beta, -1, 1);
          return [slope * (e - (beta * slope) / 2), slope];
        },
      },
    },
    BalancedL1: {
      options: {
        alpha: number(0.5, 0.1, 2, 0.05),
        gamma: number(1.5, 0.1, 3, 0.1),
        beta: number(1, 0.05, 3, 0.05),
      },
      at: { error: balanced },
    },
    LogCosh: { at: { error: logCosh } },
    MeanAbsolutePercentageError: {
      at: {
        amount: (x, _, target) => {
          const size = Math.max(Math.abs(target), EPSILON);
          return [(100 * Math.abs(x - target)) / size, (100 * Math.sign(x - target)) / size];
        },
      },
    },
    MeanSquaredLogarithmicError: { at: { amount: squaredLogarithmic } },
    Poisson: {
      at: {
        amount: (x, _, target) => [x - target * Math.log(x + EPSILON), 1 - target / (x + EPSILON)],
      },
    },
    CosineSimilarity: {
      at: {
        direction: (degrees) => {
          const angle = (degrees * Math.PI) / 180;
          return [-Math.cos(angle), (Math.sin(angle) * Math.PI) / 180];
        },
      },
    },
    Dice: { at: { region: dice } },
    Tversky: {
      options: { alpha: number(0.5, 0, 2, 0.05), beta: number(0.5, 0, 2, 0.05) },
      at: { region: tversky },
    },
  };

  /** The losses that are not here, with the reason. */
  explorer.missing = {
    RootMeanSquaredError: "For a single number it is MeanAbsoluteError.",
    NegativeLogLikelihood: "Its curve is a straight line: minus the log-probability of the true class.",
    Jaccard: "It orders predictions as Dice does.",
    FocalTversky: "It is a power of Tversky.",
    LogCoshDice: "It is the log-cosh of Dice.",
    GeneralizedDice: "It compares several classes; for one class it is Dice.",
    UnifiedFocal: "It is a sum of a cross-entropy and a Tversky loss.",
    LovaszHinge: "It sorts the pixels of an image.",
    LovaszSoftmax: "It sorts the pixels of a batch.",
    Boundary: "Its curve is a straight line: the distance times the probability.",
    SoftClDice: "It compares the skeletons of images.",
    SymmetricCrossentropy: "It is cross-entropy plus a multiple of 1 minus the probability of the true class.",
    Bootstrapping: "It is cross-entropy plus a part of the entropy of the prediction.",
    TaylorCrossentropy: "Its curve lies between 1 minus the probability of the true class and cross-entropy.",
    NormalizedCrossentropy: "It is cross-entropy divided by a sum over all classes.",
    BiTempered: "Its curve needs the tempered softmax, which has no closed form.",
    SoftMargin: "It is BinaryCrossentropy from logits.",
    MultiLabelSoftMargin: "It is BinaryCrossentropy from logits.",
    HingeEmbedding: "It is the distance itself for one target, and the hinge of the margin for the other.",
    LogitAdjusted: "For classes with equal counts it is CategoricalCrossentropy; a count moves the logit.",
    LDAM: "For one class it is a shifted CategoricalCrossentropy; CosFace has the same margin for all classes.",
    SoftFBeta: "It counts over all samples of a batch.",
    SoftMatthews: "It counts over all samples of a batch.",
    Coral: "It adds a binary cross-entropy of each level.",
    Corn: "It is a binary cross-entropy of each level.",
    EarthMover: "It compares whole distributions.",
    WeightedKappa: "It compares the whole batch.",
    CumulativeLink: "It reads a score beside thresholds.",
    Contrastive: "Its curve is the square of the distance, or the square of what the distance lacks of the margin.",
    TripletMargin: "It compares three vectors.",
    CosineEmbedding: "For pairs that are alike it is 1 plus CosineSimilarity, for others the hinge of a cosine.",
    MarginRanking: "It is a hinge of the difference of two scores.",
    NegativeCosine: "It is CosineSimilarity of two views.",
    BarlowTwins: "It compares the features of a whole batch.",
    VICReg: "It compares the features of a whole batch.",
    Circle: "It compares all pairs of vectors in a batch.",
    Triplet: "It compares all pairs of vectors in a batch.",
    SupervisedContrastive: "It compares all pairs of vectors in a batch.",
    NTXent: "It compares all pairs of vectors in a batch.",
    MultiSimilarity: "It compares all pairs of vectors in a batch.",
    PairContrastive: "It compares all pairs of vectors in a batch.",
    LiftedStructure: "It compares all pairs of vectors in a batch.",
    InfoNCE: "It compares all pairs of vectors in a batch.",
    NPairs: "It compares all pairs of vectors in a batch.",
    FastAP: "It compares all pairs of vectors in a batch.",
    SmoothAP: "It compares all pairs of vectors in a batch.",
    SoftNearestNeighbors: "It compares all pairs of vectors in a batch.",
    CTC: "It reads sequences of frames.",
    MultiTaskDetection: "It is a sum of losses for classes and boxes that are here.",
    FCOS: "It is a sum of losses for classes and boxes that are here.",
  };
})(window.explorer);
