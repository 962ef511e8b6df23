// A picture from the clipboard becomes the visitor's photo; and what no uploader sends is told.

// Where text is pasted.
const TEXT = "textarea, [contenteditable=true], input:is([type=text], [type=number], :not([type]))";
const PATIENCE = 6000; // ms, how long words stand beside the button

let page; // what the latest call was given: listeners are put on the page once

const inputOf = (uploader) => document.querySelector(`.st-key-${uploader} input[type=file]`);
const isPicture = (file) => file.type.startsWith("image/") || /\.hei[cf]$/i.test(file.name);
// What an uploader sends: pictures, and that of the photo also films, where the host takes any.
const isTaken = (uploader, file) => isPicture(file) || (uploader === page.data.photo
  && page.data.films.some((suffix) => file.name.toLowerCase().endsWith(suffix)));
const fits = (file) => file.size <= page.data.most_bytes;

// Put a file into the uploader of the photo, as a dialog would.
function give(file) {
  const input = inputOf(page.data.photo);
  const files = new DataTransfer();
  files.items.add(file);
  input.files = files.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

// Tell of the first file that the uploader itself will not send.
function tell(uploader, files) {
  const file = [...files].find((each) => !isTaken(uploader, each) || !fits(each));
  if (file) page.setTriggerValue("refused", { uploader, name: file.name, size: file.size });
}

function uploaderAt(element) {
  return page.data.uploaders.find((key) => element.closest?.(`.st-key-${key}`));
}

function watch() {
  document.addEventListener("paste", (event) => {
    if (event.target.closest?.(TEXT)) return;
    const file = [...event.clipboardData.files].find(isPicture);
    if (!file) return;
    event.preventDefault();
    give(file);
  });
  document.addEventListener("change", (event) => {
    const uploader = event.target.type === "file" && uploaderAt(event.target);
    if (uploader) tell(uploader, event.target.files);
  }, true);
  document.addEventListener("dragover", (event) => {
    if (event.dataTransfer.types.includes("Files")) event.preventDefault();
  });
  // Beside the zones a browser would leave the page for the file; here it is the photo.
  document.addEventListener("drop", (event) => {
    const uploader = uploaderAt(event.target);
    if (uploader) tell(uploader, event.dataTransfer.files);
    if (event.target.closest?.("[data-testid=stFileUploader]")) return;
    event.preventDefault();
    if (event.dataTransfer.files.length) give(event.dataTransfer.files[0]);
  }, true);
}

// The first picture on the clipboard, null where there is none; the browser may ask or refuse.
async function onClipboard() {
  for (const item of await navigator.clipboard.read()) {
    const type = item.types.find((each) => each.startsWith("image/"));
    if (type) return new File([await item.getType(type)], `pasted.${type.slice(6)}`, { type });
  }
  return null;
}

export default function paste({ parentElement, data, setTriggerValue }) {
  if (!page) watch();
  page = { data, setTriggerValue };
  const button = parentElement.querySelector("button");
  const words = parentElement.querySelector("span");
  button.hidden = !navigator.clipboard?.read; // over plain HTTP no page may read it
  button.onclick = async () => {
    try {
      const file = await onClipboard();
      if (file) give(file);
      words.textContent = file ? "" : "There is no picture on the clipboard.";
    } catch {
      words.textContent = "The browser does not allow it; press Ctrl+V.";
    }
    setTimeout(() => { words.textContent = ""; }, PATIENCE);
  };
}
