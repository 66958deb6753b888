/* Signs the visitor in, gives htmx the token, and saves settings through Saleor's own API.
   The token lives in this file's memory only: never in a cookie, a storage or an address. */
"use strict";
(() => {
  const PLUGIN = "saleor_sms_plugin";
  const API = "/graphql/";
  const SPARE = 30; // seconds before its end at which a token is renewed
  const PATIENCE = 4000; // milliseconds in which a dashboard tells a token
  const said = document.body.dataset;
  const origins = [location.origin, ...said.origins.split(" ").filter(Boolean)];
  const framed = window.parent !== window;
  const at = (id) => document.getElementById(id);

  let token = "";
  let refreshToken = "";
  let until = 0; // when the token ends, by this browser's clock
  let whose = ""; // who the page was shown to
  let heard = () => {}; // ends the wait for the dashboard's next token
  let waiting = null; // that wait, one for all who need the token

  // ------------------------------------------------------------------------- what is shown

  function tell(id, words) {
    for (const each of ["notice", "alarm"]) {
      at(each).textContent = each === id ? words : "";
      at(each).hidden = each !== id || !words;
    }
    if (words) at(id).scrollIntoView({ block: "nearest" });
  }

  /* What was typed stays behind the form, for whoever typed it. */
  function showSignIn(why = "") {
    token = refreshToken = "";
    at("top").hidden = at("page").hidden = true;
    at("sign-in").hidden = false;
    refuse(why);
    at("sign-in-form").elements.email.focus();
  }

  function refuse(why) {
    at("refusal").textContent = why;
    at("refusal").hidden = !why;
  }

  function open(path) {
    return htmx.ajax("GET", path, { target: "#page", swap: "innerHTML" });
  }

  const words = (error) => (error instanceof TypeError ? said.unreachable : error.message);

  function localise(root) {
    const format = new Intl.DateTimeFormat(document.documentElement.lang, {
      dateStyle: "medium", timeStyle: "short",
    });
    for (const time of root.querySelectorAll("time")) {
      const instant = new Date(time.dateTime);
      if (isNaN(instant)) continue;
      time.title = time.textContent;
      time.textContent = format.format(instant);
    }
  }

  // ------------------------------------------------------------------------------ the token

  function take(given) {
    const [, claims] = given.split(".");
    let lifetime = 300;
    let who = given;
    try {
      const { exp, iat, user_id } = JSON.parse(atob(claims.replace(/-/g, "+").replace(/_/g, "/")));
      lifetime = exp - iat;
      who = user_id ?? given;
    } catch { /* another kind of token: five minutes, as Saleor's, and nobody's but its own */ }
    const first = !token;
    const another = who !== whose;
    token = given;
    whose = who;
    until = Date.now() + lifetime * 1000;
    heard();
    if (another) at("page").replaceChildren();
    if (!first && !another) return;
    at("sign-in").hidden = true;
    at("top").hidden = at("page").hidden = false;
    at("sign-out").hidden = !refreshToken;
    if (!at("page").childElementCount) open(location.pathname + location.search);
  }

  async function saleor(query, variables, bearer) {
    const answer = await fetch(API, {
      method: "POST",
      credentials: "omit",
      headers: {
        "Content-Type": "application/json",
        ...(bearer ? { "Authorization-Bearer": bearer } : {}),
      },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = await answer.json();
    if (errors) throw new Error(errors[0].message);
    return data;
  }

  const isOld = () => refreshToken
    ? Date.now() >= until - SPARE * 1000
    : framed && token && Date.now() >= until;

  /* The token is good again, by Saleor or by the dashboard; an error where it is not. */
  async function renewed() {
    if (!isOld()) return;
    if (!refreshToken) return told();
    const { tokenRefresh } = await saleor(
      "mutation($t: String!) { tokenRefresh(refreshToken: $t) { token errors { message } } }",
      { t: refreshToken },
    );
    if (!tokenRefresh.token) throw new Error(tokenRefresh.errors[0].message);
    take(tokenRefresh.token);
  }

  /* The dashboard tells its next token by itself: after the computer slept, a moment late. */
  function told() {
    waiting ??= new Promise((resolve, reject) => {
      heard = resolve;
      setTimeout(() => reject(new Error(said.noSignIn)), PATIENCE);
    }).finally(() => { waiting = null; });
    return waiting;
  }

  async function signIn(event) {
    event.preventDefault();
    const { email, password } = event.target.elements;
    refuse("");
    try {
      const { tokenCreate } = await saleor(
        `mutation($e: String!, $p: String!) { tokenCreate(email: $e, password: $p) {
           token refreshToken errors { message } } }`,
        { e: email.value, p: password.value },
      );
      password.value = "";
      if (!tokenCreate.token) throw new Error(tokenCreate.errors[0].message);
      refreshToken = tokenCreate.refreshToken;
      take(tokenCreate.token);
    } catch (error) {
      refuse(words(error));
    }
  }

  // -------------------------------------------------------------------------- the dashboard

  const HEARD = {
    handshake: ({ token: given }) => given && take(given),
    tokenRefresh: ({ token: given }) => given && take(given),
    theme: ({ theme }) => setTheme(theme),
    localeChanged: ({ locale }) => setLocale(locale),
  }; // "redirect" says where the dashboard is, by its own path: the frame's address has it already

  function setTheme(theme) {
    if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
  }

  function setLocale(locale) {
    const language = String(locale).slice(0, 2).toLowerCase();
    const here = new URL(location.href);
    if (language === document.documentElement.lang || here.searchParams.get("locale") === locale) return;
    here.searchParams.set("locale", locale);
    location.replace(here);
  }

  function hear(event) {
    if (event.source !== window.parent || !origins.includes(event.origin)) return;
    const { type, payload } = event.data || {};
    if (Object.hasOwn(HEARD, type) && payload) HEARD[type](payload);
  }

  function greet() {
    const ready = { type: "notifyReady", payload: { actionId: crypto.randomUUID?.() ?? "ready" } };
    window.parent.postMessage(ready, "*"); // it says nothing; only our own dashboards answer
    setTimeout(() => token || showSignIn(said.noSignIn), PATIENCE);
  }

  // ----------------------------------------------------------------- settings through Saleor

  const READ = `query($id: ID!) { plugin(id: $id) { channelConfigurations {
    channel { id } configuration { name value } } } }`;
  const SAVE = `mutation($id: ID!, $channel: ID, $input: PluginUpdateInput!) {
    pluginUpdate(id: $id, channelId: $channel, input: $input) { errors { field message } } }`;
  const plain = (text) => String(text ?? "").replace(/\r\n?/g, "\n");

  async function save(form) {
    const fields = [...form.querySelectorAll("[name]")]
      .filter((field) => !("secret" in field.dataset) || field.value);
    await renewed();
    if (await changedMeanwhile(form.dataset.channel, fields)) {
      return tell("alarm", said.changed);
    }
    const input = {
      configuration: fields.map(({ name, value }) => ({ name, value: plain(value) })),
    };
    if (form.dataset.active) input.active = form.dataset.active === "true";
    const { pluginUpdate } = await saleor(
      SAVE, { id: PLUGIN, channel: form.dataset.channel, input }, token,
    );
    if (pluginUpdate.errors.length) {
      return tell("alarm", pluginUpdate.errors.map(({ message }) => message).join(" "));
    }
    await open(form.dataset.then);
    tell("notice", said.saved);
  }

  /* Somebody else saved one of the fields since this page was opened. */
  async function changedMeanwhile(channel, fields) {
    const { plugin } = await saleor(READ, { id: PLUGIN }, token);
    const mine = plugin?.channelConfigurations.find((each) => each.channel?.id === channel);
    const now = new Map(mine?.configuration.map(({ name, value }) => [name, value]));
    return fields.some((field) => {
      const was = field.dataset.was ?? field.defaultValue;
      const known = was !== undefined && !("secret" in field.dataset) && now.has(field.name);
      return known && plain(now.get(field.name)) !== plain(was);
    });
  }

  /* What a part that refuses says, in its own words. */
  function refusalIn(html) {
    const refused = new DOMParser().parseFromString(html, "text/html");
    return refused.querySelector("[role=alert]")?.textContent ?? said.busy;
  }

  async function download({ dataset }) {
    await renewed();
    const answer = await fetch(dataset.download, {
      method: "POST",
      credentials: "omit",
      headers: { "Authorization-Bearer": token, "HX-Request": "true",
        "Accept-Language": document.documentElement.lang },
      body: new URLSearchParams(new FormData(at(dataset.form))),
    });
    if (answer.status === 401) return showSignIn(said.again);
    if (!answer.ok) return tell("alarm", refusalIn(await answer.text()));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = dataset.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  function failed(error) {
    if (error instanceof TypeError || !isOld()) return tell("alarm", words(error));
    showSignIn(refreshToken ? said.again : said.noSignIn);
  }

  const orTell = (promise) => promise.catch(failed);

  // --------------------------------------------------------------------------------- events

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form.save")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    orTell(save(event.target));
  }, true);

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.download) orTell(download(button));
    if (button.dataset.copy) {
      const area = button.form.elements[button.dataset.into];
      area.value = at(button.dataset.copy).textContent;
      area.dispatchEvent(new Event("input", { bubbles: true }));
      area.focus();
    }
    if (button.id === "sign-out") location.reload();
  });

  const on = (name, heard) => document.body.addEventListener(`htmx:${name}`, heard);

  on("confirm", (event) => {
    if (!isOld()) return;
    event.preventDefault();
    renewed().then(() => event.detail.issueRequest(true), failed);
  });
  on("configRequest", ({ detail }) => {
    detail.headers["Authorization-Bearer"] = token;
    detail.headers["Accept-Language"] = document.documentElement.lang;
  });
  on("historyCacheMiss", (event) => {
    event.preventDefault();
    if (token) open(event.detail.path);
  });
  on("beforeRequest", () => tell("", ""));
  /* What a form was refused for is told above it: what was typed stays. */
  on("beforeSwap", ({ detail }) => {
    const { xhr, requestConfig } = detail;
    if (xhr.status < 400 || xhr.status === 401 || requestConfig.verb !== "post") return;
    detail.shouldSwap = false;
    tell("alarm", refusalIn(xhr.responseText));
  });
  on("afterRequest", ({ detail }) => {
    if (detail.xhr.status === 401) showSignIn(said.again);
  });
  on("afterSwap", ({ detail }) => {
    localise(detail.target);
    if (detail.target.id !== "page" || detail.requestConfig.verb !== "get") return;
    detail.target.querySelector("h1")?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  });
  for (const name of ["sendError", "timeout"]) on(name, () => tell("alarm", said.unreachable));

  const asked = new URLSearchParams(location.search);
  setTheme(asked.get("theme"));
  at("sign-in-form").addEventListener("submit", signIn);
  if (framed) {
    window.addEventListener("message", hear);
    greet();
  } else {
    showSignIn();
  }
})();
