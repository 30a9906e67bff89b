/* The page: three parts behind tabs, and a link that keeps what is shown. */
"use strict";

(function (explorer) {
  const { html } = explorer;

  /* Losses in a link: loss=Huber,delta:0.5. Options with their defaults are left out. */

  explorer.written = (loss, name, options) => {
    const start = explorer.defaults(loss);
    const moved = Object.entries(options).filter(([option, value]) => value !== start[option]);
    return [name, ...moved.map(([option, value]) => `${option}:${value}`)].join();
  };

  explorer.readLosses = (losses, parameters) =>
    parameters
      .getAll("loss")
      .map((text) => text.split(","))
      .filter(([name]) => Object.hasOwn(losses, name))
      .map(([name, ...assigned]) => ({ name, loss: losses[name], options: readOptions(losses[name], assigned) }));

  function readOptions(loss, assigned) {
    const read = {};
    for (const [option, text] of assigned.map((one) => one.split(":"))) {
      const value = Object.hasOwn(loss.options ?? {}, option) ? explorer.parsed(loss.options[option], text) : undefined;
      if (value !== undefined) read[option] = value;
    }
    return read;
  }

  /* The parts */

  const root = document.getElementById("loss-explorer");
  const tabs = [...root.querySelectorAll("[role=tab]")];
  const nameOf = (tab) => tab.id.replace("explorer-tab-", "");
  const panelOf = (name) => document.getElementById(`explorer-${name}`);
  const curveAxes = Object.keys(explorer.axes).filter((name) => name !== "angle");
  const views = {
    curves: explorer.curves(panelOf("curves"), curveAxes, keep),
    boxes: explorer.boxes(panelOf("boxes"), keep),
    angles: explorer.curves(panelOf("angles"), ["angle"], keep),
  };
  let part = "curves";

  function show(name) {
    part = name;
    for (const tab of tabs) {
      const own = nameOf(tab) === name;
      tab.setAttribute("aria-selected", own);
      tab.tabIndex = own ? 0 : -1;
      panelOf(nameOf(tab)).hidden = !own;
    }
    views[part].draw();
  }

  for (const [index, tab] of tabs.entries()) {
    tab.addEventListener("click", () => {
      show(nameOf(tab));
      keep();
    });
    tab.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!by) return;
      const next = tabs.at((index + by) % tabs.length);
      next.focus();
      next.click();
    });
  }

  /* The link */

  function keep() {
    const pairs = [["part", part], ...views[part].write()];
    history.replaceState(null, "", `#${pairs.map(([name, value]) => `${name}=${value}`).join("&")}`);
  }

  /** The part that a link names, or that has its first loss. */
  function asked(parameters) {
    if (parameters.get("part") in views) return parameters.get("part");
    if (explorer.readLosses(explorer.boxLosses, parameters).length) return "boxes";
    const [first] = explorer.readLosses(explorer.losses, parameters);
    return first && "angle" in first.loss.at ? "angles" : "curves";
  }

  function read() {
    const parameters = new URLSearchParams(location.hash.slice(1));
    const name = asked(parameters);
    for (const [other, view] of Object.entries(views)) view.read(other === name ? parameters : new URLSearchParams());
    show(name);
  }

  const reasons = Object.entries(explorer.missing).map(([name, reason]) =>
    html("li", {}, explorer.linkTo(name), `: ${reason[0].toLowerCase()}${reason.slice(1)}`),
  );
  document.getElementById("explorer-missing").append(...reasons);
  window.addEventListener("hashchange", read);
  new ResizeObserver(() => views[part].draw()).observe(root);
  read();
})(window.explorer);
