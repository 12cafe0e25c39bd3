"""Log a call: an agent's home."""

from callcenter.web.pages.page import Go, Look, Page, View


async def form(look: Look) -> View | Go:
    """The form; those who do not log calls start at what is next."""
    if not look.may("calls.log"):
        return Go("/next")
    return View("log.html")


PAGES = [Page("GET", "/", form)]
