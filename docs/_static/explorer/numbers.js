/* What all losses of the explorer use: descriptions of options, and formulas that stay exact at all numbers. */
"use strict";

window.explorer = {};

(function (explorer) {
  explorer.number = (start, least, most, step) => ({ start, least, most, step });
  explorer.choice = (start, ...choices) => ({ start, choices });
  explorer.yesOrNo = () => ({ start: false });

  /** The value of each option at the start: the default of the package. */
  explorer.defaults = (loss) =>
    Object.fromEntries(Object.entries(loss.options ?? {}).map(([name, option]) => [name, option.start]));

  /** Seven digits, without zeros at the end. */
  explorer.shown = (number) => String(Number(number.toPrecision(7)));

  explorer.EPSILON = 1e-7;
  explorer.clip = (x, low, high) => Math.min(Math.max(x, low), high);
  explorer.softplus = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  explorer.sigmoid = (x) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)));

  /** base^exponent for a base of at least 0. Near 0 it is 0, unless the exponent is 0. */
  explorer.power = (base, exponent) => (base > 1e-300 || exponent === 0 ? base ** exponent : 0);
})(window.explorer);
