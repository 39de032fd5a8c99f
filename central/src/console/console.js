// Alerts on every page and live lanes by server push; reasons that fit the button; rows of documents; files of lists.
const live = document.getElementById("live");
const badge = document.getElementById("unseen");
if (badge && location.protocol.startsWith("http")) {
  const events = new EventSource(badge.dataset.events);
  const shown = Number(badge.textContent);
  events.addEventListener("lanes", (event) => {
    const pushed = document.createElement("template");
    pushed.innerHTML = event.data;
    const unseen = pushed.content.querySelector("[data-unseen]").dataset.unseen;
    live?.replaceChildren(pushed.content);
    document.body.classList.remove("offline");
    badge.textContent = unseen;
    badge.hidden = unseen === "0";
    const news = document.getElementById("news");
    if (news) news.hidden = Number(unseen) <= shown;
  });
  events.onerror = () => document.body.classList.add("offline");
}
const form = document.querySelector("form.decide");
if (form) {
  const select = form.querySelector("select");
  const match = () => {
    const fits = (select.selectedOptions[0]?.dataset.fits ?? "").split(" ");
    for (const button of form.querySelectorAll("button")) {
      button.disabled = select.value !== "" && !fits.includes(button.value);
    }
  };
  select.addEventListener("change", match);
  match();
}
document.getElementById("add-document")?.addEventListener("click", () => {
  const rows = document.querySelectorAll(".document");
  const last = rows[rows.length - 1];
  const row = last.cloneNode(true);
  for (const input of row.querySelectorAll("input")) {
    if (input.name !== "class") input.value = "";
  }
  last.after(row);
  row.querySelector("input").focus();
});
const upload = document.getElementById("import");
if (upload) {
  const report = document.getElementById("report");
  const button = upload.querySelector("button");
  const defaults = upload.querySelector("details");
  const element = (name, text, css) => Object.assign(document.createElement(name), { textContent: text, className: css ?? "" });
  const tell = (kind, text) => {
    const notice = element("p", text, `notice ${kind}`);
    report.append(notice);
    return notice;
  };
  const link = (href, text) => Object.assign(element("a", text, "button wide"), { href });
  const lines = (head, reports, count) => {
    if (!count) return;
    const list = element("ol", "", "lines");
    for (const { line, reason } of reports) list.append(element("li", `Line ${line}: ${reason}`));
    const more = count - reports.length;
    report.append(element("h3", `${head}: ${count}`), list);
    if (more > 0) report.append(element("p", `and ${more} more`, "hint"));
  };
  const show = (answer) => {
    if (answer.error) return tell("bad", `✗ ${answer.what}. ${answer.next}`);
    const { added, changed, withdrawn } = answer.difference;
    if (answer.bad_count) {
      tell("bad", `✗ Of ${answer.rows} rows ${answer.bad_count} cannot be used. Nothing of the file is kept: mend these lines and read it again.`);
    } else if (answer.change !== null) {
      tell("good", `✓ ${answer.rows} rows read: +${added} ~${changed} −${withdrawn}.`);
      report.append(link(`/console/list/changes/${answer.change}`, "Open the draft"));
    } else if (answer.confirmed) {
      tell("good", `✓ ${answer.rows} rows read: the list is as the file says, and is confirmed.`);
      report.append(link("/console/list", "Show the list"));
    } else {
      tell("warn", `! ${answer.rows} rows read: the list is as the file says already.`);
    }
    lines("Cannot be used", answer.bad, answer.bad_count);
    lines("Used, but odd", answer.odd, answer.odd_count);
    // With nothing to tell, the draft itself is the report.
    if (answer.change !== null && !answer.odd_count) location.assign(`/console/list/changes/${answer.change}`);
  };
  const published = () => {
    const needed = "published" in upload.format.selectedOptions[0].dataset;
    for (const name of ["action", "legal_basis"]) upload.elements[name].required = needed;
    if (needed) defaults.open = true;
  };
  upload.format.addEventListener("change", published);
  published();
  upload.addEventListener("submit", async (event) => {
    event.preventDefault();
    report.replaceChildren();
    const file = upload.elements.file.files[0];
    if (file.size > Number(upload.dataset.bytesMax)) {
      const mebibytes = Math.floor(upload.dataset.bytesMax / 2 ** 20);
      tell("bad", `✗ The file has more than ${mebibytes} MiB. Read it on the server: central list import.`);
      return;
    }
    const names = ["format", "kind", "action", "reason", "legal_basis", "source"];
    const query = new URLSearchParams(names.map((name) => [name, upload.elements[name].value]));
    button.disabled = true;
    const waiting = tell("busy", `▶ Reading ${file.name} …`);
    try {
      const answer = await fetch(`${upload.getAttribute("action")}?${query}`, {
        method: "POST",
        headers: { "x-csrf": upload.dataset.csrf, "content-type": "application/octet-stream" },
        body: file,
      });
      waiting.remove();
      if (answer.redirected) location.assign(answer.url);
      else show(await answer.json());
    } catch {
      waiting.remove();
      tell("bad", "✗ The server did not answer as expected. Open the page again; if it repeats, look into central's log.");
    } finally {
      button.disabled = false;
    }
  });
}
