"""Group robots as DingTalk, WeCom and Feishu document them: HTTP 200 whatever happens, the truth in a code."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime, timedelta

from aiohttp import web

from tests.stubs.server import NOW, Stub, read, said

HOUR_S = 3600


class _Counting(Stub):
    """Takes so many messages in any minute."""

    per_minute = 20

    def __init__(self, now: Callable[[], datetime] = lambda: NOW) -> None:
        super().__init__(now)
        self.times: list[datetime] = []
        self.code: int | None = None  # refuse with this code

    def too_fast(self) -> bool:
        since = self.now() - timedelta(minutes=1)
        self.times = [at for at in self.times if at > since]
        if len(self.times) >= self.per_minute:
            return True
        self.times.append(self.now())
        return False


class DingTalkStub(_Counting):
    """Wants access_token, the signature in the query, and a keyword where it has one."""

    path = "/robot/send"
    token = "566cc69da782ec33e42541b09b08551f09fbe864eb8008112e994b43887"
    secret = "SEC19dd84be8c7f3cf71761974f1ed3ef77c1451906ae8ba18acf56103ee"
    keyword: str | None = None
    signs = True

    @property
    def url(self) -> str:
        return f"{super().url}?access_token={self.token}"

    async def respond(self, request: web.Request, body: bytes) -> web.StreamResponse:
        value = read(body)
        if self.code is not None:
            return said("errcode", self.code, "errmsg", f"refused, token {self.token}")
        if request.query.get("access_token") != self.token:
            return said("errcode", 300001, "errmsg", "token is not exist")
        if self.signs and not self._signed(request):
            return said("errcode", 310000, "errmsg", "sign not match")
        if not isinstance(value, dict) or value.get("msgtype") != "text" or "content" not in value["text"]:
            return said("errcode", 40035, "errmsg", "缺少参数 json")
        if self.keyword and self.keyword not in value["text"]["content"]:
            return said("errcode", 310000, "errmsg", "keywords not in content")
        if self.too_fast():
            return said("errcode", 130101, "errmsg", "send too fast, exceed 20 times per minute")
        self.taken.append(value)
        return said("errcode", 0, "errmsg", "ok")

    def _signed(self, request: web.Request) -> bool:
        stamp = request.query.get("timestamp", "")
        if not stamp.isdigit() or abs(int(stamp) / 1000 - self.now().timestamp()) > HOUR_S:
            return False
        made = hmac.new(self.secret.encode(), f"{stamp}\n{self.secret}".encode(), hashlib.sha256).digest()
        return request.query.get("sign") == base64.b64encode(made).decode()


class WeComStub(_Counting):
    """Wants the key, and text of at most 2048 bytes."""

    path = "/cgi-bin/webhook/send"
    key = "693a91f6-7a0c-4bc4-97a0-0ec2c1fa5aaa"

    @property
    def url(self) -> str:
        return f"{super().url}?key={self.key}"

    async def respond(self, request: web.Request, body: bytes) -> web.StreamResponse:
        value = read(body)
        if self.code is not None:
            return said("errcode", self.code, "errmsg", f"refused, key {self.key}")
        if request.query.get("key") != self.key:
            return said("errcode", 93000, "errmsg", "invalid webhook url")
        if not isinstance(value, dict) or value.get("msgtype") != "text":
            return said("errcode", 40008, "errmsg", "invalid message type")
        if len(value["text"]["content"].encode()) > 2048:
            return said("errcode", 40058, "errmsg", "content exceed max length")
        if self.too_fast():
            return said("errcode", 45009, "errmsg", "api freq out of limit")
        self.taken.append(value)
        return said("errcode", 0, "errmsg", "ok")


class FeishuStub(_Counting):
    """Wants the signature in the body, and a keyword where it has one; answers in the new form or in the old."""

    per_minute = 100
    token = "2f1e3d4c-aaaa-bbbb-cccc-0123456789ab"
    path = f"/open-apis/bot/v2/hook/{token}"
    secret = "GGkRmRcP0Q5hOyyEgkEBxc"
    keyword: str | None = None
    old_form = False

    async def respond(self, request: web.Request, body: bytes) -> web.StreamResponse:
        value = read(body)
        if self.code is not None:
            return said("code", self.code, "msg", f"refused, hook {self.token}")
        if len(body) > 20_480 or not isinstance(value, dict) or "text" not in value.get("content", {}):
            return said("code", 9499, "msg", "Bad Request")
        if not self._signed(value):
            return said("code", 19021, "msg", "sign match fail or timestamp is not within one hour from current time")
        if self.keyword and self.keyword not in value["content"]["text"]:
            return said("code", 19024, "msg", "Key Words Not Found")
        if self.too_fast():
            return said("code", 11232, "msg", "frequency limited")
        self.taken.append(value)
        return said("StatusCode", 0, "StatusMessage", "success") if self.old_form else said("code", 0, "msg", "success")

    def _signed(self, value: dict[str, object]) -> bool:
        stamp = str(value.get("timestamp", ""))
        if not stamp.isdigit() or abs(int(stamp) - self.now().timestamp()) > HOUR_S:
            return False
        made = hmac.new(f"{stamp}\n{self.secret}".encode(), b"", hashlib.sha256).digest()
        return value.get("sign") == base64.b64encode(made).decode()
