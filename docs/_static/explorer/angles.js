/* The losses with an angular margin: the angle to the class of the label moves, and the nine other classes are at 90°.

Each margin is a function (cosine, angle, options) => [moved cosine, its derivative by the angle]. */
"use strict";

(function (explorer) {
  const { number, yesOrNo } = explorer;

  explorer.axes.angle = {
    title: "Angles",
    label: "angle to the label's class (degrees), 90 to the others",
    gradient: "gradient per degree",
    logit: "logit of the label's class",
    span: [1, 179],
    step: 1,
    start: 60,
    ticks: [0, 45, 90, 135, 180],
    first: ["Softmax", "ArcFace", "CosFace"],
  };

  function addedToAngle(cosine, angle, { margin, easy_margin }) {
    const falls = easy_margin ? cosine > 0 : cosine >= -Math.cos(margin);
    if (falls) return [Math.cos(angle + margin), -Math.sin(angle + margin)];
    return [easy_margin ? cosine : cosine - margin * Math.sin(margin), -Math.sin(angle)];
  }

  const takenFromCosine = (cosine, angle, { margin }) => [cosine - margin, -Math.sin(angle)];

  /** SphereFace: the angle times the margin, continued downwards where its cosine would rise. */
  function multipliedAngle(cosine, angle, { margin, lam }) {
    const part = Math.min(Math.floor((angle * margin) / Math.PI), margin - 1);
    const sign = part % 2 ? -1 : 1;
    const moved = lam * cosine + sign * Math.cos(margin * angle) - 2 * part;
    const slope = -lam * Math.sin(angle) - sign * margin * Math.sin(margin * angle);
    return [moved / (1 + lam), slope / (1 + lam)];
  }

  const allThree = (_, angle, { m1, m2, m3 }) => [Math.cos(m1 * angle + m2) - m3, -m1 * Math.sin(m1 * angle + m2)];

  const PER_DEGREE = Math.PI / 180;

  /** The cross-entropy of the scaled cosines: its value, its derivative by the angle in degrees, and the logit. */
  const against = (margin) => ({
    angle: (degrees, options) => {
      const angle = degrees * PER_DEGREE;
      const [moved, slope] = margin(Math.cos(angle), angle, options);
      const logit = options.scale * moved;
      const [value, byLogit] = explorer.lossOfOwnLogit(logit);
      return [value, byLogit * options.scale * slope * PER_DEGREE, logit];
    },
  });

  const scale = (start) => number(start, 1, 128, 1);
  const cosineMargin = number(0.35, 0, 1, 0.01);

  Object.assign(explorer.losses, {
    Softmax: {
      title: "softmax without a margin",
      same: { loss: "CosFace", options: { margin: 0 } },
      options: { scale: scale(64) },
      at: against((cosine, angle) => takenFromCosine(cosine, angle, { margin: 0 })),
    },
    ArcFace: {
      options: { margin: number(0.5, 0, 1.5, 0.01), scale: scale(64), easy_margin: yesOrNo() },
      at: against(addedToAngle),
    },
    CosFace: { options: { margin: cosineMargin, scale: scale(64) }, at: against(takenFromCosine) },
    AMSoftmax: { options: { margin: cosineMargin, scale: scale(30) }, at: against(takenFromCosine) },
    SphereFace: {
      options: { margin: number(4, 1, 6, 1), scale: scale(64), lam: number(0, 0, 20, 0.5) },
      at: against(multipliedAngle),
    },
    CombinedMargin: {
      options: {
        m1: number(1, 0.1, 4, 0.05),
        m2: number(0.5, 0, 1.5, 0.01),
        m3: number(0, 0, 1, 0.01),
        scale: scale(64),
      },
      at: against(allThree),
    },
  });

  /** A loss and its derivative at a point of an axis. The losses of the angles also give their logit. */
  explorer.at = (axis, name, x, options = {}, target = undefined) => {
    const loss = explorer.losses[name];
    return loss.at[axis](x, { ...explorer.defaults(loss), ...options }, target);
  };
})(window.explorer);
