// A painting for the system's share sheet, for the clipboard where there is none, or as a file.

const TOLD = 4000; // ms that the button says what it did

function fileOf({ picture, name }) {
  const [head, base64] = picture.split(",");
  const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  return new File([bytes], name, { type: head.match(/:(.*?);/)[1] });
}

// The only kind of picture that every clipboard takes.
async function pngOf(file) {
  const bitmap = await createImageBitmap(file);
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

function save(file) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the browser has long begun to read it
}

export default function share({ data, parentElement }) {
  const button = parentElement.querySelector("button");
  const label = parentElement.querySelector(".label");
  const told = parentElement.querySelector(".told");
  // Made now, not at the click: a browser opens its sheet only at once after one.
  const file = fileOf(data);
  const sheet = { files: [file], title: data.title };
  const shares = Boolean(navigator.canShare?.(sheet));
  button.title = shares
    ? "The painting as you see it, to the apps of this device."
    : "Copies the painting as you see it, as this browser has no share sheet.";

  function tell(words) {
    [label.textContent, told.textContent] = [words, words];
    clearTimeout(button.telling);
    button.telling = setTimeout(() => {
      [label.textContent, told.textContent] = ["Share", ""];
    }, TOLD);
  }

  async function copyOrSave() {
    try {
      await navigator.clipboard.write([new ClipboardItem({ "image/png": pngOf(file) })]);
      tell("Copied");
    } catch {
      save(file); // not every browser copies pictures, nor lets every site do it
      tell("Saved");
    }
  }

  button.onclick = async () => {
    if (!shares) return copyOrSave();
    try {
      await navigator.share(sheet);
    } catch (error) {
      if (error.name !== "AbortError") await copyOrSave(); // or else the visitor closed the sheet
    }
  };
}
