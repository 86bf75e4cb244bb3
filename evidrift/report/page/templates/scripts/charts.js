"use strict";
// Charts are drawn when they come into view, and all of them before the page is printed.
(() => {
  const figures = JSON.parse(document.getElementById("figure-data").textContent);
  const looks = { displayModeBar: false, displaylogo: false, responsive: true, scrollZoom: false };
  const drawn = new Set();

  function draw(plot) {
    const name = plot.dataset.chart;
    const choice = document.querySelector(`select[data-chart="${name}"]`);
    const figure = figures[name][choice ? Number(choice.value) : 0];
    const layout = { ...figure.layout };
    if (plot.clientWidth < 560) layout.font = { ...layout.font, size: 12 };
    drawn.add(name);
    plot.style.minHeight = `${layout.height}px`;
    return Plotly.react(plot, figure.data, layout, looks);
  }

  const plots = [...document.querySelectorAll(".plot")];
  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      watcher.unobserve(entry.target);
      draw(entry.target);
    }
  }, { rootMargin: "300px" });
  for (const plot of plots) watcher.observe(plot);

  for (const choice of document.querySelectorAll("select[data-chart]")) {
    choice.addEventListener("change", () => draw(document.getElementById(`plot-${choice.dataset.chart}`)));
  }
  const opened = []; // what is folded on the screen is printed, and folded again
  window.addEventListener("beforeprint", () => {
    for (const each of document.querySelectorAll(".audit details:not([open])")) {
      each.open = true;
      opened.push(each);
    }
    for (const plot of plots) if (!drawn.has(plot.dataset.chart)) draw(plot);
  });
  window.addEventListener("afterprint", () => { for (const each of opened.splice(0)) each.open = false; });
})();
