/* The losses between boxes, with their derivatives by the predicted box.

A box is [x1, y1, x2, y2]. A number that depends on the predicted box is a `Dual`: its value, and its derivatives by the
four numbers of that box. The steps are those of the package, also where edges tie and where a side is empty. */
"use strict";

(function (explorer) {
  const { choice, number, yesOrNo } = explorer;

  class Dual {
    constructor(value, by = [0, 0, 0, 0]) {
      Object.assign(this, { value, by });
    }
    /** A function of this number, from its value and its derivative. */
    to(value, slope) {
      return new Dual(value, this.by.map((d) => (slope === 0 ? 0 : slope * d)));
    }
    times(factor) {
      return factor instanceof Dual ? product(this, factor) : this.to(this.value * factor, factor);
    }
    plus(other) {
      return other instanceof Dual
        ? new Dual(this.value + other.value, this.by.map((d, i) => d + other.by[i]))
        : this.to(this.value + other, 1);
    }
    minus(other) {
      return this.plus(other instanceof Dual ? other.times(-1) : -other);
    }
    /** This / other; 0 with derivative 0 where the other is nearly 0. */
    over(other) {
      if (other.value < NOTHING) return new Dual(0);
      return product(this, other.to(1 / other.value, -1 / other.value ** 2));
    }
  }

  const product = (a, b) => new Dual(a.value * b.value, a.by.map((d, i) => d * b.value + b.by[i] * a.value));
  const square = (a) => a.times(a);

  // A smaller area, in units of the size of both boxes, counts as none.
  const NOTHING = 1e-24;
  const LEAST_OVERLAP = 1e-6;

  /** Of equal numbers, each has half of the derivative. */
  const smaller = (a, b) => (a.value === b.value ? a.plus(b).times(0.5) : a.value < b.value ? a : b);
  const larger = (a, b) => (a.value === b.value ? a.plus(b).times(0.5) : a.value > b.value ? a : b);
  const atLeast = (a, low) => (a.value <= low ? new Dual(low) : a);

  /** Two boxes along one axis: their lengths, the common length, the span of both, the distance of the centers. */
  function axis(trueStart, trueEnd, start, end) {
    const given = end.minus(start);
    const real = new Dual(Math.max(trueEnd - trueStart, 0));
    const pred = atLeast(given, 0);
    const offset = start.minus(trueStart);
    const [across, back] = [real.minus(offset), pred.plus(offset)];
    const common = atLeast(smaller(smaller(real, pred), smaller(across, back)), 0);
    const span = larger(larger(real, pred), larger(across, back));
    const apart = offset.plus(pred.minus(real).times(0.5));
    return { real, pred, common, span, apart, growth: growth(given, span) };
  }

  /** 0, with the derivative that lets an empty side grow. */
  const growth = (length, span) => (length.value <= 0 && span.value > 0 ? length.to(0, 1 / span.value) : new Dual(0));

  function compare(real, pred) {
    const numbers = pred.map((value, i) => new Dual(value, [0, 1, 2, 3].map((j) => Number(i === j))));
    const x = axis(real[0], real[2], numbers[0], numbers[2]);
    const y = axis(real[1], real[3], numbers[1], numbers[3]);
    const shared = x.common.times(y.common);
    const union = x.real.times(y.real).plus(x.pred.times(y.pred)).minus(shared);
    return { x, y, union, overlap: shared.over(union), growth: x.growth.plus(y.growth) };
  }

  const lossOf = (overlap) => overlap.times(-1).plus(1);

  function iou({ overlap, growth }, { mode }) {
    const bounded = atLeast(overlap, LEAST_OVERLAP);
    const values = {
      linear: lossOf(overlap),
      squared: lossOf(square(overlap)),
      log: bounded.to(-Math.log(bounded.value), -1 / bounded.value),
    };
    return values[mode].minus(growth);
  }

  function giou({ x, y, union, overlap, growth }) {
    const around = x.span.times(y.span);
    return lossOf(overlap).plus(around.minus(union).over(around)).minus(growth);
  }

  function diou({ x, y, overlap, growth }) {
    const distance = square(x.apart).plus(square(y.apart));
    const diagonal = square(x.span).plus(square(y.span));
    return lossOf(overlap).plus(distance.over(diagonal)).minus(growth);
  }

  /** atan2(x, y) of two lengths, 0 if both are 0. */
  function angle(x, y) {
    const size = x.value ** 2 + y.value ** 2;
    if (size === 0) return new Dual(0);
    return new Dual(Math.atan2(x.value, y.value), x.by.map((d, i) => (d * y.value - y.by[i] * x.value) / size));
  }

  function ciou(boxes, { alpha_gradient, alpha_gate }) {
    const { x, y, overlap } = boxes;
    const aspect = square(angle(x.real, y.real).minus(angle(x.pred, y.pred))).times(4 / Math.PI ** 2);
    const weight = aspect.over(lossOf(overlap).plus(aspect));
    const alpha = overlap.value < alpha_gate ? new Dual(0) : alpha_gradient ? weight : new Dual(weight.value);
    return diou(boxes).plus(alpha.times(aspect));
  }

  explorer.boxLosses = {
    IoU: { options: { mode: choice("linear", ...["linear", "log", "squared"].map((m) => [m, m])) }, of: iou },
    GIoU: { of: giou },
    DIoU: { of: diou },
    CIoU: { options: { alpha_gate: number(0, 0, 1, 0.05), alpha_gradient: yesOrNo() }, of: ciou },
  };

  /** The loss of a pair of boxes: [value, [derivative by x1, y1, x2, y2]]. */
  explorer.atBoxes = (name, real, pred, options = {}) => {
    const loss = explorer.boxLosses[name];
    const { value, by } = loss.of(compare(real, pred), { ...explorer.defaults(loss), ...options });
    return [value, by];
  };
})(window.explorer);
