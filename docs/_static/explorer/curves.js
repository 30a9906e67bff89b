/* The parts "Curves" and "Angles": pictures side by side, and a card for each loss with its options and its numbers. */
"use strict";

(function (explorer) {
  const { control, html, shown } = explorer;
  const POINTS = 401;
  const COLOURS = 6;
  // The first lines are wider, so that lines in the same place are all visible.
  const [WIDEST, NARROWEST] = [3.6, 1.8];

  explorer.curves = (root, axes, changed) => {
    const view = { axis: axes[0], chosen: [], x: 0, target: undefined };

    /* What is shown */

    const axisOf = () => explorer.axes[view.axis];
    const onAxis = () => Object.keys(explorer.losses).filter((name) => view.axis in explorer.losses[name].at);
    const at = (x, { name, options }) => explorer.at(view.axis, name, x, options, view.target);
    const colour = (index) => `var(--line-${index})`;

    function setAxis(name) {
      view.axis = name;
      view.x = axisOf().start;
      view.target = axisOf().target?.start;
      view.chosen = [];
      axisOf().first.forEach((loss) => add(loss));
    }

    function add(name, options = {}) {
      view.chosen.push({ name, options: { ...explorer.defaults(explorer.losses[name]), ...options } });
    }

    /* The elements */

    const form = html("div", { class: "choices" });
    const figures = html("div", { class: "figures" });
    const point = html("div", { class: "point" });
    const cards = html("div", { class: "cards" });
    root.append(form, figures, point, cards);
    let panels = [];
    let readouts = [];

    function build() {
      const { gradient, logit } = axisOf();
      form.replaceChildren(...(axes.length > 1 ? [axisControl()] : []), ...targetControl(), adder());
      panels = [...(logit ? [[logit, 2]] : []), ["loss", 0], [gradient, 1]].map(([name, part]) => ({
        figure: explorer.figure(name, axisOf(), moveTo),
        part,
      }));
      figures.replaceChildren(...panels.map(({ figure }) => figure.element));
      figures.classList.toggle("three", panels.length === 3);
      buildPoint();
      buildCards();
    }

    function axisControl() {
      const choices = axes.map((name) => [name, explorer.axes[name].title]);
      return control("Inputs", { choices }, view.axis, (name) => {
        setAxis(name);
        rebuild("select");
      });
    }

    function targetControl() {
      const { target } = axisOf();
      if (!target) return [];
      return [control(target.label, target, view.target, (value) => update((view.target = value)))];
    }

    function adder() {
      const names = onAxis().map((name) => [name, titleOf(name)]);
      const full = view.chosen.length >= COLOURS;
      const shown = view.chosen.map(({ name }) => name);
      let [picked] = names.find(([name]) => !shown.includes(name)) ?? names[0];
      const list = control("Loss", { choices: names }, picked, (name) => (picked = name));
      const attributes = { type: "button", class: "add", disabled: full, onclick: added };
      const button = html("button", attributes, full ? "No more lines" : "Add");
      function added() {
        add(picked);
        rebuild(".add");
      }
      return html("div", { class: "adder" }, list, button);
    }

    /** Build everything again, keep the keyboard at its place, and draw. */
    function rebuild(focused) {
      build();
      form.querySelector(focused).focus();
      update();
    }

    const titleOf = (name) => explorer.losses[name].title ?? name;

    function buildPoint() {
      const [least, most] = axisOf().span;
      const option = { least, most, step: axisOf().step };
      point.replaceChildren(control("Read at", option, view.x, (x) => update((view.x = x))));
    }

    function moveTo(x) {
      view.x = x;
      buildPoint();
      update();
    }

    function buildCards() {
      readouts = view.chosen.map(() => html("output", { class: "numbers" }));
      cards.replaceChildren(...view.chosen.map(card));
    }

    function card(item, index) {
      const { name, options } = item;
      const sliders = Object.entries(explorer.losses[name].options ?? {}).map(([option, description]) =>
        control(option, description, options[option], (value) => update((options[option] = value))),
      );
      const title = explorer.losses[name].title ?? explorer.linkTo(name);
      const label = `Remove ${titleOf(name)}`;
      const remove = html("button", { type: "button", "aria-label": label, onclick: removed }, "×");
      function removed() {
        view.chosen.splice(index, 1);
        rebuild(".add");
      }
      const head = html("div", { class: "head" }, html("strong", {}, title), remove);
      return html("section", { class: "card", style: `--own: ${colour(index)}` }, head, readouts[index], ...sliders);
    }

    /* The numbers */

    function update() {
      draw();
      changed();
    }

    function draw() {
      const [first, last] = axisOf().span;
      const xs = Array.from({ length: POINTS }, (_, i) => first + ((last - first) * i) / (POINTS - 1));
      const lines = view.chosen.map((item) => ({ all: xs.map((x) => at(x, item)), here: at(view.x, item) }));
      const narrower = (WIDEST - NARROWEST) / Math.max(lines.length - 1, 1);
      for (const { figure, part } of panels) {
        const drawn = lines.map(({ all, here }, index) => ({
          ys: all.map((numbers) => numbers[part]),
          here: here[part],
          colour: colour(index),
          width: WIDEST - narrower * index,
        }));
        explorer.plot(figure, xs, drawn, view.x);
      }
      lines.forEach(({ here }, index) => readouts[index].replaceChildren(...numbers(here)));
    }

    function numbers(here) {
      return panels.map(({ part }) =>
        html("span", {}, ["loss", "gradient", "logit"][part], " ", html("b", {}, shown(here[part]))),
      );
    }

    /* The link */

    view.write = () => [
      ["axis", view.axis],
      ["x", view.x],
      ...(view.target === undefined ? [] : [["target", view.target]]),
      ...view.chosen.map(({ name, options }) => ["loss", explorer.written(explorer.losses[name], name, options)]),
    ];

    view.read = (parameters) => {
      const asked = explorer.readLosses(explorer.losses, parameters);
      const given = parameters.get("axis");
      const known = axes.includes(given) ? given : axes.find((name) => name in (asked[0]?.loss.at ?? {}));
      setAxis(known ?? axes[0]);
      const fitting = asked.filter(({ loss }) => view.axis in loss.at).slice(0, COLOURS);
      if (fitting.length) view.chosen = [];
      fitting.forEach(({ name, options }) => add(name, options));
      const { span, step, start, target } = axisOf();
      view.x = explorer.parsed({ least: span[0], most: span[1], step, start }, parameters.get("x")) ?? view.x;
      if (target) view.target = explorer.parsed(target, parameters.get("target")) ?? view.target;
      build();
    };

    view.draw = draw;
    return view;
  };
})(window.explorer);
