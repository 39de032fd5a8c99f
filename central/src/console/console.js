// Live lanes by server push; reasons that fit the button.
const live = document.getElementById("live");
if (live && location.protocol.startsWith("http")) {
  const events = new EventSource(live.dataset.events);
  events.addEventListener("lanes", (event) => {
    live.innerHTML = event.data;
    document.body.classList.remove("offline");
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
