// What a reader takes along: the rows that show, as CSV with raw figures, and links to rows.
const FORMULA = /^[=+\-@]/; // a spreadsheet would run it
const NUMBER = /^[+-]?[\d.,]+( ?%)?$/;

function quote(text) {
  const safe = FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function rawIn(cell, numeric) {
  const text = cell.tagName === "TH" ? nameOf(cell) : (cell.firstChild?.nodeValue ?? "");
  const figure = numeric ? numberIn(cell) : null;
  return figure === null || figure === Infinity || /\dx\d/.test(text) ? text : String(figure);
}

function nameOf(heading) {
  return (heading.querySelector("button") ?? heading).textContent;
}

function writeCsv(list) {
  const numeric = list.headings.map((heading) => !heading.classList.contains("t"));
  const drawn = new Set(list.drawn);
  const lines = [...list.body.rows]
    .filter((row) => drawn.has(row))
    .map((row) => [...row.cells].map((cell, i) => quote(rawIn(cell, numeric[i]))));
  return [list.headings.map((heading) => heading.dataset.name), ...lines].map((line) => line.join(",")).join("\n") + "\n";
}

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = document.body.appendChild(document.createElement("textarea"));
    field.value = text;
    field.select();
    document.execCommand("copy");
    field.remove();
  }
}

function makeCopyable(list) {
  list.tools.querySelector("[data-copy]").addEventListener("click", async () => {
    await copyText(writeCsv(list));
    list.tools.querySelector("[role=status]").textContent = `Copied ${list.drawn.length.toLocaleString("en")} rows`;
  });
}

function followLinks(lists) {
  const follow = () => {
    const row = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    lists.find((list) => list.body.contains(row))?.reveal(row);
  };
  addEventListener("hashchange", follow);
  if (location.hash) follow();
}
