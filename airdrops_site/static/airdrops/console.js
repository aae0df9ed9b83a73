// What the console adds to Unfold's own scripts.

document.addEventListener("click", (event) => {
    const shown = event.target.closest("[data-copy]");
    if (!shown || event.target.closest("a")) return;
    if (!navigator.clipboard) {
        // Over plain http there is no clipboard: the whole value is selected instead.
        shown.textContent = shown.dataset.copy;
        getSelection().selectAllChildren(shown);
        return;
    }
    navigator.clipboard.writeText(shown.dataset.copy).then(() => {
        shown.classList.add("copied");
        setTimeout(() => shown.classList.remove("copied"), 1200);
    });
});

// The dashboard renews itself; when the session has ended, the answer is the login page.
document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target.id !== "dashboard") return;
    if (event.detail.serverResponse.includes('id="dashboard"')) return;
    event.detail.shouldSwap = false;
    location.reload();
});

// A link that has a dialog opens it; without scripts it leads to the page that asks the same.
document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    if (opener) {
        event.preventDefault();
        document.getElementById(opener.dataset.dialog).showModal();
    }
    if (event.target.closest("[data-close]")) event.target.closest("dialog").close();
});
