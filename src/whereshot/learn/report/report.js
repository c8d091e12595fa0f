
// Tables sort by the column whose heading is clicked; clicking again turns the order around.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    heading.querySelector("button").addEventListener("click", () => {
      const descending = heading.getAttribute("aria-sort") === "ascending";
      headings.forEach((each) => each.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
      const value = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent;
      const rows = [...body.rows].sort((a, b) =>
        value(a).localeCompare(value(b), undefined, { numeric: true }),
      );
      const numbers = body.rows[0]?.cells[column].dataset.value !== undefined;
      if (numbers) rows.sort((a, b) => Number(value(a)) - Number(value(b)));
      if (descending) rows.reverse();
      body.append(...rows);
    });
  });
}

// Below a plane of dots stands the name of the one under the pointer, or of the one last tapped.
for (const figure of document.querySelectorAll("figure.scatter")) {
  const named = figure.querySelector(".named");
  const name = ({ target }) => {
    if (target.tagName === "circle") named.textContent = target.textContent;
  };
  figure.addEventListener("pointerover", name);
  figure.addEventListener("click", name);
}
