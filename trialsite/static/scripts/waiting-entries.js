// Entries that wait for the network, and half-typed ones, in this browser: by the person who typed them, and gone when that
// person signs out. Each entry has a key of its own, so that two tabs never write over each other's.
const PREFIX = "trialsite.infusion.";
const DRAFT_AGE = 24 * 60 * 60 * 1000; // ms
let count = 0;

function keys(start) {
  try {
    return Object.keys(window.localStorage)
      .filter((key) => key.startsWith(start))
      .sort();
  } catch {
    return [];
  }
}

function read(key) {
  try {
    return JSON.parse(window.localStorage.getItem(key));
  } catch {
    return null;
  }
}

function write(key, value) {
  try {
    window.localStorage.setItem(key, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

const entryStart = (user) => `${PREFIX}${user}.entry.`;
const draftKey = (user, visit, step) => `${PREFIX}${user}.draft.${visit}.${step}`;

// In the order in which they were made; `key` names each.
export function entriesOf(user) {
  return keys(entryStart(user))
    .map((key) => ({ key, ...read(key) }))
    .filter((entry) => entry.token);
}

// False where this browser keeps nothing: then the entry stays where it was typed.
export function keepEntry(user, entry) {
  count += 1;
  const place = `${String(Date.now()).padStart(15, "0")}.${String(count).padStart(4, "0")}.${entry.token}`;
  return write(entryStart(user) + place, entry);
}

export function changeEntry(entry, changes) {
  const { key, ...content } = entry;
  if (read(key)) write(key, { ...content, ...changes });
}

export function dropEntry(key) {
  window.localStorage.removeItem(key);
}

export function keepTyped(user, visit, step, fields) {
  write(draftKey(user, visit, step), { at: Date.now(), fields });
}

export function typedOf(user, visit, step) {
  const key = draftKey(user, visit, step);
  const draft = read(key);
  if (draft && Date.now() - draft.at > DRAFT_AGE) dropEntry(key);
  else if (draft) return draft.fields;
  return null;
}

export function dropTyped(user, visit, step) {
  window.localStorage.removeItem(draftKey(user, visit, step));
}

// Of everybody who used this browser, or of one person.
export function dropAll(user = "") {
  for (const key of keys(user ? `${PREFIX}${user}.` : PREFIX)) window.localStorage.removeItem(key);
}
