"use strict";
{
  const root = document.documentElement;
  const narrow = matchMedia("(max-width: 640px)").matches; // there the slides stand below each other
  root.classList.add("print-pdf"); // reveal.js then leaves printing to our style
  let noted = false;

  function toggleNotes() {
    noted = !noted;
    root.classList.toggle("noted", noted);
    if (!narrow) Reveal.configure({ showNotes: noted });
  }

  function turnTheme() {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  }

  document.getElementById("notes").addEventListener("click", toggleNotes);
  document.getElementById("theme").addEventListener("click", turnTheme);
  document.getElementById("overview").addEventListener("click", () => Reveal.toggleOverview());
  for (const part of document.querySelectorAll(".scroll, pre")) if (narrow) part.tabIndex = 0;

  if (!narrow) {
    Reveal.initialize({
      width: 1280,
      height: 720,
      margin: 0,
      center: false,
      hash: true,
      slideNumber: "c/t",
      transition: "none",
      backgroundTransition: "none",
      scrollActivationWidth: null,
      keyboard: { 83: toggleNotes, 84: turnTheme },
    });
  }
}
