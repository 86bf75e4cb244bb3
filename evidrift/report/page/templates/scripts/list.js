"use strict";
// The list of cases, a page at a time: whatever their number, a dozen rows are drawn.
(() => {
  const app = window.evidrift, data = app.data, ROWS = 12, SIDE = 44;
  const part = (id) => document.getElementById(id);

  /** Shows the page on which the chosen place lies. */
  app.showList = (cases, chosen, value, digits) => {
    const page = Math.floor(chosen / ROWS), pages = Math.max(1, Math.ceil(cases.length / ROWS));
    const first = page * ROWS, rows = cases.slice(first, first + ROWS);
    part("rows").replaceChildren(...rows.map((each, at) => row(each, first + at, chosen, value(each), digits)));
    part("page").textContent = `page ${(page + 1).toLocaleString("en")} of ${pages.toLocaleString("en")}`;
    part("page-previous").disabled = page === 0;
    part("page-next").disabled = page >= pages - 1;
    part("list").hidden = !cases.length;
  };

  function row(each, place, chosen, value, digits) {
    const line = document.createElement("tr"), cell = document.createElement("td");
    const button = document.createElement("button"), film = document.createElement("img");
    button.type = "button";
    button.className = "pick";
    button.dataset.place = String(place);
    if (place === chosen) {
      line.className = "chosen";
      button.setAttribute("aria-current", "true");
    }
    film.src = app.film(each.image);
    film.alt = "";
    const [width, height] = data.shapes[each.image], side = SIDE / Math.max(width, height);
    film.style.width = `${width * side}px`;
    film.style.height = `${height * side}px`;
    button.append(film, words("strong", app.labelOf(each)));
    const file = data.images[each.image].split("/").pop(); // its end tells images apart; all of it stands above
    for (const text of [app.trainingOf(each), file]) if (text) button.append(words("span", text));
    const read = words("span", app.verdictWords(app.verdictOf(each)));
    read.className = "read";
    if (read.textContent) button.append(read);
    cell.append(button);
    const number = words("td", app.number(value, digits));
    number.className = "number";
    line.append(cell, number);
    return line;
  }

  function words(tag, text) {
    const element = document.createElement(tag);
    element.textContent = text;
    return element;
  }

  part("rows").addEventListener("click", (event) => {
    const button = event.target.closest(".pick");
    if (button) app.choose(Number(button.dataset.place));
  });
  part("page-previous").addEventListener("click", () => app.step(-ROWS));
  part("page-next").addEventListener("click", () => app.step(ROWS));
})();
