// What changed, for those who do not see it: a line that is not shown, but read out by screen readers.

export default function announce({ data: { words } }) {
  let line = document.getElementById("announcement");
  if (!line) {
    // At the end of the page and not of this component, which comes and goes with what it tells:
    // only a change of a line that was there before is read out.
    line = document.createElement("div");
    line.id = "announcement";
    line.setAttribute("role", "status");
    line.style.cssText = "position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%)";
    document.body.append(line);
  }
  if (line.textContent !== words) line.textContent = words;
}
