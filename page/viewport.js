// A painting that has just been asked for is seen at once in a narrow window.

const NARROW = "(max-width: 768px)"; // in which Streamlit lays the sidebar over the page
const CALM = "(prefers-reduced-motion: reduce)";

let last; // the painting of the call before; undefined at the first, as a reload moves nothing

function closeSidebar() {
  const open = '[data-testid="stSidebar"][data-collapsed="false"]';
  document.querySelector(`${open} [data-testid="stSidebarCollapseButton"] button`)?.click();
}

export default function follow({ data }) {
  if (data && last !== undefined && data !== last && matchMedia(NARROW).matches) {
    closeSidebar();
    // All that stands above the painting fits above it: from there on nothing has to move.
    document.querySelector('[data-testid="stMain"]')?.scrollTo({
      top: 0, behavior: matchMedia(CALM).matches ? "instant" : "smooth",
    });
  }
  last = data;
}
