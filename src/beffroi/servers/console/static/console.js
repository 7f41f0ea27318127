// Everything reads and works without this file. It adds: keys, a page that leaves the screen with its session, and news.
"use strict";
(() => {
  const body = document.body;

  // A page brought back from the browser's memory may be somebody else's: ask again.
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

  // "/" goes to the first field of a search, Escape takes what was typed away.
  addEventListener("keydown", (event) => {
    const field = event.target instanceof HTMLElement && event.target.matches("input, textarea, select");
    const first = document.querySelector("[data-first]");
    if (!first || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/" && !field) { event.preventDefault(); first.focus(); first.select(); }
    if (event.key === "Escape" && field && first.form && first.form.contains(event.target)) {
      for (const input of first.form.querySelectorAll("input:not([type=hidden])")) input.value = "";
      first.focus();
    }
  });

  // Of two clicks, the first counts.
  let sent, at;
  addEventListener("submit", (event) => {
    if (event.target === sent && event.timeStamp - at < 1000) event.preventDefault();
    [sent, at] = [event.target, event.timeStamp];
  });

  // Somebody else takes the workstation: on to the sign-in, without a click.
  const follow = document.querySelector("a[data-follow]");
  if (follow) location.replace(follow.href);

  // The session's end: said a minute before, and then nothing stays on the screen.
  const ends = Number(body.dataset.ends || 0) * 1000;
  const soon = document.getElementById("soon");
  if (ends && soon) {
    const skew = Date.now() - Number(body.dataset.now) * 1000;
    let end = ends + skew;
    const timer = setInterval(() => {
      const left = end - Date.now();
      soon.hidden = left > 60000;
      if (left <= 0) { clearInterval(timer); body.replaceChildren(); location.replace(body.dataset.start); }
    }, 1000);
    soon.querySelector("button").addEventListener("click", async () => {
      const answer = await fetch(body.dataset.stay, { cache: "no-store" });
      if (!answer.ok) { location.reload(); return; }
      end = Date.now() + Number(await answer.text()) * 1000;
      soon.hidden = true;
    });
  }

  // Security keys: the page holds the options, the form posts the answer.
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const opened = (options) => {
    options.challenge = bytes(options.challenge);
    if (options.user) options.user.id = bytes(options.user.id);
    for (const list of ["excludeCredentials", "allowCredentials"]) for (const one of options[list] || []) one.id = bytes(one.id);
    return options;
  };
  const answered = (credential) => {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[name]) response[name] = text(credential.response[name]);
    }
    return { id: credential.id, rawId: text(credential.rawId), type: credential.type, response, clientExtensionResults: {} };
  };
  for (const form of document.querySelectorAll("form[data-key]")) {
    form.addEventListener("submit", async (event) => {
      if (form.elements.credential.value) return;
      event.preventDefault();
      try {
        const publicKey = opened(JSON.parse(form.dataset.options));
        const credential = await navigator.credentials[form.dataset.key]({ publicKey });
        form.elements.credential.value = JSON.stringify(answered(credential));
        form.submit();
      } catch { form.querySelector("[data-failed]").hidden = false; }
    });
  }

  // News: when something changed, the living part of the page is asked for again.
  const live = document.querySelector("[data-news]");
  if (live && "EventSource" in window) {
    const state = document.getElementById("news-state");
    const say = (on) => { if (state) { state.dataset.on = on ? "yes" : "no"; state.textContent = on ? state.dataset.live : state.dataset.lost; } };
    let asking = false, again = false;
    const renew = () => {
      if (asking) { again = true; return; }
      asking = true;
      const request = new XMLHttpRequest();
      request.open("GET", location.href);
      request.setRequestHeader("x-background", "1");
      request.responseType = "document";
      request.onload = () => {
        const next = request.response && request.response.querySelector("[data-news]");
        if (!next) { location.reload(); return; }
        const open = [...live.querySelectorAll("details[open][id]")].map((one) => one.id);
        const focus = live.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
        live.replaceChildren(...[...next.childNodes].map((one) => document.importNode(one, true)));
        for (const id of open) { const one = document.getElementById(id); if (one) one.open = true; }
        if (focus) { const one = [...live.querySelectorAll("a")].find((link) => link.getAttribute("href") === focus); if (one) one.focus(); }
        document.title = request.response.title;
        const said = request.response.getElementById("news-state");
        if (state && said) state.textContent = `${state.dataset.changed} ${said.dataset.at}`;
      };
      request.onloadend = () => { asking = false; if (again) { again = false; renew(); } };
      request.send();
    };
    let source = null, lost = 0;
    const listen = () => {
      source = new EventSource(live.dataset.news);
      source.addEventListener("open", () => { clearTimeout(lost); if (!state || state.dataset.on !== "yes") say(true); });
      source.addEventListener("news", renew);
      source.addEventListener("over", () => { source.close(); body.replaceChildren(); location.replace(body.dataset.start); });
      source.addEventListener("error", () => {
        // A stream that ends with its bound cookie is back at once: said of what stays away. Browsers try none again that is refused.
        clearTimeout(lost);
        lost = setTimeout(() => say(false), 3000);
        if (source.readyState === EventSource.CLOSED) setTimeout(listen, 15000);
      });
    };
    listen();
    addEventListener("pagehide", () => source.close());
  }
})();
