"""A browser without a screen: keeps cookies, says where it comes from, and fills in the hidden token of forms."""

from typing import Any

from bs4 import BeautifulSoup
from fastapi import FastAPI
from httpx import Response
from starlette.testclient import TestClient

from webapp.messaging.sign_ins import find_sign_in, open_sign_in
from webapp.models import SignIn, User
from webapp.pages.cookies import cookie_name
from webapp.pages.house import House
from webapp.pages.middleware.identity import csrf_token_for, csrf_token_of


class Browser(TestClient):
    """A TestClient that behaves like a browser on a page of ours. Redirects are not followed unless asked."""

    def __init__(self, app: FastAPI, user: User | None = None) -> None:
        self.house: House = app.state.house
        super().__init__(app, base_url=self.house.settings.public_url, follow_redirects=False)
        self.sign_in: SignIn | None = None
        self.csrf_token = ""
        if user is not None:
            self.sign_in, secret = self.house.database.write(open_sign_in, user.id, "Test browser")
            self.cookies.set(cookie_name(self.house.settings, "sid"), secret, domain=self.base_url.host)
            self.csrf_token = csrf_token_of(self.house, self.sign_in)

    def page(self, path: str) -> BeautifulSoup:
        """The page at ``path``, which must be there."""
        response = self.get(path)
        assert response.status_code == 200, f"{path}: {response.status_code}"
        return BeautifulSoup(response.text, "html.parser")

    def submit(self, path: str, data: dict[str, Any] | None = None, **kwargs: Any) -> Response:
        """Submit a plain form of a page of ours."""
        fields = {"csrf_token": self._token()} | (data or {})
        return self.post(path, data=fields, headers={"Origin": self.house.settings.origin}, **kwargs)

    def _token(self) -> str:
        """What the forms of the page carry: bound to the sign-in, or at the door to the visit, which any page gives."""
        secret = self.cookies.get(cookie_name(self.house.settings, "sid"))
        found = self.house.database.read(find_sign_in, secret) if secret else None
        if found:
            return csrf_token_of(self.house, found[0])
        name = cookie_name(self.house.settings, "visit")
        if name not in self.cookies:
            self.get("/sign-in")
        return csrf_token_for(self.house, f"visit:{self.cookies[name]}")
