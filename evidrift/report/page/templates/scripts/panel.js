"use strict";
// One case: its film, its evidence before and after, and its numbers.
(() => {
  const app = window.evidrift, data = app.data, DISPLAY = 224;
  const part = (id) => document.getElementById(id);
  const overlay = part("overlay"), context = overlay.getContext("2d");
  overlay.width = overlay.height = DISPLAY;
  const image = context.createImageData(DISPLAY, DISPLAY);
  part("outlines").setAttribute("viewBox", `0 0 ${data.side} ${data.side}`);
  const view = { blend: 100, difference: false, lines: true };
  let asked = null; // the case that was asked for last
  let shown = null; // the case, its canvases at the size of display, and their range

  app.number = (value, digits = 2) => (Number.isFinite(value) ? value.toFixed(digits) : "–");
  /** Which training a case is of, as far as there are several. */
  app.trainingOf = (each) => [
    ...(data.architectures.length > 1 ? [data.architectures[app.runOf(each).arch]] : []),
    ...(data.seeds.length > 1 ? [`${data.run} ${app.runOf(each).seed}`] : []),
  ].join(", ");
  app.sentence = (each) => [app.labelOf(each), app.trainingOf(each)].filter(Boolean).join(", ");

  /** Shows a case; null says that there is none. */
  app.show = (each, place, total) => {
    part("case").hidden = !each;
    asked = each;
    if (!each) return;
    if (!app.isThere(each)) app.load(each).then(() => { if (asked === each) app.show(each, place, total); });
    const canvases = app.canvases(each), fine = canvases.map((canvas) => app.enlarge(canvas, data.side, DISPLAY));
    const change = fine[1].map((value, i) => value - fine[0][i]);
    const high = Math.max(greatest(fine[0]), greatest(fine[1])) || 1;
    shown = { each, fine, change, high, swing: Math.max(greatest(change), -least(change)) || 1 };
    part("case-title").textContent = app.sentence(each);
    part("case-about").textContent = `${(place + 1).toLocaleString("en")} of ${total.toLocaleString("en")} · `
      + `${data.cohorts[app.cohortOf(each)] || "no prediction"} · ${data.images[each.image]}`;
    showFilm(each);
    part("outlines").replaceChildren(
      ...app.outlineOf(canvases[0], "before"), ...app.outlineOf(canvases[1], "after"));
    fillDrift(each);
    fillPrediction(each);
    fillReliance(each);
    fillStatus(each);
    app.showVerdict(each);
    paint();
    part("case").dataset.shown = `${each.block.run} ${each.block.method} ${each.image}`;
  };

  function showFilm(each) {
    for (const id of ["film", "film-under"]) {
      part(id).src = app.film(each.image);
      part(id).parentElement.style.aspectRatio = data.shapes[each.image].join(" / ");
    }
    part("film").alt = `Film of ${app.labelOf(each)}, ${data.images[each.image]}`;
  }

  /** The border of the strongest area as a light line over a dark one; nothing of an empty map. */
  app.outlineOf = (canvas, looks) => {
    const level = app.level(canvas, data.area);
    if (level === null) return [];
    const path = app.outline(canvas, data.side, level);
    return [`under ${looks}`, looks].map((name) => {
      const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
      line.setAttribute("d", path);
      line.setAttribute("class", name);
      return line;
    });
  };

  function paint() {
    const { fine, change, high, swing } = shown, share = view.blend / 100;
    const [before, after] = data.checkpoints;
    const blended = view.difference ? change : fine[0].map((value, i) => (1 - share) * value + share * fine[1][i]);
    const low = view.difference ? -swing : 0, top = view.difference ? swing : high;
    app.paint(image, blended, low, top, view.difference ? data.moved : data.evidence, data.opaque);
    context.putImageData(image, 0, 0);
    const mixed = `evidence, ${100 - view.blend} % ${before}, ${view.blend} % ${after}`;
    const words = view.difference ? `evidence, ${after} minus ${before}`
      : view.blend === 0 ? `evidence, ${before}` : view.blend === 100 ? `evidence, ${after}` : mixed;
    part("overlay-caption").textContent = words[0].toUpperCase() + words.slice(1);
    overlay.setAttribute("aria-label", `${words}, drift ${app.number(app.drift(shown.each, 0))}`);
    part("legend-high").textContent = (view.difference ? "+" : "") + top.toFixed(1);
    part("legend-low").textContent = view.difference ? (-top).toFixed(1) : "0";
    part("legend-bar").style.setProperty("--scale", bar(low, top));
    part("blend").value = String(view.blend);
    part("blend").setAttribute("aria-valuetext", words);
    part("blend").disabled = view.difference;
    part("difference").setAttribute("aria-pressed", String(view.difference));
    part("lines").setAttribute("aria-pressed", String(view.lines));
    part("outlines").toggleAttribute("hidden", !view.lines);
    part("outlines").style.display = view.lines ? "" : "none";
  }

  /** The colours over a film's middle grey, for that is how they look there. */
  function bar(low, high) {
    const colours = low < 0 ? data.moved : data.evidence, stops = [];
    for (let step = 0; step < 256; step += 15) {
      const value = low + (high - low) * step / 255, opacity = data.opaque * Math.abs(value) / high;
      const mix = [0, 1, 2].map((c) => Math.round(128 * (1 - opacity) + colours[3 * step + c] * opacity));
      stops.push(`rgb(${mix.join(" ")})`);
    }
    return stops.join(", ");
  }

  function fillDrift(each) {
    part("case-drift").tBodies[0].replaceChildren(...data.measures.map((measure, at) => row(
      measure.name, app.number(app.drift(each, at), 3),
      app.number(app.reference(each, "floor", at), 3), app.number(app.reference(each, "scale", at), 3))));
  }

  function fillPrediction(each) {
    part("case-class").textContent = app.labelOf(each);
    part("case-prediction").tBodies[0].replaceChildren(...data.checkpoints.map((name, when) => {
      const called = app.predicted(each, when);
      const line = row(name, called, app.number(100 * app.probability(each, when), 0) + " %");
      line.cells[1].className = called === app.labelOf(each) ? "" : "other";
      return line;
    }));
  }

  /** How much more the score falls where a region is covered; hidden where this film was not asked about. */
  function fillReliance(each) {
    const table = part("case-reliance");
    if (!table) return;
    const lines = data.regions.map((name, at) => [name, ...[0, 1].map((when) => app.reliance(each, at, when))])
      .filter(([, ...values]) => values.some(Number.isFinite));
    table.hidden = !lines.length;
    table.tBodies[0].replaceChildren(...lines.map(([name, ...values]) => {
      const line = row(name, ...values.map((value) => app.number(value)));
      for (const cell of line.querySelectorAll("td")) cell.className = "number";
      return line;
    }));
  }

  /** What is wrong with the maps, or with the method on this network. */
  function fillStatus(each) {
    const told = app.isMissing(each) ? [`Its maps are not there: the folder ${data.beside} belongs beside this file.`] : [];
    const status = data.statuses[each.block.status[each.at]];
    const sign = data.signs[app.runOf(each).arch][each.block.method];
    if (status !== "ok") told.push(`A map of this case is ${status || "missing"}: its drift cannot be measured.`);
    if (each.block.thin[each.at]) told.push("Less of the film than the outlines ask for holds any evidence.");
    if (sign.includes("‡")) told.push("‡ Part of this method's maps survives random weights on this network.");
    part("case-status").textContent = told.join(" ");
    part("case-status").hidden = !told.length;
  }

  function row(name, ...values) {
    const line = document.createElement("tr"), head = document.createElement("th");
    head.scope = "row";
    head.textContent = name;
    line.append(head, ...values.map((value, at) => {
      const cell = document.createElement("td");
      cell.textContent = value;
      if (at || values.length > 2) cell.className = "number";
      return cell;
    }));
    return line;
  }

  const greatest = (values) => values.reduce((high, value) => (value > high ? value : high), -Infinity);
  const least = (values) => values.reduce((low, value) => (value < low ? value : low), Infinity);

  app.setBlend = (value) => { view.blend = value; view.difference = false; if (shown) paint(); };
  app.toggle = () => app.setBlend(view.difference ? view.blend : view.blend < 50 ? 100 : 0);
  app.toggleDifference = () => { view.difference = !view.difference; if (shown) paint(); };
  app.toggleLines = () => { view.lines = !view.lines; if (shown) paint(); };

  part("blend").addEventListener("input", (event) => app.setBlend(Number(event.target.value)));
  part("toggle").addEventListener("click", app.toggle);
  part("difference").addEventListener("click", app.toggleDifference);
  part("lines").addEventListener("click", app.toggleLines);
})();
