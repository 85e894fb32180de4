/* Says what stays open while an amount is typed. The server decides; a text that is no amount shows nothing. */
"use strict";

for (const line of document.querySelectorAll("[data-rest-of]")) {
  const input = document.getElementById(line.dataset.restOf);
  const output = line.querySelector("output");
  const locale = document.documentElement.lang;
  const format = new Intl.NumberFormat(locale, { style: "currency", currency: line.dataset.currency });
  const digits = format.resolvedOptions().maximumFractionDigits;
  const sign = (type) => format.formatToParts(123456.5).find((part) => part.type === type)?.value ?? "";
  const grouping = sign("group").replace(/\s/g, "");
  const decimal = sign("decimal") || ".";

  // As strict as the server: grouping must be right, and no more places than the currency has.
  const typed = () => {
    const [whole, part = "", ...more] = input.value.replace(/[\s'’]/g, "").split(decimal);
    const groups = grouping ? whole.split(grouping) : [whole];
    const grouped = groups.length === 1 || groups.slice(1).every((group) => group.length === 3);
    const figures = groups.join("") + part.padEnd(digits, "0");
    if (more.length || !grouped || part.length > digits || !groups[0] || !/^\d+$/.test(figures)) return null;
    return Number(figures);
  };

  const show = () => {
    const amount = typed();
    line.hidden = amount === null;
    if (amount === null) return;
    const rest = Number(line.dataset.balance) - amount;
    output.textContent = format.format(rest / 10 ** digits);
    line.classList.toggle("field-rest-over", rest < 0);
  };

  input.addEventListener("input", show);
  show();
}
