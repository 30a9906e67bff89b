/* Elements of the page, and the control of an option. */
"use strict";

(function (explorer) {
  const SVG = "http://www.w3.org/2000/svg";

  function filled(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value !== false) element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  }

  explorer.html = (tag, attributes = {}, ...children) => filled(document.createElement(tag), attributes, children);
  explorer.svg = (tag, attributes = {}, ...children) =>
    filled(document.createElementNS(SVG, tag), attributes, children);
  const { html } = explorer;

  /** A link to the page of a loss. A long name may break before a capital letter. */
  explorer.linkTo = (name) => {
    const words = name.split(/(?=[A-Z][a-z])/).flatMap((word) => [html("wbr"), word]);
    return html("a", { href: `api/${name}.html` }, ...words.slice(1));
  };

  let labels = 0;

  /** The control of an option: a slider, a list of choices, or a box to tick. `changed` gets the new value. */
  explorer.control = (text, option, value, changed) => {
    const id = `explorer-${++labels}`;
    const label = html("label", { for: id }, text);
    if (option.choices) return html("div", { class: "control" }, label, list(id, option, value, changed));
    if (typeof option.start === "boolean") {
      const tick = html("input", { id, type: "checkbox", onchange: () => changed(tick.checked) });
      tick.checked = value;
      return html("div", { class: "control tick" }, tick, label);
    }
    return html("div", { class: "control" }, label, ...slider(id, option, value, changed));
  };

  function list(id, { choices }, value, changed) {
    const options = choices.map(([, text], i) => html("option", { value: i }, text));
    const select = html("select", { id, onchange: () => changed(choices[select.value][0]) }, ...options);
    select.value = choices.findIndex(([choice]) => choice === value);
    return select;
  }

  function slider(id, { least, most, step }, value, changed) {
    const output = html("output", { for: id }, String(value));
    const range = html("input", { id, type: "range", min: least, max: most, step, oninput: moved });
    range.value = value;
    function moved() {
      output.textContent = String(Number(range.value));
      changed(Number(range.value));
    }
    return [range, output];
  }

  /** A value from a link as a value of the option, or undefined if the option has no such value. */
  explorer.parsed = (option, text) => {
    if (option.choices) return option.choices.map(([choice]) => choice).find((choice) => String(choice) === text);
    if (typeof option.start === "boolean") return text === "true" ? true : text === "false" ? false : undefined;
    const value = text ? Number(text) : NaN;
    return Number.isFinite(value) ? explorer.clip(value, option.least, option.most) : undefined;
  };
})(window.explorer);
