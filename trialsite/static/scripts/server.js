// The page's CSRF token, and requests that carry it.
const meta = () => document.querySelector('meta[name="csrf-token"]');

export function csrfToken() {
  return meta()?.content ?? "";
}

export function renewCsrfToken(token) {
  meta().content = token;
}

export function post(address, body, headers = {}) {
  return fetch(address, {
    method: "POST",
    body,
    credentials: "same-origin",
    headers: { ...headers, "X-CSRFToken": csrfToken() },
  });
}
