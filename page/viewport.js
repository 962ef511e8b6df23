// A painting that has just been asked for is seen at once in a narrow window, and whoever asked for
// it by a key has the focus on what can be done next: on Stop, and later on Download. Whoever
// leaves a painting is led to where one chooses.

const NARROW = "(max-width: 768px)"; // in which Streamlit lays the sidebar over the page
const CALM = "(prefers-reduced-motion: reduce)";
const STOP = ".st-key-stop button";
const DOWNLOAD = '.st-key-result_bar [data-testid="stDownloadButton"] button';
const CHOICE = ".st-key-choosing button:enabled";
// Where the focus was left by what was pressed.
const GONE = ":disabled, .st-key-actions *, .st-key-choose_again *";
const WAIT = 10_000; // ms for what can be done next to come

let last; // the data of the call before; undefined at the first, as a reload moves nothing
let byKey = false; // whether the latest thing that was pressed was a key

addEventListener("pointerdown", () => { byKey = false; }, true);
addEventListener("keydown", ({ key }) => { if (key === "Enter" || key === " ") byKey = true; }, true);

function closeSidebar() {
  const open = '[data-testid="stSidebar"][data-collapsed="false"]';
  document.querySelector(`${open} [data-testid="stSidebarCollapseButton"] button`)?.click();
}

// As soon as it is there, unless the visitor goes elsewhere meanwhile.
function focusSoon(selector, until = performance.now() + WAIT) {
  const at = document.activeElement;
  if (!byKey || performance.now() > until || !(at === document.body || at.matches(GONE))) return;
  const next = document.querySelector(selector);
  if (next && !next.disabled) next.focus();
  else requestAnimationFrame(() => focusSoon(selector, until));
}

function scrollUp() {
  document.querySelector('[data-testid="stMain"]')?.scrollTo({
    top: 0, behavior: matchMedia(CALM).matches ? "instant" : "smooth",
  });
}

export default function follow({ data }) {
  const begun = last && data.begun && data.begun !== last.begun;
  if (begun && matchMedia(NARROW).matches) {
    closeSidebar();
    scrollUp(); // all that stands above the painting fits above it: nothing has to move later
  }
  if (begun) focusSoon(STOP);
  else if (last?.begun && !data.begun) focusSoon(DOWNLOAD);
  else if (last?.shown && !data.shown) {
    scrollUp();
    focusSoon(CHOICE);
  }
  last = data;
}
