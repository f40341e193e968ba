// What is said about a guarded form: on top of the page, and beside the form's button.
const notice = document.getElementById("guard-notice");
const signInButton = notice?.querySelector("[data-guard-sign-in]");

// The sentences, and the address where one signs in again. Only signed-in people have them.
export const text = document.getElementById("guard")?.dataset;

export function tell(sentence, offersSignIn = false) {
  notice.hidden = false;
  notice.querySelector("[data-guard-text]").textContent = sentence;
  signInButton.hidden = !offersSignIn;
}

export function hush() {
  notice.hidden = true;
}

export function state(form, sentence, isTrouble = false) {
  const place = form?.querySelector("[data-draft-state]");
  if (!place) return;
  if (place.textContent !== sentence) place.textContent = sentence;
  place.classList.toggle("is-trouble", isTrouble);
}

export function onSignInOffered(listener) {
  signInButton.addEventListener("click", listener);
}
