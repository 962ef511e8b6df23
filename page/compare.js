// Before and after: photo and painting at either side of a line that can be moved.

const FIRST = 50; // % of the width

export default function compare({ parentElement, data }) {
  const frame = parentElement.querySelector(".frame");
  const input = frame.querySelector("input");

  function show(at) {
    frame.style.setProperty("--at", `${at}%`);
    const photo = Math.round(at);
    input.setAttribute("aria-valuetext", `${photo} % photo, ${100 - photo} % painting`);
  }

  // Not left to the input: its thumb stops short of the edges, and phones want it to be hit.
  function follow(event) {
    const { left, width } = frame.getBoundingClientRect();
    const at = Math.min(100, Math.max(0, (100 * (event.clientX - left)) / width));
    input.value = at; // the nearest of its steps, from where the keys go on
    show(at);
  }

  // Called again with other pictures, all this replaces what it set before; the line stays.
  for (const side of ["photo", "painting"]) {
    const image = frame.querySelector(`.${side} img`);
    image.src = data[side];
    image.alt = data[`${side}_alt`];
  }
  input.oninput = () => show(input.valueAsNumber);
  frame.onpointerdown = (event) => {
    if (event.button !== 0) return;
    frame.setPointerCapture(event.pointerId);
    input.focus({ preventScroll: true });
    follow(event);
  };
  frame.onpointermove = (event) => {
    if (frame.hasPointerCapture(event.pointerId)) follow(event);
  };
  if (!frame.style.getPropertyValue("--at")) show(FIRST);
}
