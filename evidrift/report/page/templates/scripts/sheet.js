"use strict";
// The worst cases on paper: film, evidence before and after, and room for a reader's verdict.
(() => {
  const app = window.evidrift, data = app.data, sheet = document.getElementById("sheet"), SIDE = 160;
  if (!sheet) return;
  const LOST = 6, MOST = 12; // films that became wrong, of so many in all

  /** Films that became wrong, then others, by falling drift; and whatever has a verdict. */
  function chosen() {
    const cases = app.casesOf(app.method()).filter((each) => Number.isFinite(app.drift(each, 0)));
    cases.sort((a, b) => app.drift(b, 0) - app.drift(a, 0) || a.image - b.image);
    const lost = cases.filter((each) => app.cohortOf(each) === "regressed").slice(0, LOST);
    const worst = [...lost, ...cases.filter((each) => !lost.includes(each))].slice(0, MOST);
    return [...worst, ...cases.filter((each) => app.isJudged(each) && !worst.includes(each))];
  }

  function element(tag, name, text = "") {
    const made = document.createElement(tag);
    if (name) made.className = name;
    made.textContent = text;
    return made;
  }

  /** A film, and over it what `draw` paints. */
  function pane(each, caption, canvas, high) {
    const figure = element("figure", "pane"), film = element("div", "film"), image = document.createElement("img");
    film.style.aspectRatio = data.shapes[each.image].join(" / ");
    image.src = app.film(each.image);
    image.alt = "";
    film.append(image);
    if (canvas) {
      const over = document.createElement("canvas"), context = over.getContext("2d");
      over.width = over.height = SIDE;
      const pixels = context.createImageData(SIDE, SIDE);
      app.paint(pixels, app.enlarge(canvas, data.side, SIDE), 0, high, data.evidence, data.opaque);
      context.putImageData(pixels, 0, 0);
      const lines = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      lines.setAttribute("viewBox", `0 0 ${data.side} ${data.side}`);
      lines.setAttribute("preserveAspectRatio", "none");
      lines.setAttribute("class", "outlines");
      lines.append(...app.outlineOf(canvas, "after"));
      film.append(over, lines);
    }
    figure.append(film, element("figcaption", "", caption));
    return figure;
  }

  function entry(each) {
    const line = element("article", "sheet-case"), facts = element("div", "sheet-facts");
    const canvases = app.canvases(each), [before, after] = data.checkpoints;
    const high = Math.max(...canvases.map((canvas) => canvas.reduce((top, value) => Math.max(top, value), 0))) || 1;
    const found = app.verdictOf(each) || { verdict: "", remark: "", reader: "" };
    const called = (when) => `called ${app.predicted(each, when)} (${app.labelOf(each)}: `
      + `${app.number(100 * app.probability(each, when), 0)} %)`;
    facts.append(
      element("strong", "", app.sentence(each)), element("p", "file", data.images[each.image]),
      element("p", "", `${data.cohorts[app.cohortOf(each)] || "no prediction"}; drift ${app.number(app.drift(each, 0))}`),
      element("p", "", `${before}: ${called(0)}`), element("p", "", `${after}: ${called(1)}`),
      ...(app.isThere(each) && !app.isMissing(each) ? [] : [element("p", "", "Its maps could not be read.")]),
      element("p", "boxes", ["agree", "misplaced", "not assessable"]
        .map((name) => `${found.verdict === name ? "☒" : "☐"} ${name}`).join("   ")),
      element("p", "blank", `Remark: ${found.remark}`), element("p", "blank", `Reader: ${found.reader}`));
    line.append(pane(each, "film"), pane(each, before, canvases[0], high), pane(each, after, canvases[1], high), facts);
    return line;
  }

  /** Printing does not wait: what it shows is read beforehand. */
  const prepare = () => { if (data.beside) for (const each of chosen()) app.load(each); };
  document.getElementById("filters").addEventListener("input", prepare);
  prepare();

  window.addEventListener("beforeprint", () => {
    const cases = chosen(), method = data.methods[app.method()].name;
    const about = `${cases.length} of ${app.casesOf(app.method()).length} cases by ${method}: first those that became `
      + "wrong, then all others, each by falling drift; and those with a verdict.";
    sheet.replaceChildren(element("h3", "", "The worst cases, for readers"), element("p", "fine", about), ...cases.map(entry));
  });
  window.addEventListener("afterprint", () => sheet.replaceChildren());
})();
