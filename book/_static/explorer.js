// The explorers of the book: choose, guess, look. Each is drawn in its first state when the book is built
// (book/_ext/explorer.py); here its other states are drawn in the same way, from the JSON that stands in it.
// The state is in the address: #explorer-gains?model=...&ask=no
"use strict";

const LINE = 20, STEP = 5, FOOT = 22;
const escaped = (text) => String(text).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

class Explorer {
  constructor(box) {
    this.box = box;
    this.data = JSON.parse(box.querySelector('script[type="application/json"]').textContent);
    this.asked = Object.keys(this.data.asked);
    this.keys = Object.keys(this.data.figures).map((key) => key.split("|"));
    this.choices = {};
    this.ask = true;
    this.right = this.said = 0;
    [this.form, this.told, this.guesses, this.shown] = ["choices", "told", "guesses", "shown"].map((name) =>
      box.querySelector(`.explorer-${name}`));
    this.build();
    this.read();
    window.addEventListener("hashchange", () => this.read());
    window.addEventListener("beforeprint", () => this.reveal());
  }

  build() {
    this.form.innerHTML = this.asked.map((name) =>
      `<label>${escaped(this.data.asked[name])}<select name="${name}"></select></label>`).join("")
      + '<label class="explorer-ask"><input type="checkbox" name="ask" checked> Let me guess first</label>';
    this.selects = Object.fromEntries(this.asked.map((name) => [name, this.form.querySelector(`select[name="${name}"]`)]));
    this.form.addEventListener("change", () => {
      this.ask = this.form.querySelector("input").checked;
      for (const name of this.asked) this.choices[name] = this.selects[name].value;
      this.draw();
      this.write();
    });
    this.guesses.innerHTML = [...Object.entries(this.data.guesses), ["", "Just show me"]].map(([key, text]) =>
      `<button type="button" value="${key}">${escaped(text)}</button>`).join("");
    this.guesses.addEventListener("click", (event) => {
      if (event.target.matches("button")) {
        this.reveal(event.target.value);
        this.told.focus();
      }
    });
  }

  // What the address asks for, where it asks for this explorer; otherwise, at first, the first state.
  read() {
    const [name, search] = window.location.hash.slice(1).split("?");
    const mine = name === this.box.id && search !== undefined;
    if (mine || !this.row) {
      const wanted = new URLSearchParams(mine ? search : "");
      for (const each of this.asked) this.choices[each] = wanted.get(each);
      this.ask = this.form.querySelector("input").checked = wanted.get("ask") !== "no";
      this.draw();
      if (mine) this.box.scrollIntoView();
    }
  }

  write() {
    const state = new URLSearchParams(this.choices);
    if (!this.ask) state.set("ask", "no");
    window.history.replaceState(null, "", `#${this.box.id}?${state}`);
  }

  // Offer at each place what goes with the choices before it; a choice that does not gives way to the first.
  draw() {
    let left = this.keys;
    this.asked.slice(0, -1).forEach((name, place) => {
      const chosen = this.fill(name, [...new Set(left.map((key) => key[place]))]);
      left = left.filter((key) => key[place] === chosen);
    });
    this.figure = this.data.figures[left[0].join("|")];
    const rows = this.figure.rows.filter((row) => row[4]), last = this.asked[this.asked.length - 1];
    const chosen = this.fill(last, rows.map((row) => row[0]));
    this.row = rows.find((row) => row[0] === chosen);
    this.shown.innerHTML = this.drawn(chosen);
    this.box.classList.toggle("explorer-waiting", this.ask);
    this.told.textContent = this.ask ? this.worded(this.data.question) : this.sentence();
  }

  fill(name, values) {
    const chosen = values.includes(this.choices[name]) ? this.choices[name] : values[0];
    this.selects[name].innerHTML = values.map((value) =>
      `<option value="${escaped(value)}"${value === chosen ? " selected" : ""}>${escaped(this.named(name, value))}</option>`).join("");
    this.choices[name] = chosen;
    return chosen;
  }

  reveal(guess) {
    if (!this.box.classList.contains("explorer-waiting")) return;
    this.box.classList.remove("explorer-waiting");
    let verdict = "";
    if (guess) {
      const known = this.row[4] in this.data.guesses, right = guess === this.row[4];
      this.said += known;
      this.right += right;
      verdict = `You said “${this.data.guesses[guess]}”: ${known ? (right ? "so it is" : "not so") : "nobody can say"}. `;
    }
    const score = guess && this.said ? ` Right so far: ${this.right} of ${this.said}.` : "";
    this.told.textContent = verdict + this.sentence() + score;
  }

  named(name, value) {
    return this.data.names[name][value] ?? value;
  }

  worded(text) {
    const words = { ...this.choices, told: this.row[3] };
    return text.replace(/\{(\w+)\}/g, (_, name) => name === "told" ? words.told : this.named(name, words[name]));
  }

  sentence() {
    return `${this.worded(this.data.told)} ${this.data.findings[this.row[4]] ?? ""}`.trim();
  }

  drawn(chosen) {
    const last = this.asked[this.asked.length - 1];
    const name = (row) => escaped(this.named(last, row[0]));
    let height = 0, body = "";
    for (const row of this.figure.rows) {
      const top = height, marks = row[2].map((mark, number) => {
        const x = mark[0], solid = mark[mark.length - 1], y = top + LINE + STEP * number;
        const line = mark.length > 2 ? `<line x1="${mark[1]}%" x2="${mark[2]}%" y1="${y}" y2="${y}"></line>` : "";
        return `${line}<circle class="${solid ? "solid" : "open"}" cx="${x}%" cy="${y}" r="${row[2].length === 1 ? 4 : 2.5}"></circle>`;
      });
      body += `<g class="row${row[0] === chosen ? " chosen" : ""}"><text x="0" y="${top + 14}">${name(row)}</text>${marks.join("")}</g>`;
      height += LINE + 8 + STEP * (row[2].length - 1);
    }
    const axis = this.figure.axis.map(([x, text]) =>
      `<line class="${text === "0" ? "zero" : "tick"}" x1="${x}%" x2="${x}%" y1="0" y2="${height}"></line>`
      + `<text class="scale" x="${x}%" y="${height + 16}">${text}</text>`).join("");
    const head = [this.data.asked[last], ...this.data.head].map((each) => `<th scope="col">${escaped(each)}</th>`).join("");
    const lines = this.figure.rows.map((row) =>
      `<tr${row[0] === chosen ? ' class="chosen"' : ""}><th scope="row">${name(row)}</th>`
      + `${row[1].map((cell) => `<td>${cell}</td>`).join("")}</tr>`).join("");
    return `<svg role="img" aria-label="${escaped(this.data.alt)}" width="100%" height="${height + FOOT}">${axis}${body}</svg>`
      + '<div class="table-scroll" tabindex="0" role="group" aria-label="The same as a table"><table class="table">'
      + `<thead><tr>${head}</tr></thead><tbody>${lines}</tbody></table></div>`;
  }
}

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll(".explorer").forEach((box) => new Explorer(box));
});
