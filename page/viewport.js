// A painting that has just been asked for is seen at once, and whoever asked for it by a key has the
// focus on what can be done next: on Stop, and later on Download. Whoever leaves a painting is led to
// where one chooses.

const NARROW = "(max-width: 768px)"; // in which Streamlit lays the sidebar over the page
const CALM = "(prefers-reduced-motion: reduce)";
const STOP = ".st-key-stop button";
const DOWNLOAD = '.st-key-result_bar [data-testid="stDownloadButton"] button';
const CHOICE = ".st-key-choosing button:enabled";
// Where the focus was left by what was pressed.
const LEFT = ":disabled, .st-key-actions *, .st-key-choose_again *";
const WAIT = 10_000; // ms for what can be done next to come, and to be built anew

let last; // the data of the call before; undefined at the first, as a reload moves nothing
let byKey = false; // whether buttons are pressed by keys, as far as was seen
let next = ""; // where the focus is to go; nowhere once the visitor has gone on

addEventListener("pointerdown", () => {
  byKey = false;
  next = "";
}, true);
addEventListener("keydown", ({ key }) => {
  byKey ||= key === "Enter" || key === " ";
  next = "";
}, true);

function closeSidebar() {
  const open = '[data-testid="stSidebar"][data-collapsed="false"]';
  document.querySelector(`${open} [data-testid="stSidebarCollapseButton"] button`)?.click();
}

function scrollUp() {
  document.querySelector('[data-testid="stMain"]')?.scrollTo({
    top: 0, behavior: matchMedia(CALM).matches ? "instant" : "smooth",
  });
}

// As soon as it is there, unless the visitor goes elsewhere meanwhile.
function focusSoon(selector) {
  if (!byKey) return;
  next = selector;
  look(performance.now() + WAIT);

  function look(until) {
    if (next !== selector || performance.now() > until) return;
    const at = document.activeElement;
    // Of a button with a help Streamlit makes two, of which one is seen.
    const there = [...document.querySelectorAll(selector)].find((each) => each.checkVisibility());
    const free = at === document.body || at.matches(LEFT);
    if (free && there && at !== there && !there.disabled) there.focus();
    requestAnimationFrame(() => look(until));
  }
}

export default function follow({ data }) {
  const begun = last && data.begun && data.begun !== last.begun;
  if (begun) {
    if (matchMedia(NARROW).matches) closeSidebar();
    // All that stands above the painting fits above it: nothing has to move later.
    scrollUp();
    focusSoon(STOP);
  } else if (last?.begun && !data.begun) focusSoon(DOWNLOAD);
  else if (last?.shown && !data.shown) {
    scrollUp();
    focusSoon(CHOICE);
  }
  last = data;
}
