// The pictures of the library: a choice shows at once, and what is drawn leads where its number leads.

export function start() {
  const form = document.getElementById("ask");
  if (!form) return;
  for (const select of document.querySelectorAll("select[form=ask]")) select.addEventListener("change", () => form.requestSubmit());
  const days = document.querySelector("svg.year");
  const last = [...(days?.querySelectorAll(".cell:not(.level0)") ?? [])].at(-1);
  if (last) days.parentElement.scrollLeft = last.getBoundingClientRect().right - days.getBoundingClientRect().left - days.parentElement.clientWidth + 40;
  document.addEventListener("click", (event) => {
    const part = event.target instanceof Element ? event.target.closest("[data-href]") : null;
    if (part) location.assign(part.dataset.href);
  });
}
