"use strict";
// Filters, order, keys and the address of the case browser.
(() => {
  const app = window.evidrift, data = app.data, form = document.getElementById("filters");
  const part = (id) => document.getElementById(id), browser = part("cases"), field = (name) => form.elements[name];
  const by = (measure) => (each) => app.drift(each, measure);
  const sorts = [
    ...data.measures.map((measure, at) => ({ key: measure.key, name: measure.name, value: by(at), digits: 3 })),
    { key: "over_scale", name: "moved share over its scale", digits: 2,
      value: (each) => app.drift(each, 0) / app.reference(each, "scale", 0) },
    { key: "loss", name: "fall in probability", digits: 2,
      value: (each) => app.probability(each, 0) - app.probability(each, 1) },
  ];
  let cases = [], place = 0;

  function fill(name, options, all) {
    field(name).replaceChildren(...[...(all ? [["", all]] : []), ...options].map(([value, text]) => {
      const option = document.createElement("option");
      option.value = value;
      option.textContent = text;
      return option;
    }));
  }

  const numbered = (names) => names.map((name, at) => [String(at), name]);
  const used = new Set(data.labels), asked = data.methods.findIndex((each) => each.key === "layer_cam");
  fill("arch", numbered(data.architectures), "all");
  fill("run", data.seeds.map((seed) => [String(seed), String(seed)]), "all");
  fill("label", numbered(data.classes).filter(([at]) => used.has(Number(at))), "all");
  fill("cohort", Object.entries(data.cohorts), "all");
  fill("method", numbered(data.methods.map((each) => each.name)));
  fill("sort", numbered(sorts.map((each) => each.name)));
  field("method").value = String(Math.max(asked, 0));
  field("arch").parentElement.hidden = data.architectures.length < 2;
  field("run").parentElement.hidden = data.seeds.length < 2;

  const sort = () => sorts[Number(field("sort").value)];

  /** The cases that the filters leave, in order; those without a value last. */
  function filtered() {
    const [arch, run, label, cohort] = ["arch", "run", "label", "cohort"].map((name) => field(name).value);
    const text = field("text").value.toLowerCase(), value = sort().value;
    const kept = app.casesOf(Number(field("method").value)).filter((each) => {
      const its = app.runOf(each);
      return (arch === "" || its.arch === Number(arch)) && (run === "" || its.seed === Number(run))
        && (label === "" || data.labels[each.image] === Number(label))
        && (cohort === "" || app.cohortOf(each) === cohort)
        && (!text || data.images[each.image].toLowerCase().includes(text));
    });
    const sign = field("order").value === "up" ? 1 : -1;
    const keyed = kept.map((each) => ({ each, value: value(each) }));
    keyed.sort((a, b) => (Number.isNaN(a.value) - Number.isNaN(b.value)) || sign * (a.value - b.value)
      || a.each.image - b.each.image || a.each.block.run - b.each.block.run);
    return keyed.map(({ each }) => each);
  }

  let isTouched = false; // a page that was only opened keeps its address

  function refresh(keep) {
    cases = filtered();
    const found = keep ? cases.findIndex((each) => each.image === keep.image && each.block.run === keep.run) : 0;
    place = Math.max(found, 0);
    const order = field("order").value === "up" ? "smallest" : "largest";
    part("case-count").textContent = cases.length
      ? `${cases.length.toLocaleString("en")} case${cases.length > 1 ? "s" : ""}, ${order} ${sort().name} first.`
      : "No case fits these filters.";
    part("list-measure").textContent = sort().name;
    draw();
  }

  function draw() {
    const each = cases[place] || null, held = document.activeElement, isInList = part("rows").contains(held);
    app.show(each, place, cases.length);
    app.showList(cases, place, sort().value, sort().digits);
    part("previous").disabled = place <= 0;
    part("next").disabled = place >= cases.length - 1;
    // rows are drawn anew, and a button at the end goes dead: the focus must not fall out of the browser
    if (isInList && each) part("rows").querySelector("[aria-current]").focus({ preventScroll: true });
    else if (held && held.disabled) part("case").focus({ preventScroll: true });
    remember(each);
  }

  app.choose = (at) => {
    isTouched = true;
    place = Math.min(Math.max(at, 0), cases.length - 1);
    if (place < 0) return;
    draw();
    const each = cases[place];
    part("announce").textContent = `Case ${place + 1} of ${cases.length}: ${app.sentence(each)}, `
      + `${sort().name} ${app.number(sort().value(each))}`;
  };
  app.step = (by) => app.choose(place + by);
  app.markVerdicts = () => app.showList(cases, place, sort().value, sort().digits);
  app.method = () => Number(field("method").value);

  const NAMES = ["arch", "run", "label", "cohort", "method", "sort", "order", "text"];

  /** Writes the case into the address, so that a link leads back to it; where it may not, it does without. */
  function remember(each) {
    const state = new URLSearchParams(NAMES.map((name) => [name, field(name).value]).filter(([, value]) => value));
    if (!isTouched) return;
    if (each) { state.set("image", String(each.image)); state.set("of", String(each.block.run)); }
    try { history.replaceState(null, "", `#case&${state}`); } catch { /* some browsers forbid it from disk */ }
  }

  function recall() {
    if (!location.hash.startsWith("#case&")) return null;
    const state = new URLSearchParams(location.hash.slice(6));
    for (const name of NAMES) {
      const value = state.get(name) || (field(name).options ? field(name).value : "");
      const isKnown = !field(name).options || [...field(name).options].some((option) => option.value === value);
      if (state.has(name) && isKnown) field(name).value = value;
    }
    return { image: Number(state.get("image")), run: Number(state.get("of")) };
  }

  form.addEventListener("input", () => { isTouched = true; refresh(); });
  form.addEventListener("submit", (event) => event.preventDefault());
  function clear() {
    const method = field("method").value;
    form.reset();
    field("method").value = method;
  }

  part("reset").addEventListener("click", () => {
    clear();
    refresh();
  });
  /** A film's place; where a film has a case a finding, that of the finding, else of its first one. */
  function placeOf(film, finding) {
    const exact = data.images.indexOf(finding ? `${film} [${finding}]` : film);
    return exact >= 0 ? exact : data.images.findIndex((name) => name === film || name.startsWith(`${film} [`));
  }

  for (const link of document.querySelectorAll(".film-link")) {
    const image = placeOf(link.dataset.image, link.dataset.label);
    link.disabled = image < 0; // a film without any finding has no map
    link.addEventListener("click", () => {
      isTouched = true;
      clear();
      const found = app.casesOf(app.method()).find((each) => each.image === image);
      if (found) refresh({ image, run: found.block.run });
      part("case").scrollIntoView();
      part("case").focus({ preventScroll: true });
    });
  }
  part("previous").addEventListener("click", () => app.step(-1));
  part("next").addEventListener("click", () => app.step(1));

  function isInView() {
    const box = part("browser").getBoundingClientRect();
    return box.top < window.innerHeight && box.bottom > 0;
  }

  // Arrows work wherever the cases are in view; letters only once something in them has the focus.
  const keys = {
    ArrowLeft: () => app.step(-1), ArrowRight: () => app.step(1),
    t: app.toggle, " ": app.toggle, d: app.toggleDifference, "/": () => field("text").focus(),
  };
  document.addEventListener("keydown", (event) => {
    const at = event.target, key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (!keys[key] || event.ctrlKey || event.metaKey || event.altKey) return;
    if (at.matches("input, select, textarea") || (key === " " && at.matches("button, summary"))) return;
    const isArrow = key.startsWith("Arrow");
    if (isArrow ? !isInView() || at.closest(".scroll") : !browser.contains(at)) return;
    event.preventDefault();
    keys[key]();
    if (isArrow && !browser.contains(at)) part("case").focus({ preventScroll: true });
    if (isArrow && !document.contains(at)) part("case").focus({ preventScroll: true });
  });

  const linked = recall();
  refresh(linked);
  if (linked) browser.scrollIntoView();
})();
