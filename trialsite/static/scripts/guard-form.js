// The guarded form of the page, how much of it was typed and kept, and what is under way.
import { text } from "./guard-notice.js";
import { post } from "./server.js";

export const guarded = {
  form: null,
  changes: 0,
  kept: 0, // how many of the changes are in the form's draft
  active: false, // somebody typed or moved since the last word to the server
  sending: false,
  leaving: false,
  retry: 0, // timer of the next attempt
};

export function formData(submitter) {
  const data = new URLSearchParams(new FormData(guarded.form));
  if (submitter?.name) data.append(submitter.name, submitter.value);
  // The header counts: after signing in again the form's own token is an old one.
  data.delete("csrfmiddlewaretoken");
  return data;
}

export function postForm(address, data, headers = {}) {
  return post(address, data, { ...headers, "X-In-Place": text.person });
}
