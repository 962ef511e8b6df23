// Marking a part of a picture: each stroke is a mark, and the mask is what all marks amount to.
// page/marks.py makes the mask that is painted with from the same marks.

// How a marked picture is shown; page/mask_pictures.py shows finished masks in the same way.
const DIM = "rgb(20 22 26 / 65%)";
const TINT = "rgb(240 120 20 / 30%)";
const HINT = "rgb(40 90 230 / 70%)"; // what only shows where the subject is

const TOLD = {
  brush: "Draw over what you want to mark. Keys: arrows move, Space draws.",
  eraser: "Draw over what shall not be marked.",
  rectangle: "Draw a rectangle over what you want to mark.",
  box: "Draw a rectangle closely around the subject.",
  scribble: "Scribble over all parts of the subject.",
  looking: "Looking for the subject …",
};
const RECTANGLES = ["rectangle", "box"];
const SUBJECTS = ["box", "scribble", "find"];
const OPERATIONS = { eraser: "destination-out", clear: "destination-out", invert: "xor" };
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const STEP = 0.02; // of the picture's sides that an arrow key moves; five times that with Shift
const CLOSEST = 0.003; // of the picture between two points of a stroke

const begun = new WeakMap(); // a canvas's element -> its Marking
const kept = new Map(); // a sheet's number -> its marks and its tool, should it be built anew

export default function mark({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".marking");
  let marking = begun.get(root);
  if (marking?.sheet !== data.sheet) begun.set(root, (marking = new Marking(root, data)));
  marking.send = (marks) => setStateValue("marks", marks);
  marking.take(data);
}

class Marking {
  constructor(root, data) {
    this.sheet = data.sheet;
    const before = kept.get(data.sheet);
    this.marks = before?.marks ?? data.marks;
    this.veils = new Map(); // the address of a mask -> its image
    this.at = [0.5, 0.5]; // of the keyboard's pen
    this.canvas = root.querySelector("canvas");
    this.told = root.querySelector("p");
    this.tools = root.querySelector(".tools");
    this.canvas.setAttribute("aria-label", data.label);
    this.picture = this.image(data.picture);
    if (before) this.tools.querySelector(`[value="${before.tool}"]`).checked = true;
    this.listen();
  }

  listen() {
    const { canvas, tools } = this;
    canvas.onpointerdown = (event) => {
      if (event.button !== 0 || this.live) return;
      canvas.setPointerCapture(event.pointerId);
      this.begin(this.place(event));
    };
    canvas.onpointermove = (event) => {
      this.hover = event.pointerType === "mouse" ? this.place(event) : undefined;
      this.show();
      if (!canvas.hasPointerCapture(event.pointerId)) return;
      const events = event.getCoalescedEvents?.() ?? [];
      for (const each of events.length ? events : [event]) this.go(this.place(each));
    };
    canvas.onpointerup = canvas.onpointercancel = (event) => {
      if (canvas.hasPointerCapture(event.pointerId)) this.end();
    };
    canvas.onpointerleave = () => {
      this.hover = undefined;
      this.show();
    };
    canvas.onkeydown = (event) => this.press(event);
    canvas.onfocus = canvas.onblur = () => this.show();
    tools.onchange = () => {
      this.keep();
      this.tell(TOLD[this.tool]);
    };
    for (const kind of ["find", "invert", "clear"])
      tools.querySelector(`[name="${kind}"]`).onclick = () => this.add({ kind, points: [], size: 0 });
    tools.querySelector('[name="undo"]').onclick = () => this.undo();
    this.tell(TOLD[this.tool]);
  }

  get tool() {
    return this.tools.querySelector('[name="tool"]:checked').value;
  }

  // Of the brush, in parts of the picture's longer side.
  get size() {
    return this.tools.querySelector('[name="size"]').valueAsNumber / 100;
  }

  // What the server found meanwhile: the masks of subjects, and what was looked for in vain.
  take(data) {
    this.settled = undefined;
    this.base = data.base && this.image(data.base);
    this.subjects = data.subjects;
    const vain = this.marks.filter(({ number }) => data.subjects[number] === "");
    if (vain.length) {
      this.marks = this.marks.filter((each) => !vain.includes(each));
      this.changed();
      this.tell(data.not_found);
    } else if (this.looking && !this.counted.some((each) => this.isAwaited(each))) {
      this.tell(TOLD[this.tool]);
    }
    this.looking = this.counted.some((each) => this.isAwaited(each));
    if (this.looking) this.tell(TOLD.looking);
    this.show();
  }

