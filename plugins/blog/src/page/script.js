"use strict";

// The app in whose name this page speaks, and its entity at `crud`.
const APP = "sample_app";
const ENTITY = "blog";
// The most entries that are asked for at once, and the most calls that are shown.
const MOST = 50;

// What the platform told: who one is, where the services are, and the header for each. Clients of 2015 keep it in
// `localStorage`. This page runs in an origin of its own that has none, so it is forgotten with the page.
let context = null;
let calls_open = 0;

const platform = location.origin;
const find = (id) => document.getElementById(id);

// ---- Calls -------------------------------------------------------------------------------------------------------------

// Sends a request. `done` hears of 2xx and of nothing else, as in clients of 2015; a person is told why nothing happens.
function send(method, address, headers, body, done) {
  const request = new XMLHttpRequest();
  request.open(method, address);
  request.setRequestHeader("Accept", "application/json, text/javascript, */*; q=0.01");
  for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
  busy(1);
  request.onloadend = () => {
    busy(-1);
    show_call(method, address, request.status);
    const answer = request.status >= 200 && request.status < 300 ? read(request.responseText) : null;
    if (answer) done(answer);
    else say(request.status ? `The host refused this (${request.status}).` : "The host does not answer.", true);
  };
  request.send(body);
}

function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const form = (fields) => ["application/x-www-form-urlencoded; charset=UTF-8", new URLSearchParams(fields).toString()];
const json = (value) => ["application/json; charset=UTF-8", JSON.stringify(value)];

// Asks a service of the app. What it refuses stands in `err`; `done` hears of what it did.
function ask(key, path, [type, body], done) {
  const asked_with = context;
  const service = context.backServices[key];
  if (!service) return say(`The app has not subscribed to the service ${key}.`, true);
  const headers = { "Content-Type": type, "Ocean-Auth": service.oceanAuthHeader };
  send("POST", service.api + path, headers, body, (answer) => {
    // Whoever has logged out meanwhile is not shown what somebody else asked for.
    if (context !== asked_with) return;
    if (answer.err) return say(answer.err.errorMessage, true);
    done(answer);
  });
}

// The context of nobody, or of the user whose token this is.
function fetch_context(zone, token, done) {
  // Without a token the header says "null", as it did.
  send("GET", `${platform}/v1.0/${zone}/ocean_context/${APP}`, { AccessToken: token }, null, (answer) => {
    if (answer.err) return say(answer.err.errorMessage, true);
    context = answer.entity;
    show_who();
    done();
  });
}

// ---- What one does -----------------------------------------------------------------------------------------------------

function become_nobody(words) {
  context = null;
  find("entries").replaceChildren();
  find("write").reset();
  show_who();
  fetch_context("public", null, () => {
    if (!words) return;
    find("login-account").focus();
    say(words);
  });
}

on("register", (fields) => {
  ask("user", "/register", form({ ...fields, email: fields.accountName }), () => {
    find("register").reset();
    find("login-account").value = fields.accountName;
    find("login-password").focus();
    say("You are registered. Now log in.");
  });
});

on("login", (fields) => {
  ask("user", "/login", form(fields), (answer) => {
    find("login").reset();
    fetch_context("end", answer.entity.accessToken, () => {
      find("write-heading").focus();
      say(`Welcome, ${context.userInfo.name}.`);
      list();
    });
  });
});

on("write", (fields) => {
  ask("crud", `/${APP}/${ENTITY}`, json(fields), () => {
    find("write").reset();
    find("write-heading").focus();
    say("Saved.");
    list();
  });
});

find("logout").addEventListener("click", () => become_nobody("You are logged out."));

function list() {
  const search = { criteria: null, returnColumn: null, rowDes: { sort: { createTime: -1 }, limit: MOST } };
  ask("crud", `/${APP}/${ENTITY}/find/query`, json(search), (answer) => show_entries(answer.entities));
}

// What happens when a form is sent: once at a time, and not in the name of somebody whose login has ended.
function on(id, action) {
  const element = find(id);
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    if (calls_open > 0) return;
    say("");
    if (!context) return become_nobody("Please try again.");
    if (context.expireTime && Date.now() > context.expireTime) return become_nobody("Please log in again.");
    action(Object.fromEntries(new FormData(element)));
  });
}

// ---- What is shown: text, whoever wrote it -----------------------------------------------------------------------------

function busy(change) {
  calls_open += change;
  for (const button of document.querySelectorAll("form button")) button.setAttribute("aria-disabled", String(calls_open > 0));
}

function say(words, bad = false) {
  find("message").classList.toggle("bad", bad);
  find("message").textContent = words;
}

function show_who() {
  const { login, name } = context ? context.userInfo : { login: false };
  find("name").textContent = login ? `Logged in as ${name}` : "Not logged in";
  find("logout").hidden = find("writer").hidden = !login;
  find("stranger").hidden = login;
}

function show_entries(entries) {
  const words = ["No entries yet.", "One entry, which only you can see."];
  const many = entries.length < MOST ? `${entries.length} entries, which only you can see.` : `The newest ${MOST} of your entries.`;
  find("count").textContent = words[entries.length] || many;
  find("entries").replaceChildren(...entries.map(entry));
}

function entry({ title, content, createTime }) {
  const time = make("time", new Date(createTime).toLocaleString([], { dateStyle: "medium", timeStyle: "short" }), "quiet small");
  time.dateTime = new Date(createTime).toISOString();
  const item = make("li", "");
  item.append(make("h3", title), time, make("p", content, "content"));
  return item;
}

function show_call(method, address, status) {
  const calls = find("calls");
  calls.append(make("li", `${method} ${address.replace(platform, "")} ${status}`));
  while (calls.children.length > MOST) calls.firstChild.remove();
}

function make(name, text, classes = "") {
  const element = document.createElement(name);
  element.textContent = text;
  if (classes) element.className = classes;
  return element;
}

become_nobody();
