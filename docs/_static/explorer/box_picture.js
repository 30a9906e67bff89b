/* The picture of two boxes: by mouse, touch and arrow keys they move and change their size. */
"use strict";

(function (explorer) {
  const { clip, svg } = explorer;
  const [WIDTH, HEIGHT] = [10, 6];
  const STEP = 0.1;
  // The places of x and y of each corner in [x1, y1, x2, y2].
  const CORNERS = [[0, 1], [2, 1], [0, 3], [2, 3]];
  const KEYS = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };

  explorer.stage = { width: WIDTH, height: HEIGHT, step: STEP };

  /** The box inside the picture, with its end not before its start. */
  explorer.placed = (box) => {
    const [x1, y1] = [clip(box[0], 0, WIDTH), clip(box[1], 0, HEIGHT)];
    const placed = [x1, y1, clip(box[2], x1, WIDTH), clip(box[3], y1, HEIGHT)];
    return placed.map((number) => Number(number.toFixed(3)));
  };

  function moved(box, [dx, dy]) {
    const right = clip(dx, -box[0], WIDTH - box[2]);
    const down = clip(dy, -box[1], HEIGHT - box[3]);
    return [box[0] + right, box[1] + down, box[2] + right, box[3] + down];
  }

  /** The box with one corner moved. An edge stops where it meets the other edge. */
  function resized(box, [dx, dy], [atX, atY] = [2, 3]) {
    const made = [...box];
    made[atX] = atX === 0 ? Math.min(box[0] + dx, box[2]) : Math.max(box[2] + dx, box[0]);
    made[atY] = atY === 1 ? Math.min(box[1] + dy, box[3]) : Math.max(box[3] + dy, box[1]);
    return made;
  }

  /** The picture of `boxes`, by their names with their titles. `changed` gets a name and its new box. */
  explorer.boxPicture = (boxes, titles, changed) => {
    const arrows = svg("g", { class: "arrows" });
    const shapes = Object.fromEntries(Object.keys(titles).map((name) => [name, shape(name)]));
    const elements = [...grid(), ...Object.values(shapes).map(({ element }) => element), arrows];
    const label = Object.values(titles).join(", ");
    const drawing = svg("svg", { class: "stage", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-label": label }, ...elements);

    function shape(name) {
      const area = svg("rect", { class: "area" });
      dragged(area, name, moved);
      const handles = CORNERS.map((corner) => handle(name, corner));
      const attributes = { class: `box ${name}`, tabindex: 0, role: "group", onkeydown: (event) => keyed(event, name) };
      return { element: svg("g", attributes, area, ...handles), area, handles };
    }

    function handle(name, corner) {
      const dot = svg("circle", { class: "dot", r: 0.1 });
      const element = svg("g", { class: "handle" }, svg("circle", { r: 0.32 }), dot);
      dragged(element, name, (box, by) => resized(box, by, corner));
      return element;
    }

    /** While the reader drags the element, the box is what `change` makes of the box at the start. */
    function dragged(element, name, change) {
      let from = null;
      element.addEventListener("pointerdown", (event) => {
        element.setPointerCapture(event.pointerId);
        from = { place: placeOf(event), box: boxes[name] };
      });
      element.addEventListener("pointermove", (event) => {
        if (!from || !event.buttons) return;
        const by = placeOf(event).map((number, i) => Math.round((number - from.place[i]) / STEP) * STEP);
        changed(name, change(from.box, by));
      });
      element.addEventListener("pointerup", () => (from = null));
    }

    function placeOf({ clientX, clientY }) {
      const { left, top, width } = drawing.getBoundingClientRect();
      return [clientX - left, clientY - top].map((pixels) => (pixels * WIDTH) / width);
    }

    function keyed(event, name) {
      const by = KEYS[event.key];
      if (!by) return;
      event.preventDefault();
      changed(name, (event.shiftKey ? resized : moved)(boxes[name], by));
    }

    /** Draw the boxes, and where the predicted one goes: a box, or null if it stays. */
    function draw(goal) {
      for (const name of Object.keys(titles)) drawBox(name);
      arrows.replaceChildren(...(goal ? arrowsTo(boxes.pred, goal) : []));
    }

    function drawBox(name) {
      const { element, area, handles } = shapes[name];
      const [x1, y1, x2, y2] = boxes[name];
      const keys = "Arrow keys move it, with Shift they change its size.";
      element.setAttribute("aria-label", `${titles[name]}: x1 ${x1}, y1 ${y1}, x2 ${x2}, y2 ${y2}. ${keys}`);
      place(area, boxes[name]);
      CORNERS.forEach(([x, y], i) => {
        handles[i].setAttribute("transform", `translate(${boxes[name][x]} ${boxes[name][y]})`);
      });
    }

    return { drawing, draw };
  };

  function place(rectangle, [x1, y1, x2, y2]) {
    const numbers = { x: x1, y: y1, width: Math.max(x2 - x1, 0), height: Math.max(y2 - y1, 0) };
    Object.entries(numbers).forEach(([name, value]) => rectangle.setAttribute(name, value));
    return rectangle;
  }

  function grid() {
    const line = (x1, y1, x2, y2) => svg("line", { class: "grid", x1, y1, x2, y2 });
    const columns = Array.from({ length: WIDTH - 1 }, (_, n) => line(n + 1, 0, n + 1, HEIGHT));
    return [...columns, ...Array.from({ length: HEIGHT - 1 }, (_, n) => line(0, n + 1, WIDTH, n + 1))];
  }

  function arrowsTo(box, goal) {
    const ghost = place(svg("rect", { class: "ghost" }), goal);
    return [ghost, arrow(box.slice(0, 2), goal.slice(0, 2)), arrow(box.slice(2), goal.slice(2))];
  }

  function arrow([x1, y1], [x2, y2]) {
    const length = Math.hypot(x2 - x1, y2 - y1);
    const turn = (Math.atan2(y2 - y1, x2 - x1) * 180) / Math.PI;
    const tip = Math.min(0.2, length);
    const head = svg("path", { class: "tip", d: `M0 0L${-tip} ${tip / 2}L${-tip} ${-tip / 2}Z` });
    head.setAttribute("transform", `translate(${x2} ${y2}) rotate(${turn})`);
    return svg("g", {}, svg("line", { x1, y1, x2, y2 }), head);
  }
})(window.explorer);
