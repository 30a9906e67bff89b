/* The losses of yes-or-no answers and of classes. There are ten classes, as in the pictures of the package. */
"use strict";

(function (explorer) {
  const { EPSILON, choice, number, power, sigmoid, softplus, yesOrNo } = explorer;
  const OTHERS = 9;

  const trueOrFalse = { label: "y_true", ...choice(1, [1, "1"], [0, "0"]) };
  const gradientByLogit = "gradient by the logit";
  const gradientByProbability = "gradient by this probability";

  Object.assign(explorer.axes, {
    binary_logit: {
      title: "Yes or no, by the logit",
      label: "predicted logit",
      gradient: gradientByLogit,
      span: [-6, 6],
      step: 0.05,
      start: 1,
      target: trueOrFalse,
      first: ["BinaryCrossentropy", "BinaryFocalCrossentropy"],
    },
    binary_probability: {
      title: "Yes or no, by the probability",
      label: "predicted probability",
      gradient: "gradient by the probability",
      span: [0.04, 0.96],
      step: 0.01,
      start: 0.5,
      target: trueOrFalse,
      first: ["BinaryCrossentropy", "BinaryFocalCrossentropy"],
    },
    sign: {
      title: "Yes or no, by the score",
      label: "score",
      gradient: "gradient by the score",
      span: [-3, 3],
      step: 0.01,
      start: 0.5,
      target: { label: "y_true", ...choice(1, [1, "1"], [-1, "−1"]) },
      first: ["Hinge", "SquaredHinge"],
    },
    class_logit: {
      title: "One class of ten, by the logit",
      label: "logit of the true class, 0 for the others",
      gradient: gradientByLogit,
      span: [-8, 8],
      step: 0.05,
      start: 1,
      first: ["CategoricalCrossentropy", "CategoricalFocalCrossentropy", "MultiMargin"],
    },
    class_probability: {
      title: "One class of ten, by the probability",
      label: "probability of the true class, the rest shared evenly",
      gradient: gradientByProbability,
      span: [0.04, 0.96],
      step: 0.01,
      start: 0.5,
      first: ["CategoricalCrossentropy", "CategoricalGeneralizedCrossEntropy"],
    },
    distribution: {
      title: "A distribution over ten classes",
      label: "probability of the first class, the rest shared evenly",
      gradient: gradientByProbability,
      span: [0.04, 0.96],
      step: 0.01,
      start: 0.5,
      target: { label: "true probability of the first class", ...number(0.3, 0, 1, 0.05) },
      first: ["KLDivergence"],
    },
    listed: {
      title: "Several labels of ten classes",
      label: "score of the listed classes, 0 for the others",
      gradient: "gradient by the score",
      span: [-3, 3],
      step: 0.01,
      start: 0,
      target: { label: "listed classes", ...number(3, 1, 9, 1) },
      first: ["MultiLabelMargin"],
    },
  });

  /* Yes or no. A term is the cross-entropy of one output: its value and its slope. */

  const smoothed = (target, { label_smoothing: s }) => target * (1 - s) + s / 2;

  function termOfLogit(x, { pos_weight }, t) {
    const [positive, negative] = [pos_weight * t, 1 - t];
    const small = Math.exp(-Math.abs(x));
    const [wrong, right] = x > 0 ? [negative, positive] : [positive, negative];
    const rise = (wrong - right * small) / (1 + small);
    return [(wrong + right) * Math.log1p(small) + wrong * Math.abs(x), x > 0 ? rise : -rise];
  }

  function termOfProbability(p, { pos_weight }, t) {
    const [positive, negative] = [pos_weight * t, 1 - t];
    const value = -positive * Math.log(Math.max(p, EPSILON)) - negative * Math.log1p(-Math.min(p, 1 - EPSILON));
    const ofNegative = 1 - p < EPSILON ? 0 : negative / (1 - p);
    return [value, ofNegative - (p < EPSILON ? 0 : positive / p)];
  }

  /** A term times missed^gamma, where `missed` is the probability of the wrong answer. `spread` is dp / dx. */
  function focal([value, slope], missed, spread, { gamma, alpha, apply_class_balancing }, t) {
    const balance = apply_class_balancing ? t * alpha + (1 - t) * (1 - alpha) : 1;
    const fall = missed > 0 ? gamma * power(missed, gamma - 1) * spread * (1 - 2 * t) * value : 0;
    return [balance * value * power(missed, gamma), balance * (slope * power(missed, gamma) + fall)];
  }

  function focalOfLogit(x, options, target) {
    const t = smoothed(target, options);
    const [p, q] = [sigmoid(x), sigmoid(-x)];
    return focal(termOfLogit(x, options, t), t * q + (1 - t) * p, p * q, options, t);
  }

  function focalOfProbability(p, options, target) {
    const t = smoothed(target, options);
    return focal(termOfProbability(p, options, t), t * (1 - p) + (1 - t) * p, 1, options, t);
  }

  /** -missed^gamma log. `fall` is minus the slope of `log`, and `drop` that of `missed`, times log / missed. */
  function discounted({ missed, log, fall, drop }, gamma, { stop_weights }) {
    const weight = power(missed, gamma);
    return [-weight * log, weight * (fall - (stop_weights ? 0 : gamma * drop))];
  }

  function asymmetricOfLogit(x, options, target) {
    const [p, q, clip] = [sigmoid(x), sigmoid(-x), options.clip];
    if (target) {
      const log = -softplus(-x);
      return discounted({ missed: q, log, fall: -q, drop: -p * log }, options.gamma_positive, options);
    }
    if (!clip) {
      const log = -softplus(x);
      return discounted({ missed: p, log, fall: p, drop: q * log }, options.gamma_negative, options);
    }
    const missed = Math.max(p - clip, 0);
    const log = missed < 0.5 ? Math.log1p(-missed) : Math.log(q + clip);
    const [fall, drop] = missed > 0 ? [(p * q) / (q + clip), (p * q * log) / missed] : [0, 0];
    return discounted({ missed, log, fall, drop }, options.gamma_negative, options);
  }

  function asymmetricOfProbability(p, options, target) {
    const missed = target ? 1 - p : Math.max(p - options.clip, 0);
    const [right, sign] = target ? [p, -1] : [1 - missed, 1];
    const log = target ? floored(p) : Math.max(Math.log1p(-missed), Math.log(EPSILON));
    const felt = right >= EPSILON && (target || !options.clip || p > options.clip);
    const parts = { missed, log, fall: felt ? sign / right : 0, drop: missed > 0 ? (sign * log) / missed : 0 };
    return discounted(parts, target ? options.gamma_positive : options.gamma_negative, options);
  }

  function hinge(x, _, target) {
    const short = 1 - target * x;
    return short > 0 ? [short, -target] : [0, 0];
  }

  function squaredHinge(x, _, target) {
    const short = Math.max(1 - target * x, 0);
    return [short ** 2, -2 * target * short];
  }

  /* One class of ten. `own` is the true class, `other` is each of the others. */

  /** Minus the logarithm of the probability of the true class, from its logit. The slope is minus the rest. */
  const rivals = Math.log(OTHERS);
  explorer.lossOfOwnLogit = (x) => [softplus(rivals - x), -sigmoid(rivals - x)];

  function targets({ label_smoothing: s }) {
    const other = s / (OTHERS + 1);
    return { own: 1 - s + other, other, rest: OTHERS * other };
  }

  function logsOfLogit(x) {
    const [cost, slope] = explorer.lossOfOwnLogit(x);
    return { own: -cost, other: -softplus(x - rivals) - rivals, missed: -slope };
  }

  function crossentropyOfLogit(x, options) {
    const t = targets(options);
    const log = logsOfLogit(x);
    return [-t.own * log.own - t.rest * log.other, t.rest - log.missed];
  }

  function crossentropyOfProbability(p, options) {
    const t = targets(options);
    const other = (1 - p) / OTHERS;
    const bySlope = (target, share) => (share < EPSILON ? 0 : target / share);
    return [-t.own * floored(p) - t.rest * floored(other), bySlope(t.other, other) - bySlope(t.own, p)];
  }

  const floored = (p) => Math.log(Math.max(p, EPSILON));

  function focalOfClassLogit(x, { alpha, gamma, ...options }) {
    const t = targets(options);
    const log = logsOfLogit(x);
    const rest = 1 - Math.exp(log.other);
    const byLog = (target, logP, missed) =>
      target * (gamma * logP * Math.exp(logP) * power(missed, gamma - 1) - power(missed, gamma));
    const own = byLog(t.own, log.own, log.missed);
    const others = OTHERS * byLog(t.other, log.other, rest);
    const value = t.own * power(log.missed, gamma) * log.own + t.rest * power(rest, gamma) * log.other;
    return [-alpha * value, alpha * (own * log.missed - Math.exp(log.own) * others)];
  }

  function focalOfClassProbability(p, { alpha, gamma, ...options }) {
    const t = targets(options);
    const term = (share) => power(1 - share, gamma) * floored(share);
    const slope = (share) => {
      const felt = share < EPSILON ? 0 : power(1 - share, gamma) / share;
      return felt - gamma * power(1 - share, gamma - 1) * floored(share);
    };
    const other = (1 - p) / OTHERS;
    return [-alpha * (t.own * term(p) + t.rest * term(other)), -alpha * (t.own * slope(p) - t.other * slope(other))];
  }

  function generalizedOfLogit(x, { q }) {
    const [cost, slope] = explorer.lossOfOwnLogit(x);
    return [-Math.expm1(-q * cost) / q, Math.exp(-q * cost) * slope];
  }

  function polyOfLogit(x, { epsilon }) {
    const [cost, slope] = explorer.lossOfOwnLogit(x);
    return [cost - epsilon * Math.expm1(-cost), slope * (1 + epsilon * Math.exp(-cost))];
  }

  function polyOfProbability(p, { epsilon }) {
    return [epsilon * (1 - p) - floored(p), -epsilon - (p < EPSILON ? 0 : 1 / p)];
  }

  function multiMargin(x, { p, margin }) {
    const short = Math.max(margin - x, 0);
    const part = OTHERS / (OTHERS + 1);
    return [part * short ** p, short > 0 ? -part * p * short ** (p - 1) : 0];
  }

  function divergence(p, _, target) {
    const rest = 1 - target;
    const term = (t, share) => (t > 0 ? t * Math.log(t / Math.max(share, EPSILON)) : 0);
    const slope = (t, share) => (share < EPSILON ? 0 : t / share);
    const other = (1 - p) / OTHERS;
    const value = term(target, p) + OTHERS * term(rest / OTHERS, other);
    return [value, slope(rest / OTHERS, other) - slope(target, p)];
  }

  function multiLabelMargin(x, _, listed) {
    const part = (listed * (OTHERS + 1 - listed)) / (OTHERS + 1);
    return [part * Math.max(1 - x, 0), x < 1 ? -part : 0];
  }

  const smoothing = number(0, 0, 1, 0.05);
  const exponent = number(2, 0, 5, 0.1);
  const crossentropy = {
    options: { label_smoothing: smoothing },
    at: { class_logit: crossentropyOfLogit, class_probability: crossentropyOfProbability },
  };
  const classFocal = {
    options: { alpha: number(0.25, 0, 1, 0.05), gamma: exponent, label_smoothing: smoothing },
    at: { class_logit: focalOfClassLogit, class_probability: focalOfClassProbability },
  };

  Object.assign(explorer.losses, {
    BinaryCrossentropy: {
      options: { label_smoothing: smoothing, pos_weight: number(1, 0, 10, 0.1) },
      at: {
        binary_logit: (x, options, target) => termOfLogit(x, options, smoothed(target, options)),
        binary_probability: (p, options, target) => termOfProbability(p, options, smoothed(target, options)),
      },
    },
    BinaryFocalCrossentropy: {
      options: {
        gamma: exponent,
        apply_class_balancing: yesOrNo(),
        alpha: number(0.25, 0, 1, 0.05),
        label_smoothing: smoothing,
        pos_weight: number(1, 0, 10, 0.1),
      },
      at: { binary_logit: focalOfLogit, binary_probability: focalOfProbability },
    },
    Asymmetric: {
      options: {
        gamma_negative: number(4, 0, 8, 0.1),
        gamma_positive: number(1, 0, 8, 0.1),
        clip: number(0.05, 0, 0.5, 0.01),
        stop_weights: yesOrNo(),
      },
      at: { binary_logit: asymmetricOfLogit, binary_probability: asymmetricOfProbability },
    },
    Hinge: { at: { sign: hinge } },
    SquaredHinge: { at: { sign: squaredHinge } },
    CategoricalCrossentropy: crossentropy,
    CategoricalFocalCrossentropy: classFocal,
    CategoricalGeneralizedCrossEntropy: {
      options: { q: number(0.5, 0.05, 0.95, 0.05) },
      at: {
        class_logit: generalizedOfLogit,
        class_probability: (p, { q }) => [(1 - power(p, q)) / q, -(Math.max(p, EPSILON) ** (q - 1))],
      },
    },
    CategoricalHinge: { at: { class_logit: (x) => (x < 1 ? [1 - x, -1] : [0, 0]) } },
    MultiMargin: {
      options: { p: number(1, 1, 2, 1), margin: number(1, 0, 5, 0.1) },
      at: { class_logit: multiMargin },
    },
    PolyCrossentropy: {
      options: { epsilon: number(1, -1, 5, 0.1) },
      at: { class_logit: polyOfLogit, class_probability: polyOfProbability },
    },
    SoftMarginSoftmax: {
      options: { margin: number(0.35, 0, 5, 0.05) },
      at: { class_logit: (x, { margin }) => explorer.lossOfOwnLogit(x - margin) },
    },
    SparseCategoricalCrossentropy: crossentropy,
    SparseCategoricalFocalCrossentropy: classFocal,
    KLDivergence: { at: { distribution: divergence } },
    MultiLabelMargin: { at: { listed: multiLabelMargin } },
  });
})(window.explorer);
