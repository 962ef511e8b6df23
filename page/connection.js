// Says that the connection to the server is lost, for as long as it is.

const PAGE = '[data-testid="stApp"]';
const STATE = "data-test-connection-state"; // which Streamlit keeps there
const DIALOG = '[role="dialog"]';
const ADVICE = "Connection error"; // the title of Streamlit's own dialog, for whoever runs the server

let words = ""; // what to say of a lost connection
let line;

function look() {
  const lost = document.querySelector(PAGE)?.getAttribute(STATE) !== "CONNECTED";
  if (lost) closeAdvice();
  const told = lost ? words : "";
  if (line.textContent !== told) line.textContent = told;
}

// Closed once, it does not come back before the next loss.
function closeAdvice() {
  for (const dialog of document.querySelectorAll(DIALOG)) {
    if (dialog.textContent.startsWith(ADVICE)) {
      dialog.querySelector('button[aria-label="Close"]')?.click();
    }
  }
}

const observer = new MutationObserver(look);
const sight = new IntersectionObserver(
  (seen) => line.classList.toggle("away", !seen.at(-1).isIntersecting),
  { rootMargin: "-64px 0px 0px" }, // which the page's head takes
);

export default function watch({ data, parentElement }) {
  words = data.words;
  line = parentElement.querySelector("p");
  observer.observe(document.querySelector(PAGE), { attributeFilter: [STATE] });
  observer.observe(document.body, { childList: true }); // where dialogs come
  sight.observe(line.parentElement);
  look();
  return () => {
    observer.disconnect();
    sight.disconnect();
  };
}
