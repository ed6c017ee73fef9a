// The page: its theme, its paper, and its tables with their charts.
const THEMES = { automatic: "", dark: "dark", light: "light" };
const theme = document.getElementById("theme");
let shown = 0;
theme.hidden = false;
theme.addEventListener("click", () => {
  shown = (shown + 1) % 3;
  const [name, value] = Object.entries(THEMES)[shown];
  document.documentElement.dataset.theme = value;
  theme.textContent = `Theme: ${name}`;
});

// Paper cannot be unfolded.
const folded = [...document.querySelectorAll("details:not([open])")];
addEventListener("beforeprint", () => folded.forEach((each) => (each.open = true)));
addEventListener("afterprint", () => folded.forEach((each) => (each.open = false)));

const lists = [...document.querySelectorAll("section")].flatMap((section) => {
  if (!section.querySelector("table")) return [];
  const list = new List(section);
  const chart = section.querySelector(".chart");
  if (chart) new Chart(chart, list);
  makeCopyable(list);
  return [list];
});
followLinks(lists);
