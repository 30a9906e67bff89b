/* The part "Boxes": two boxes to drag, the value of each loss, and where a step downhill moves the predicted box. */
"use strict";

(function (explorer) {
  const { clip, control, html, shown, svg } = explorer;
  const [WIDTH, HEIGHT] = [10, 6];
  const STEP = 0.1;
  const CORNERS = ["x1", "y1", "x2", "y2"];
  const START = { true: [3, 1.5, 6, 4.5], pred: [5, 2.5, 9, 5] };
  const TITLES = { true: "true box", pred: "predicted box" };
  const KEYS = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
  // The longest step of a corner, and the gradient at which the step has half of this length.
  const [LONGEST, HALF] = [2.5, 0.15];

  explorer.boxes = (root, changed) => {
    const names = Object.keys(explorer.boxLosses);
    const view = { true: START.true, pred: START.pred, shown: "GIoU", options: {} };
    const at = (name) => explorer.atBoxes(name, view.true, view.pred, view.options[name]);

    /* Changes of a box */

    const round = (number) => Number(number.toFixed(3));

    function set(which, box) {
      const [x1, y1] = [clip(box[0], 0, WIDTH), clip(box[1], 0, HEIGHT)];
      view[which] = [x1, y1, clip(box[2], x1, WIDTH), clip(box[3], y1, HEIGHT)].map(round);
    }

    function move(which, [dx, dy], box = view[which]) {
      const right = clip(dx, -box[0], WIDTH - box[2]);
      const down = clip(dy, -box[1], HEIGHT - box[3]);
      set(which, [box[0] + right, box[1] + down, box[2] + right, box[3] + down]);
    }

    /** Move a corner. An edge stops where it meets the other edge. */
    function resize(which, [dx, dy], [atX, atY] = [2, 3], box = view[which]) {
      const made = [...box];
      made[atX] = atX === 0 ? Math.min(box[0] + dx, box[2]) : Math.max(box[2] + dx, box[0]);
      made[atY] = atY === 1 ? Math.min(box[1] + dy, box[3]) : Math.max(box[3] + dy, box[1]);
      set(which, made);
    }

    /* The picture */

    const arrows = svg("g", { class: "arrows" });
    const shapes = { true: shape("true"), pred: shape("pred") };
    const drawing = svg(
      "svg",
      { class: "stage", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-label": "The true box and the predicted box" },
      ...grid(),
      shapes.true.element,
      shapes.pred.element,
      arrows,
    );

    function grid() {
      const line = (x1, y1, x2, y2) => svg("line", { class: "grid", x1, y1, x2, y2 });
      const columns = Array.from({ length: WIDTH - 1 }, (_, n) => line(n + 1, 0, n + 1, HEIGHT));
      return [...columns, ...Array.from({ length: HEIGHT - 1 }, (_, n) => line(0, n + 1, WIDTH, n + 1))];
    }

    function shape(which) {
      const area = svg("rect", { class: "area" });
      const handles = [[0, 1], [2, 1], [0, 3], [2, 3]].map((corner) => {
        const element = svg("g", { class: "handle" }, svg("circle", { r: 0.32 }), svg("circle", { class: "dot", r: 0.1 }));
        dragged(element, which, (by, box) => resize(which, by, corner, box));
        return { element, corner };
      });
      dragged(area, which, (by, box) => move(which, by, box));
      const parts = [area, ...handles.map(({ element }) => element)];
      const attributes = { class: `box ${which}`, tabindex: 0, role: "group", onkeydown: (event) => keyed(event, which) };
      return { element: svg("g", attributes, ...parts), area, handles };
    }

    function dragged(element, which, change) {
      let from = null;
      const place = ({ clientX, clientY }) => {
        const { left, top, width } = drawing.getBoundingClientRect();
        return [((clientX - left) * WIDTH) / width, ((clientY - top) * WIDTH) / width];
      };
      element.addEventListener("pointerdown", (event) => {
        element.setPointerCapture(event.pointerId);
        from = { place: place(event), box: view[which] };
      });
      element.addEventListener("pointermove", (event) => {
        if (!from || !event.buttons) return;
        const by = place(event).map((number, i) => Math.round((number - from.place[i]) / STEP) * STEP);
        change(by, from.box);
        update();
      });
      element.addEventListener("pointerup", () => (from = null));
    }

    function keyed(event, which) {
      const by = KEYS[event.key];
      if (!by) return;
      event.preventDefault();
      (event.shiftKey ? resize : move)(which, by);
      update();
    }

    /* The numbers */

    const inputs = { true: fields("true"), pred: fields("pred") };
    const rows = Object.fromEntries(names.map((name) => [name, row(name)]));
    const gradient = html("p", { class: "gradient", "aria-live": "polite" });
    const step = html("button", { type: "button", onclick: stepDownhill }, "Take this step");
    const optionsOf = html("div", { class: "options" });

    function fields(which) {
      return CORNERS.map((corner, i) =>
        html("input", {
          type: "number",
          step: STEP,
          min: 0,
          max: i % 2 ? HEIGHT : WIDTH,
          "aria-label": `${corner} of the ${TITLES[which]}`,
          onchange: (event) => {
            const box = [...view[which]];
            box[i] = Number(event.target.value) || 0;
            set(which, box);
            update();
          },
        }),
      );
    }

    function row(name) {
      const radio = html("input", { type: "radio", name: "explorer-box-loss", onchange: () => update((view.shown = name)) });
      const output = html("output", { class: "numbers" });
      const link = html("a", { href: `api/${name}.html`, "aria-label": `About ${name}` }, "about");
      const label = html("label", {}, radio, html("strong", {}, name), output);
      return { element: html("div", { class: "row" }, label, link), radio, output };
    }

    function build() {
      const controls = names.flatMap((name) =>
        Object.entries(explorer.boxLosses[name].options ?? {}).map(([option, description]) => {
          const changeTo = (value) => update((view.options[name][option] = value));
          return control(`${name}: ${option}`, description, view.options[name][option], changeTo);
        }),
      );
      optionsOf.replaceChildren(...controls);
    }

    /** Where the corners go: against the gradient, further if it is larger. */
    function downhill() {
      const [, by] = at(view.shown);
      const factor = LONGEST / (Math.max(...by.map(Math.abs)) + HALF);
      return view.pred.map((number, i) => number - factor * by[i]);
    }

    function stepDownhill() {
      set("pred", downhill());
      update();
    }

    function update() {
      draw();
      changed();
    }

    function draw() {
      for (const which of ["true", "pred"]) drawBox(which);
      for (const name of names) {
        rows[name].radio.checked = name === view.shown;
        rows[name].output.textContent = shown(at(name)[0]);
      }
      const [, by] = at(view.shown);
      const flat = by.every((number) => number === 0);
      const numbers = CORNERS.map((corner, i) => html("span", {}, `${corner} `, html("b", {}, shown(by[i]))));
      const meaning = flat ? `${view.shown} does not move the predicted box: its gradient is 0.` : `Gradient of ${view.shown} by the predicted box:`;
      gradient.replaceChildren(meaning, html("span", { class: "numbers" }, ...numbers));
      step.disabled = flat;
      arrows.replaceChildren(...(flat ? [] : arrowsTo(downhill())));
    }

    function drawBox(which) {
      const { element, area, handles } = shapes[which];
      const [x1, y1, x2, y2] = view[which];
      const keys = "Arrow keys move it, with Shift they change its size.";
      element.setAttribute("aria-label", `The ${TITLES[which]}: x1 ${x1}, y1 ${y1}, x2 ${x2}, y2 ${y2}. ${keys}`);
      for (const [name, value] of Object.entries({ x: x1, y: y1, width: x2 - x1, height: y2 - y1 })) area.setAttribute(name, value);
      for (const { element, corner } of handles) {
        element.setAttribute("transform", `translate(${view[which][corner[0]]} ${view[which][corner[1]]})`);
      }
      inputs[which].forEach((input, i) => (input.value = view[which][i]));
    }

    function arrowsTo(box) {
      const [x1, y1, x2, y2] = box;
      const ghost = svg("rect", { class: "ghost", x: x1, y: y1, width: Math.max(x2 - x1, 0), height: Math.max(y2 - y1, 0) });
      return [ghost, arrow(view.pred.slice(0, 2), [x1, y1]), arrow(view.pred.slice(2), [x2, y2])];
    }

    function arrow([x1, y1], [x2, y2]) {
      const length = Math.hypot(x2 - x1, y2 - y1);
      if (length < 0.02) return svg("g");
      const turn = (Math.atan2(y2 - y1, x2 - x1) * 180) / Math.PI;
      const tip = Math.min(0.2, length);
      const head = svg("path", { class: "tip", d: `M0 0L${-tip} ${tip / 2}L${-tip} ${-tip / 2}Z` });
      head.setAttribute("transform", `translate(${x2} ${y2}) rotate(${turn})`);
      return svg("g", {}, svg("line", { x1, y1, x2, y2 }), head);
    }

    const fieldset = (which) =>
      html("div", { class: `fields ${which}` }, html("span", {}, TITLES[which]), ...inputs[which].map((input, i) => html("label", {}, CORNERS[i], input)));
    const side = html("div", { class: "side" }, ...names.map((name) => rows[name].element), optionsOf, gradient, step);
    const left = html("div", { class: "picture" }, drawing, fieldset("true"), fieldset("pred"));
    root.append(html("div", { class: "boxes" }, left, side));

    /* The link */

    view.write = () => {
      const others = names.filter((name) => name !== view.shown);
      const texts = [view.shown, ...others].map((name) => explorer.written(explorer.boxLosses[name], name, view.options[name]));
      const losses = texts.filter((text, i) => i === 0 || text.includes(","));
      return [["true", view.true.join()], ["pred", view.pred.join()], ...losses.map((text) => ["loss", text])];
    };

    view.read = (parameters) => {
      const asked = explorer.readLosses(explorer.boxLosses, parameters);
      view.shown = asked[0]?.name ?? "GIoU";
      view.options = Object.fromEntries(names.map((name) => [name, explorer.defaults(explorer.boxLosses[name])]));
      for (const { name, options } of asked) Object.assign(view.options[name], options);
      for (const which of ["true", "pred"]) {
        const numbers = (parameters.get(which) ?? "").split(",").map(Number);
        set(which, numbers.length === 4 && numbers.every(Number.isFinite) ? numbers : START[which]);
      }
      build();
    };

    view.draw = draw;
    return view;
  };
})(window.explorer);
