// Only a choice of the visitor's makes an entry in the browser's history, so that Back undoes it.
//
// Streamlit makes an entry of everything that the server writes into the address: a painting's
// number, a weight, what it corrects. All that is written over the present entry instead.

let names = []; // in the address, of what is chosen
let acted = false; // whether the visitor did anything since the last entry: a choice is one entry

function choice(address) {
  const query = new URL(address, location.href).searchParams;
  return JSON.stringify(names.map((name) => query.get(name)));
}

for (const kind of ["pointerdown", "keydown", "drop", "change"]) {
  addEventListener(kind, () => { acted = true; }, true);
}
const enter = history.pushState.bind(history);
history.pushState = (state, title, address) => {
  if (!acted || choice(address) === choice(location.href)) {
    history.replaceState(state, title, address);
    return;
  }
  acted = false;
  enter(state, title, address);
};

export default function guide({ data }) {
  names = data;
}
