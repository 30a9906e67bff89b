/* The part "Boxes": two boxes, the value of each loss, and where a step downhill moves the predicted box. */
"use strict";

(function (explorer) {
  const { control, html, shown } = explorer;
  const NUMBERS = ["x1", "y1", "x2", "y2"];
  const START = { true: [3, 1.5, 6, 4.5], pred: [5, 2.5, 9, 5] };
  const TITLES = { true: "True box", pred: "Predicted box" };
  // The longest step of an edge, and the gradient at which the step has half of this length.
  const [LONGEST, HALF] = [2.5, 0.15];

  explorer.boxes = (root, changed) => {
    const losses = explorer.boxLosses;
    const names = Object.keys(losses);
    const boxes = { ...START };
    const view = { loss: "GIoU", options: {} };
    const at = (name) => explorer.atBoxes(name, boxes.true, boxes.pred, view.options[name]);

    /* The elements */

    const picture = explorer.boxPicture(boxes, TITLES, set);
    const fields = { true: fieldsOf("true"), pred: fieldsOf("pred") };
    const rows = Object.fromEntries(names.map((name) => [name, row(name)]));
    const options = html("div", { class: "options" });
    const gradient = html("p", { class: "gradient", "aria-live": "polite" });
    const step = html("button", { type: "button", onclick: () => set("pred", downhill()) }, "Take this step");
    const left = html("div", {}, picture.drawing, lineOf("true"), lineOf("pred"));
    const right = html("div", { class: "side" }, ...names.map((name) => rows[name].element), options, gradient, step);
    root.append(html("div", { class: "boxes" }, left, right));

    function fieldsOf(which) {
      const { width, height, step } = explorer.stage;
      return NUMBERS.map((name, i) => {
        const label = `${name} of the ${TITLES[which].toLowerCase()}`;
        const limits = { type: "number", step, min: 0, max: i % 2 ? height : width };
        const field = html("input", { ...limits, "aria-label": label, onchange: typed });
        function typed() {
          set(which, boxes[which].map((old, j) => (i === j ? Number(field.value) || 0 : old)));
        }
        return field;
      });
    }

    function lineOf(which) {
      const labels = fields[which].map((field, i) => html("label", {}, NUMBERS[i], field));
      return html("div", { class: `fields ${which}` }, html("span", {}, TITLES[which]), ...labels);
    }

    function row(name) {
      const chosen = () => update((view.loss = name));
      const radio = html("input", { type: "radio", name: "explorer-box-loss", onchange: chosen });
      const output = html("output", { class: "numbers" });
      const label = html("label", {}, radio, html("strong", {}, name), output);
      const link = html("a", { href: `api/${name}.html`, "aria-label": `About ${name}` }, "about");
      return { element: html("div", { class: "row" }, label, link), radio, output };
    }

    function buildOptions() {
      const controls = names.flatMap((name) =>
        Object.entries(losses[name].options ?? {}).map(([option, description]) => {
          const chosen = (value) => update((view.options[name][option] = value));
          return control(`${name}: ${option}`, description, view.options[name][option], chosen);
        }),
      );
      options.replaceChildren(...controls);
    }

    /* The numbers */

    function set(which, box) {
      boxes[which] = explorer.placed(box);
      update();
    }

    /** Where the edges go: against the gradient, further if it is larger. */
    function downhill() {
      const [, by] = at(view.loss);
      const factor = LONGEST / (Math.max(...by.map(Math.abs)) + HALF);
      return boxes.pred.map((number, i) => number - factor * by[i]);
    }

    function update() {
      draw();
      changed();
    }

    function draw() {
      for (const name of names) {
        rows[name].radio.checked = name === view.loss;
        rows[name].output.textContent = shown(at(name)[0]);
      }
      for (const which of Object.keys(TITLES)) fields[which].forEach((field, i) => (field.value = boxes[which][i]));
      const [, by] = at(view.loss);
      const flat = by.every((number) => number === 0);
      picture.draw(flat ? null : downhill());
      step.disabled = flat;
      const meaning = flat
        ? `${view.loss} does not move the predicted box: its gradient is 0.`
        : `Gradient of ${view.loss} by the predicted box:`;
      const numbers = NUMBERS.map((name, i) => html("span", {}, `${name} `, html("b", {}, shown(by[i]))));
      gradient.replaceChildren(meaning, html("span", { class: "numbers" }, ...numbers));
    }

    /* The link: the chosen loss is the first, and the others are there if their options have moved. */

    view.write = () => {
      const texts = [view.loss, ...names.filter((name) => name !== view.loss)].map((name) =>
        explorer.written(losses[name], name, view.options[name]),
      );
      const told = texts.filter((text, i) => i === 0 || text.includes(","));
      return [["true", boxes.true.join()], ["pred", boxes.pred.join()], ...told.map((text) => ["loss", text])];
    };

    view.read = (parameters) => {
      const asked = explorer.readLosses(losses, parameters);
      view.loss = asked[0]?.name ?? "GIoU";
      view.options = Object.fromEntries(names.map((name) => [name, explorer.defaults(losses[name])]));
      for (const { name, options } of asked) Object.assign(view.options[name], options);
      for (const which of Object.keys(TITLES)) {
        const numbers = (parameters.get(which) ?? "").split(",").map(Number);
        const usable = numbers.length === 4 && numbers.every(Number.isFinite);
        boxes[which] = explorer.placed(usable ? numbers : START[which]);
      }
      buildOptions();
    };

    view.draw = draw;
    return view;
  };
})(window.explorer);
