// A small plot without a library: one SVG, one line, one area. Redrawn in place, never rebuilt.

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 240;
const HEIGHT = 48;

export class Spark {
  constructor(host) {
    this.svg = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", class: "spark" });
    this.svg.setAttribute("preserveAspectRatio", "none");
    this.area = this.svg.appendChild(shape("path", { class: "area" }));
    this.line = this.svg.appendChild(shape("path", { class: "line" }));
    host.replaceChildren(this.svg);
  }

  /** Show these numbers, oldest first; `label` says them in words. */
  show(numbers, label) {
    const most = Math.max(1, ...numbers);
    const step = (WIDTH - 2) / Math.max(1, numbers.length - 1);
    const points = numbers.map((n, i) => {
      const height = HEIGHT - 2 - (n / most) * (HEIGHT - 6);
      return `${(1 + i * step).toFixed(1)},${height.toFixed(1)}`;
    });
    this.line.setAttribute("d", `M${points.join("L")}`);
    this.area.setAttribute("d", `M1,${HEIGHT}L${points.join("L")}L${WIDTH - 1},${HEIGHT}Z`);
    this.svg.setAttribute("aria-label", label);
  }
}

function shape(name, attributes) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}