  // What counts of the marks, which is all that the server is told: from the last Clear on.
  get counted() {
    return this.marks.slice(Math.max(0, this.marks.findLastIndex(({ kind }) => kind === "clear")));
  }

  isAwaited({ kind, number }) {
    return SUBJECTS.includes(kind) && !(number in this.subjects);
  }

  // Whether a mark can be drawn: that of a subject as soon as its mask has been read.
  isThere({ kind, number }) {
    return !SUBJECTS.includes(kind) || Boolean(this.veil(number)?.naturalWidth);
  }

  // The mask of a subject that the server has found.
  veil(number) {
    return this.subjects[number] && this.image(this.subjects[number]);
  }

  image(address) {
    if (!this.veils.has(address)) {
      const image = new Image();
      image.onload = () => {
        this.settled = undefined;
        this.show();
      };
      image.src = address;
      this.veils.set(address, image);
    }
    return this.veils.get(address);
  }

  tell(words) {
    if (this.told.textContent !== words) this.told.textContent = words;
  }

  // Where a pointer is, in parts of the picture's sides.
  place({ clientX, clientY }) {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    return [(clientX - left) / width, (clientY - top) / height];
  }

  begin(point) {
    this.live = { kind: this.tool, points: [point], size: this.size };
    this.show();
  }

  go(point) {
    if (!this.live) return;
    const { kind, points } = this.live;
    if (RECTANGLES.includes(kind)) points[1] = point;
    else if (Math.hypot(point[0] - points.at(-1)[0], point[1] - points.at(-1)[1]) > CLOSEST)
      points.push(point);
    this.show();
  }

  end() {
    const live = this.live;
    this.live = undefined;
    if (live && !(RECTANGLES.includes(live.kind) && live.points.length < 2)) this.add(live);
    else this.show();
  }

  add(mark) {
    const number = 1 + Math.max(0, this.last ?? 0, ...this.marks.map((each) => each.number));
    this.last = number; // no number comes twice, or it might be shown what another one found
    this.marks = [...this.marks, { ...mark, number }];
    this.changed();
  }

  undo() {
    this.marks = this.marks.slice(0, -1);
    this.changed();
  }

  changed() {
    this.settled = undefined;
    this.looking = this.counted.some((each) => this.isAwaited(each));
    this.tell(this.looking ? TOLD.looking : TOLD[this.tool]);
    this.keep();
    this.send(this.counted);
    this.show();
  }

  keep() {
    kept.set(this.sheet, { marks: this.marks, tool: this.tool });
  }

