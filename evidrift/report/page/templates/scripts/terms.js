"use strict";
// Explanations open beside their word, and stay inside the window.
document.addEventListener("toggle", (event) => {
  const tip = event.target;
  if (!(tip instanceof HTMLElement) || !tip.matches(".tip") || event.newState !== "open") return;
  const word = document.activeElement;
  if (!word || !word.matches(".term")) return;
  const at = word.getBoundingClientRect();
  const left = Math.min(at.left, window.innerWidth - tip.offsetWidth - 8);
  const fits = at.bottom + tip.offsetHeight + 8 < window.innerHeight;
  tip.style.left = `${Math.max(8, left)}px`;
  tip.style.top = `${fits ? at.bottom + 6 : Math.max(8, at.top - tip.offsetHeight - 6)}px`;
}, true);
window.addEventListener("scroll", () => {
  const tip = document.querySelector(".tip:popover-open");
  if (tip) tip.hidePopover();
}, { passive: true });
document.addEventListener("click", (event) => {
  const word = event.target.closest && event.target.closest(".term");
  if (word) word.focus(); // Safari does not focus a button that is clicked
}, true);
