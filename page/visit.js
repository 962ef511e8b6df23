// The ids of the paintings of this visit, kept by the browser's tab over a reload.

const KEY = "nst-paintings";

function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY)) ?? [];
  } catch {
    return []; // no storage is allowed, or something else wrote there: nothing is restored
  }
}

function keep(ids) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(ids));
  } catch {
    // No storage is allowed or it is full: the page works, but a reload forgets.
  }
}

// Called at every run. A session that has just begun knows nothing and is told what is kept.
export default function visit({ data, setTriggerValue }) {
  if (data.known) keep(data.ids);
  else if (data.asked || kept().length) setTriggerValue("kept", kept());
}
