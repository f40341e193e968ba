// Forms whose typing must not be lost (data-guarded): sent without leaving the page. It is left only for where a saved form
// leads. A refusal is shown in place; who was signed out signs in here; what had no answer is sent again, and the form's
// token or version makes the server save it once. With data-draft-url a draft is kept on the server while one types.
(function () {
  "use strict";
  var RETRY = 5000;
  var PRESENCE = 60000;
  var said = document.getElementById("guard");
  var form = null;
  var changed = 0; // counts changes, in the form's draft are those up to `kept`
  var kept = 0;
  var keeping = false;
  var sending = false;
  var leaving = false;
  var active = false; // somebody typed or moved since the last word to the server
  var heard = Date.now();
  var again = 0; // timer of the next attempt
  if (!said) return;
  var text = said.dataset;
  var notice = document.getElementById("guard-notice");
  var dialog = document.getElementById("guard-sign-in");

  function start() {
    form = document.querySelector("form[data-guarded]");
    if (!form) return;
    changed = form.hasAttribute("data-unsent") ? 1 : 0;
    kept = 0;
    // "touched": what a script changed in the form, without an event of its own.
    ["input", "change", "touched"].forEach(function (kind) {
      form.addEventListener(kind, touched);
    });
    form.addEventListener("submit", submitted);
  }
  function touched() {
    changed += 1;
    active = true;
    if (again) {
      stopRetrying();
      tell(text.changed);
    }
    state(text.unsaved, false);
  }
  ["keydown", "pointerdown"].forEach(function (kind) {
    document.addEventListener(kind, function () {
      active = true;
    });
  });

  // Talking to the server.
  function token() {
    return document.querySelector('meta[name="csrf-token"]');
  }
  function post(address, body, background) {
    var headers = { "X-CSRFToken": token().content, "X-In-Place": text.person };
    if (background) headers["X-Background"] = "1";
    // The header counts: after signing in again the form's own token is an old one.
    body.delete("csrfmiddlewaretoken");
    return fetch(address, { method: "POST", body: body, credentials: "same-origin", headers: headers });
  }
  function body(submitter) {
    var data = new URLSearchParams(new FormData(form));
    if (submitter && submitter.name) data.append(submitter.name, submitter.value);
    return data;
  }
  // Who is signed in by now, and a token for what is sent next.
  function ask(data) {
    var options = { credentials: "same-origin" };
    if (data) Object.assign(options, { method: "POST", body: data, headers: { "X-CSRFToken": token().content } });
    return fetch(text.againUrl, options).then(function (answer) {
      if (answer.status === 429) throw new Error("locked out");
      if (!answer.ok && answer.status !== 422) throw new Error("no answer");
      return answer.json().then(function (step) {
        if (step.csrf) token().content = step.csrf;
        return step;
      });
    });
  }
  function isMine(step) {
    return String(step.person) === text.person;
  }
  function onward(step) {
    return isMine(step) ? "renewed" : "sign in";
  }

  // Sending the form.
  function submitted(event) {
    event.preventDefault();
    if (sending || dialog.open) return;
    stopRetrying();
    send(event.submitter);
  }
  function send(submitter, renewed) {
    var upto = changed;
    sending = true;
    again = 0;
    state(text.sending, false);
    post(form.action, body(submitter))
      .then(function (answer) {
        if (answer.status === 401) return "sign in";
        if (answer.status === 403 && !renewed) return ask().then(onward);
        if (answer.status === 502 || answer.status === 503 || answer.status === 504) throw new Error("away");
        return answer.text().then(function (content) {
          take(answer, content, upto);
          return "";
        });
      })
      .then(function (next) {
        sending = false;
        state("", false);
        if (next === "renewed") send(submitter, true);
        if (next === "sign in") {
          tell(text.signedOut, true);
          signIn(function () {
            send(submitter);
          });
        }
      })
      .catch(function () {
        sending = false;
        state("", false);
        if (leaving) return;
        tell(text.away);
        again = window.setTimeout(function () {
          if (!leaving) send(submitter);
        }, RETRY);
      });
  }
  function take(answer, content, upto) {
    var type = answer.headers.get("Content-Type") || "";
    if (answer.ok && type.indexOf("application/json") === 0) {
      leave(JSON.parse(content).to);
      return;
    }
    var page = new DOMParser().parseFromString(content, "text/html");
    var main = page.getElementById("main");
    if ((answer.ok || answer.status === 409 || answer.status === 422) && main && main.querySelector("form[data-guarded]")) {
      if (changed === upto) swap(main);
      else tell(text.typedOn);
      return;
    }
    tell(answer.status >= 500 ? text.failed : text.refused.replace("{status}", answer.status));
  }
  function leave(address) {
    leaving = true;
    hush();
    var to = new URL(address, window.location.href);
    if (to.pathname + to.search === window.location.pathname + window.location.search) {
      window.location.replace(to);
      window.location.reload();
    } else window.location.assign(to);
  }
  // The form again, with all that is wrong and all that was typed. No step of the browser's history is made.
  function swap(main) {
    hush();
    document.getElementById("main").replaceWith(document.adoptNode(main));
    if (window.htmx) window.htmx.process(main);
    start();
    changed += 1;
    document.dispatchEvent(new CustomEvent("guard:swapped"));
    var errors = main.querySelector("[data-error-summary]");
    window.scrollTo(0, 0);
    if (errors && !errors.hasAttribute("data-jump") && !main.querySelector("[data-ask-first]")) errors.focus();
  }
  function stopRetrying() {
    window.clearTimeout(again);
    again = 0;
  }

  // What is said about it: on top of the page, and beside the form's button.
  function tell(words, offersSignIn) {
    notice.hidden = false;
    notice.querySelector("[data-guard-text]").textContent = words;
    notice.querySelector("[data-guard-sign-in]").hidden = !offersSignIn;
  }
  function hush() {
    notice.hidden = true;
  }
  function state(words, trouble) {
    var place = form && form.querySelector("[data-draft-state]");
    if (!place) return;
    if (place.textContent !== words) place.textContent = words;
    place.classList.toggle("is-trouble", trouble);
  }

  // Signing in without leaving the page: by the dialog, or because it was done in another tab.
  var waiting = null;
  function signIn(then) {
    waiting = then;
    ask().then(function (step) {
      if (isMine(step)) entered();
      else open("password", "");
    }, trouble);
  }
  function open(step, words) {
    dialog.querySelectorAll("[data-ask]").forEach(function (part) {
      part.hidden = part.dataset.ask !== step;
      part.querySelector("input").value = "";
      part.querySelector("input").disabled = part.hidden;
    });
    document.getElementById("guard-said").textContent = words;
    if (!dialog.open) dialog.showModal();
    dialog.querySelector("[data-ask]:not([hidden]) input").focus();
  }
  function trouble(error) {
    if (!dialog.open) tell(text.signedOut, true);
    document.getElementById("guard-said").textContent = error.message === "locked out" ? text.lockedOut : text.noAnswer;
  }
  function entered() {
    var then = waiting;
    waiting = null;
    if (dialog.open) dialog.close();
    hush();
    heard = Date.now();
    if (then) then();
  }
  dialog.querySelector("form").addEventListener("submit", function (event) {
    event.preventDefault();
    event.stopPropagation();
    var data = new URLSearchParams(new FormData(event.target));
    // The token may be an old one: another tab may have signed in and out.
    ask()
      .then(function () {
        return ask(data);
      })
      .then(function (step) {
        if (isMine(step)) entered();
        else open(step.ask || "password", step.said || "");
      }, trouble);
  });
  notice.querySelector("[data-guard-sign-in]").addEventListener("click", function () {
    signIn(waiting || keep);
  });

  // Drafts: kept by the server a few seconds after a change. Only typing counts as being there.
  function keep() {
    var address = form && form.dataset.draftUrl;
    if (!address || keeping || sending || leaving || again || !changed) return;
    if (changed === kept && !(active && Date.now() - heard > PRESENCE)) return;
    var upto = changed;
    var idle = !active;
    keeping = true;
    active = false;
    state(text.keeping, false);
    post(address, body(), idle)
      .then(function (answer) {
        if (answer.status === 401 || answer.status === 403) throw new Error("refused");
        if (!answer.ok) throw new Error("unkept");
        return answer.json();
      })
      .then(function (draft) {
        kept = upto;
        heard = Date.now();
        if (changed === kept && !sending) state(text.kept.replace("{time}", draft.saved), false);
      })
      .catch(function (error) {
        if (sending || leaving) return;
        state(text.unkept, true);
        if (error.message === "refused") return ask().then(renewed);
      })
      .catch(function () {})
      .finally(function () {
        keeping = false;
      });
  }
  // Signed in by another tab, the next attempt passes with the new token; else one is asked to sign in, and may type on.
  function renewed(step) {
    if (isMine(step)) return;
    state(text.draftRefused, true);
    tell(text.draftRefused, true);
  }
  window.setInterval(keep, 5000);
  document.addEventListener("visibilitychange", function () {
    if (document.visibilityState === "hidden") keep();
  });
  window.addEventListener("pageshow", function () {
    leaving = false;
  });
  window.addEventListener("beforeunload", function (event) {
    if (form && !leaving && changed !== kept) event.preventDefault();
  });

  start();
})();
