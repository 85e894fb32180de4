/* Conveniences of every page. Nothing depends on them. */
"use strict";

/* Menus are <details>: close them by Escape and by a click elsewhere. */
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
  }
});

/* Who types a password may look at it; on its way to the server it is hidden again, so that no browser keeps the text. */
for (const button of document.querySelectorAll("button[data-shows]")) {
  const input = document.getElementById(button.dataset.shows);
  const shown = [button.textContent, button.ariaLabel];
  const hidden = [button.dataset.hide, button.dataset.hideLabel];
  const turn = (visible) => {
    input.type = visible ? "text" : "password";
    [button.textContent, button.ariaLabel] = visible ? hidden : shown;
  };
  button.hidden = false;
  button.addEventListener("click", () => turn(input.type === "password"));
  input.form.addEventListener("submit", () => turn(false));
}

/* A second click while the first is on its way sends nothing. The server refuses a replay anyhow. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-once]")) return;
  if (form.dataset.sent) event.preventDefault();
  else form.dataset.sent = "yes";
});

window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-once]")) delete form.dataset.sent;
});

/* On a narrow screen the tab of this page may be out of sight. */
for (const tab of document.querySelectorAll(".subtabs [aria-current]")) {
  const row = tab.closest("ul");
  row.scrollLeft = tab.offsetLeft - row.offsetLeft - (row.clientWidth - tab.offsetWidth) / 2;
}

/* Data to be typed elsewhere can be copied with a button. Without a script a click selects them whole. */
for (const button of document.querySelectorAll("button[data-copy]")) {
  if (!navigator.clipboard) break;
  button.hidden = false;
  const word = button.querySelector(".copy-word");
  const usual = word.textContent;
  word.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    word.textContent = button.dataset.copied;
    setTimeout(() => { word.textContent = usual; }, 2000);
  });
}
