/* One picture: lines over an x axis, and a point that moves along them. */
"use strict";

(function (explorer) {
  const { clip, html, svg } = explorer;
  const HEIGHT = 250;
  const EDGE = { left: 52, right: 12, top: 12, bottom: 26 };
  // The y axis is cut if the range of all numbers is this many times the range of 98 % of them.
  const SPIKE = 3;

  /** A figure with the name of its y axis. `moved` gets x when the reader drags in the picture. */
  explorer.figure = (name, axis, moved) => {
    const drawing = svg("svg", { role: "img", height: HEIGHT });
    const toX = (event) => {
      const { left, width } = drawing.getBoundingClientRect();
      const part = (event.clientX - left - EDGE.left) / (width - EDGE.left - EDGE.right);
      const steps = Math.round(clip(part, 0, 1) * ((axis.span[1] - axis.span[0]) / axis.step));
      moved(Number((axis.span[0] + steps * axis.step).toFixed(6)));
    };
    drawing.addEventListener("pointerdown", (event) => {
      drawing.setPointerCapture(event.pointerId);
      toX(event);
    });
    drawing.addEventListener("pointermove", (event) => event.buttons && toX(event));
    const caption = html("figcaption", {}, name);
    const label = html("div", { class: "x-label" }, axis.label);
    return { element: html("figure", {}, caption, drawing, label), drawing, name, axis };
  };

  /** Draw `lines`, each with its `ys` over `xs`, its y `here` at the moving point, its colour and its width. */
  explorer.plot = ({ drawing, name, axis }, xs, lines, at) => {
    const width = Math.max(drawing.clientWidth || drawing.parentNode.clientWidth, 200);
    const [low, high] = rangeOf(lines.flatMap((line) => line.ys));
    const [inWidth, inHeight] = [width - EDGE.left - EDGE.right, HEIGHT - EDGE.top - EDGE.bottom];
    const [first, last] = axis.ticks ? [axis.ticks[0], axis.ticks.at(-1)] : axis.span;
    const x = (value) => ((value - first) / (last - first)) * inWidth;
    const y = (value) => clip((1 - (value - low) / (high - low)) * inHeight, -1e4, 1e4);
    const path = (ys) => ys.map((value, i) => `${i ? "L" : "M"}${x(xs[i]).toFixed(2)} ${y(value).toFixed(2)}`).join("");
    // An inner drawing hides what is outside the axes.
    const curves = svg("svg", { x: EDGE.left, y: EDGE.top, width: inWidth, height: inHeight });
    curves.append(
      svg("line", { class: "cursor", x1: x(at), x2: x(at), y1: 0, y2: inHeight }),
      ...lines.map(({ ys, colour, width }) => svg("path", { d: path(ys), stroke: colour, "stroke-width": width })),
      ...lines.map(({ here, colour }) => svg("circle", { cx: x(at), cy: y(here), r: 5, fill: colour })),
    );
    const rows = ticksOf(low, high, 6).map((tick) => row(tick, y(tick) + EDGE.top, width));
    const columns = (axis.ticks ?? ticksOf(first, last, 8)).map((tick) => column(tick, x(tick) + EDGE.left));
    drawing.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    drawing.setAttribute("aria-label", `${name}, by ${axis.label}`);
    drawing.replaceChildren(...rows, ...columns, curves);
  };

  function row(tick, y, width) {
    const place = { x1: EDGE.left, x2: width - EDGE.right, y1: y, y2: y };
    const text = svg("text", { x: EDGE.left - 6, y: y + 4, "text-anchor": "end" }, written(tick));
    return svg("g", {}, svg("line", { class: tick === 0 ? "zero" : "grid", ...place }), text);
  }

  function column(tick, x) {
    const bottom = HEIGHT - EDGE.bottom;
    const line = svg("line", { class: "grid", x1: x, x2: x, y1: EDGE.top, y2: bottom });
    return svg("g", {}, line, svg("text", { x, y: bottom + 18, "text-anchor": "middle" }, written(tick)));
  }

  const written = (tick) => (Math.abs(tick) >= 1e5 ? tick.toExponential(0) : String(tick)).replace("-", "−");

  /** The range of a y axis. It includes 0, but not a few numbers that are far larger than the others. */
  function rangeOf(numbers) {
    const sorted = numbers.filter(Number.isFinite).sort((a, b) => a - b);
    const part = (share) => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
    const whole = [Math.min(part(0), 0), Math.max(part(1), 0)];
    const usual = [Math.min(part(0.01), 0), Math.max(part(0.99), 0)];
    const spikes = usual[1] - usual[0] < (whole[1] - whole[0]) / SPIKE && usual[1] > usual[0];
    const [low, high] = spikes ? usual : whole;
    const room = 0.06 * (high - low) || 1;
    return [low - room, high + room];
  }

  /** About `count` round numbers between two numbers. */
  function ticksOf(low, high, count) {
    const raw = (high - low) / count;
    const power = 10 ** Math.floor(Math.log10(raw));
    const step = power * [1, 2, 5, 10].find((factor) => factor * power >= raw * 0.999);
    const ticks = [];
    for (let n = Math.ceil(low / step); n * step <= high; n++) ticks.push(Number((n * step).toPrecision(12)));
    return ticks;
  }
})(window.explorer);
