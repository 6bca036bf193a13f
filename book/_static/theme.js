// What the theme leaves without a name: the landmark around the title, and the folds of the table of contents.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const sidebar = document.querySelector(".bd-sidebar-primary");
  sidebar?.setAttribute("role", "navigation");
  sidebar?.setAttribute("aria-label", "The book");
  for (const fold of document.querySelectorAll(".bd-sidenav details > summary")) {
    fold.setAttribute("aria-label", `Pages of ${fold.closest("li").querySelector("a").textContent.trim()}`);
  }
});