  press(event) {
    const direction = KEYS[event.key];
    if (direction) {
      const step = STEP * (event.shiftKey ? 5 : 1);
      this.at = this.at.map((from, axis) => Math.min(1, Math.max(0, from + step * direction[axis])));
      this.go(this.at);
    } else if (event.key === " " || event.key === "Enter") {
      if (this.live) this.end();
      else this.begin(this.at);
    } else if (event.key === "Escape" && this.live) {
      this.live = undefined;
      event.stopPropagation(); // it ends the stroke, not the dialog
    } else if (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey)) {
      this.undo();
    } else return;
    event.preventDefault();
    this.show();
  }

  // Draws at most once a frame, however much happens in it.
  show() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.draw();
    });
  }

  draw() {
    const { canvas, picture } = this;
    if (!picture.naturalWidth) return;
    const { naturalWidth: width, naturalHeight: height } = picture;
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
      canvas.style.setProperty("--aspect", width / height);
    }
    this.tools.querySelector('[name="undo"]').disabled = !this.marks.length;
    this.tools.querySelector('[name="clear"]').disabled = !this.marks.length && !this.base;
    const pen = canvas.getContext("2d");
    pen.drawImage(picture, 0, 0);
    const marks = this.live ? [...this.marks, this.live] : this.marks;
    // What is on its way would be missing from the mask, and all that it marks seem left out.
    const waits = this.base && !this.base.naturalWidth;
    if (!waits && (this.base || marks.some((each) => this.isThere(each)))) {
      const mask = this.mask(width, height);
      pen.drawImage(covered(mask, DIM, "source-out"), 0, 0);
      pen.drawImage(covered(mask, TINT, "source-in"), 0, 0);
    }
    for (const each of this.counted) if (this.isAwaited(each)) hint(pen, each);
    if (this.live) hint(pen, this.live);
    if (this.hover && !RECTANGLES.includes(this.tool)) ring(pen, this.hover, this.size);
    if (canvas.matches(":focus-visible")) cross(pen, this.at);
  }

  // A canvas that is opaque where the picture is marked.
  mask(width, height) {
    if (!this.settled) {
      this.settled = new OffscreenCanvas(width, height);
      const pen = this.settled.getContext("2d");
      if (this.base?.naturalWidth) pen.drawImage(this.base, 0, 0, width, height);
      for (const each of this.marks) this.apply(each, pen);
    }
    if (!this.live) return this.settled;
    const mask = new OffscreenCanvas(width, height);
    const pen = mask.getContext("2d");
    pen.drawImage(this.settled, 0, 0);
    this.apply(this.live, pen);
    return mask;
  }

  apply({ kind, points, size, number }, pen) {
    const { width, height } = pen.canvas;
    pen.globalCompositeOperation = OPERATIONS[kind] ?? "source-over";
    pen.fillStyle = pen.strokeStyle = "#fff";
    if (kind === "clear" || kind === "invert") pen.fillRect(0, 0, width, height);
    else if (SUBJECTS.includes(kind)) {
      const found = this.veil(number);
      if (found?.naturalWidth) pen.drawImage(found, 0, 0, width, height);
    } else if (kind === "rectangle") pen.fill(outline(points, width, height, true));
    else stroke(pen, points, size);
  }
}

function stroke(pen, points, size) {
  const { width, height } = pen.canvas;
  pen.lineCap = pen.lineJoin = "round";
  pen.lineWidth = size * Math.max(width, height);
  pen.stroke(outline(points, width, height));
}

function outline(points, width, height, rectangle = false) {
  const path = new Path2D();
  const [[left, top], [right, bottom]] = [points[0], points.at(-1)];
  if (rectangle) path.rect(left * width, top * height, (right - left) * width, (bottom - top) * height);
  else {
    path.moveTo(left * width, top * height);
    for (const [x, y] of points) path.lineTo(x * width, y * height);
  }
  return path;
}

// A colour inside the mask ("source-in") or outside of it ("source-out").
function covered(mask, colour, where) {
  const cover = new OffscreenCanvas(mask.width, mask.height);
  const pen = cover.getContext("2d");
  pen.drawImage(mask, 0, 0);
  pen.globalCompositeOperation = where;
  pen.fillStyle = colour;
  pen.fillRect(0, 0, mask.width, mask.height);
  return cover;
}

// The rectangle or the scribble that shows where the subject is, and a rectangle's rim.
function hint(pen, { kind, points, size }) {
  const { width, height } = pen.canvas;
  if (!points.length || ["brush", "eraser"].includes(kind)) return;
  pen.strokeStyle = HINT;
  if (kind === "scribble") return stroke(pen, points, size);
  pen.lineWidth = Math.max(2, width / 250);
  pen.stroke(outline(points, width, height, true));
}

// How large the brush is, where the mouse is.
function ring(pen, [x, y], size) {
  const { width, height } = pen.canvas;
  const longer = Math.max(width, height);
  for (const [colour, thickness] of [["#000", longer / 200], ["#fff", longer / 400]]) {
    pen.strokeStyle = colour;
    pen.lineWidth = thickness;
    pen.beginPath();
    pen.arc(x * width, y * height, (size * longer) / 2, 0, 2 * Math.PI);
    pen.stroke();
  }
}

// Where the keyboard's pen is.
function cross(pen, [x, y]) {
  const { width, height } = pen.canvas;
  const arm = Math.max(width, height) / 40;
  for (const [colour, thickness] of [["#000", arm / 3], ["#fff", arm / 8]]) {
    pen.strokeStyle = colour;
    pen.lineWidth = thickness;
    pen.beginPath();
    pen.moveTo(x * width - arm, y * height);
    pen.lineTo(x * width + arm, y * height);
    pen.moveTo(x * width, y * height - arm);
    pen.lineTo(x * width, y * height + arm);
    pen.stroke();
  }
}
