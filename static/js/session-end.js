/* Says two minutes before a session ends that it will, lets the person stay, and keeps a page whose session has ended until
   the same person has signed in again in another tab: what was typed can be sent then. The server decides; no page needs it. */
"use strict";

const box = document.getElementById("session-end");
if (box) {
  const { rest: restUrl, stay: stayUrl, person } = box.dataset;
  const warnAt = 120;
  let endsAt = Date.now() + Number(box.dataset.seconds) * 1000;
  let timer = 0;

  const show = (part) => {
    for (const one of box.querySelectorAll("[data-part]")) one.hidden = one.dataset.part !== part;
    document.documentElement.classList.toggle("session-is-over", part === "over");
    if (!box.open) box.showModal();
  };

  const hide = () => {
    document.documentElement.classList.remove("session-is-over");
    if (box.open) box.close();
  };

  const plan = (seconds) => {
    clearTimeout(timer);
    timer = setTimeout(ask, Math.max(seconds, 1) * 1000);
  };

  const learn = (found) => {
    if (found.person && found.person !== person) return location.reload();
    endsAt = Date.now() + found.seconds * 1000;
    for (const field of document.querySelectorAll("input[name=csrf_token]")) if (found.token) field.value = found.token;
    if (found.seconds > warnAt) {
      hide();
      plan(found.seconds - warnAt);
    } else if (found.seconds > 0) {
      const time = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "short" });
      for (const place of box.querySelectorAll("time")) place.textContent = time.format(endsAt);
      show(box.open && box.dataset.stayed ? "last" : "soon");
      plan(Math.min(found.seconds, 30));
    } else {
      show("over");
    }
  };

  const talk = async (url, options) => {
    try {
      const answer = await fetch(url, { ...options, redirect: "error", cache: "no-store" });
      if (answer.ok) return learn(await answer.json());
    } catch {
      /* No network: asked again below. */
    }
    plan(20);
  };

  const ask = () => talk(restUrl, {});

  const remain = (event) => {
    event.preventDefault();
    box.dataset.stayed = "yes";
    talk(stayUrl, { method: "POST", body: new FormData(box.querySelector("form")) });
  };

  box.querySelector("form").addEventListener("submit", remain);
  box.querySelector("[data-close]").addEventListener("click", hide);
  box.addEventListener("cancel", (event) => {
    if (document.documentElement.classList.contains("session-is-over")) event.preventDefault();
    else remain(event);
  });

  /* A computer that slept, or a tab that was out of sight: timers were late. */
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) ask();
  });

  document.addEventListener("submit", (event) => {
    if (event.target.closest("main") && Date.now() > endsAt) {
      event.preventDefault();
      ask();
    }
  });

  plan((endsAt - Date.now()) / 1000 - warnAt);
}
