"""Acts that are more than timeline entries: files, links, new wording, corrections, agreeing to another verdict."""

import re
from typing import Any

from aiohttp.web_request import FileField

from callcenter.errors import Forbidden, Invalid
from callcenter.services import casework, joining
from callcenter.services import files as file_service
from callcenter.services.case import Case
from callcenter.services.casework import Seen
from callcenter.web.pages.acts import Act, Given, instant_of
from callcenter.web.pages.page import Look

_MEDIA_TYPE = re.compile(r"^[\w.+-]{1,60}/[\w.+-]{1,80}$", re.ASCII)
Told = dict[str, Any]


async def run(look: Look, act: Act, given: Given, case: Case, seen: Seen) -> Told:
    """What the act does is done; gives what to tell."""
    return await _RUNS[act.run or ""](look, given, case, seen)


async def attach(look: Look, given: Given, case: Case, seen: Seen) -> Told:
    """The file is with the ticket."""
    file = look.form.get("file") if look.form is not None else None
    if not isinstance(file, FileField) or not file.filename:
        raise Invalid.field("/file", "missing", "choose a file")
    name = "".join(sign for sign in file.filename if sign.isprintable())[:200] or "file"
    media_type = file.content_type if _MEDIA_TYPE.match(file.content_type) else "application/octet-stream"
    content = file.file.read()
    await file_service.add(look.conn, look.context, look.number, name, media_type, content, look.actor, look.now)
    return {"said": name}


async def link(look: Look, given: Given, case: Case, seen: Seen) -> Told:
    """The tickets are linked, or this one is merged into the other."""
    text = given.get("other", "").removeprefix("#")
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Invalid.field("/other", "missing", "the number of the other ticket")
    other, kind = int(text), given.get("kind", "related")
    if kind == "merged":
        await joining.merge(look.conn, look.context, look.number, other, given.get("reason", ""), look.actor)
        return {"go": f"/tickets/{other}"}
    how: joining.LinkKind = "cause" if kind == "cause" else "related"
    await joining.link(look.conn, look.context, look.number, other, how, look.actor, look.now)
    return {"said": f"#{other}"}


async def rewrite(look: Look, given: Given, case: Case, seen: Seen) -> Told:
    """Title and description are the new ones."""
    title = given.get("title", "")
    if not 1 <= len(title) <= 300:
        raise Invalid.field("/title", "missing", "a title has 1 to 300 characters")
    description = given.get("description", "").replace("\r\n", "\n")[:20_000]
    await casework.rewrite(look.conn, look.context, look.number, title, description, look.actor, seen)
    return {"said": title}


async def correct(look: Look, given: Given, case: Case, seen: Seen) -> Told:
    """The entry is mended; it stays to be seen."""
    if not given.get("reason"):
        raise Invalid.field("/reason", "missing", "say why")
    entry: dict[str, Any] = {"type": "corrected", "entry": given.get("entry", ""), "reason": given["reason"]}
    if given.get("void"):
        entry["void"] = True
    elif given.get("to"):
        entry["to"] = instant_of(given["to"], case.zone, "/to").isoformat()
    else:
        raise Invalid.field("/to", "missing", "say when it happened, or that it did not")
    done = await casework.record(look.conn, look.context, look.number, [entry], look.actor, seen)
    return {"done": [one.id for one in done.entries], "entry": "corrected"}


async def agree(look: Look, given: Given, case: Case, seen: Seen) -> Told:
    """The verdict on coverage is the one asked for; whoever asked cannot agree."""
    asked = case.coverage
    if asked.asked is None:
        raise Invalid("no change of the coverage waits for agreement")
    if asked.asked_by == look.actor.name:
        raise Forbidden("somebody else has to agree")
    entry = {"type": "noted", "to": "coverage", "text": asked.asked, "reason": asked.evidence, "who": asked.asked_by}
    done = await casework.record(look.conn, look.context, look.number, [entry], look.actor, seen)
    return {"done": [one.id for one in done.entries], "entry": "noted"}


_RUNS = {"attach": attach, "link": link, "rewrite": rewrite, "correct": correct, "agree": agree}
