"""Single-purpose tokens: the bad ones that must all be refused (A2)."""

import base64
import hashlib
import hmac
import json
import string
import subprocess
import sys
from datetime import timedelta

import pytest
from jose import jwt

from webapp.tokens import ISSUER, LONGEST, Purpose, TokenRefused, Tokens

NOW = 1_800_000_000
WEEK = timedelta(days=7)


def derive(purpose: str) -> bytes:
    return hashlib.sha256(b"test" + purpose.encode()).digest()


KEY = derive("token:invite")


@pytest.fixture
def tokens():
    return Tokens(derive, clock=lambda: NOW)


def header(**changes):
    kid = derive("token key id:invite").hex()[:8]
    return {"alg": "HS256", "typ": "hausbote+invite", "kid": kid} | changes


def claims(**changes):
    good = {"iss": ISSUER, "aud": "invite", "sub": "7", "jti": "abc", "epoch": 0}
    return {**good, "iat": NOW, "nbf": NOW, "exp": NOW + 3600} | changes


def b64(data) -> str:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def forge(head, body, key=KEY, digest=hashlib.sha256) -> str:
    signed = f"{b64(head)}.{b64(body)}"
    return f"{signed}.{b64(hmac.new(key, signed.encode(), digest).digest())}"


def without(mapping, name):
    return {key: value for key, value in mapping.items() if key != name}


def test_a_token_says_what_it_was_given(tokens):
    got = tokens.check(Purpose.INVITE, tokens.issue(Purpose.INVITE, "42", WEEK, epoch=3))
    assert (got.subject, got.epoch, got.purpose) == ("42", 3, Purpose.INVITE)
    assert got.expires_at - got.issued_at == 7 * 24 * 3600


def test_the_forger_of_these_tests_makes_good_ones(tokens):
    assert tokens.check(Purpose.INVITE, forge(header(), claims())).subject == "7"


def test_every_token_has_another_id(tokens):
    made = {tokens.check(Purpose.INVITE, tokens.issue(Purpose.INVITE, "1", WEEK)).token_id for _ in range(50)}
    assert len(made) == 50


def test_no_token_lives_longer_than_its_purpose_allows(tokens):
    for lifetime in (WEEK + timedelta(seconds=1), timedelta(0), timedelta(seconds=-1)):
        with pytest.raises(ValueError):
            tokens.issue(Purpose.INVITE, "1", lifetime)
    with pytest.raises(ValueError):
        tokens.issue(Purpose.PASSWORD_RESET, "1", timedelta(hours=2))


BAD = {
    "nothing": "",
    "one segment": "abc",
    "two segments": f"{b64(header())}.{b64(claims())}",
    "five segments (encrypted)": ".".join([b64(header())] * 5),
    "no signature": f"{b64(header())}.{b64(claims())}.",
    "longer than allowed": forge(header(), claims(sub="x" * LONGEST)),
    "white space around it": f" {forge(header(), claims())}\n",
    "alg none": f"{b64(header(alg='none'))}.{b64(claims())}.",
    "alg none with a signature": forge(header(alg="none"), claims()),
    "alg HS512": forge(header(alg="HS512"), claims(), digest=hashlib.sha512),
    "alg HS512 cut to length": forge(header(alg="HS512"), claims()),
    "alg RS256": forge(header(alg="RS256"), claims()),
    "alg in lower case": forge(header(alg="hs256"), claims()),
    "alg as a list": forge(header(alg=["HS256"]), claims()),
    "no alg": forge(without(header(), "alg"), claims()),
    "typ JWT": forge(header(typ="JWT"), claims()),
    "typ of another purpose": forge(header(typ="hausbote+password-reset"), claims()),
    "no typ": forge(without(header(), "typ"), claims()),
    "another kid": forge(header(kid="00000000"), claims()),
    "a kid that is a path": forge(header(kid="../../dev/null"), claims()),
    "no kid": forge(without(header(), "kid"), claims()),
    "crit": forge(header(crit=["exp"]), claims()),
    "unknown crit": forge(header(crit=["x-house"]), claims()),
    "jku": forge(header(jku="https://evil.example/keys"), claims()),
    "jwk": forge(header(jwk={"kty": "oct", "k": b64(KEY)}), claims()),
    "x5u": forge(header(x5u="https://evil.example/cert"), claims()),
    "b64 false": forge(header(b64=False), claims()),
    "header said twice": forge(b'{"alg":"HS256","alg":"HS256","typ":"hausbote+invite"}', claims()),
    "header is a list": forge([header()], claims()),
    "header is no JSON": forge(b"\xff\xfe", claims()),
    "deep header": forge(b"[" * 1400, claims()),
    "signed with an empty key": forge(header(), claims(), key=b""),
    "signed with another purpose's key": forge(header(), claims(), key=derive("token:password-reset")),
    "signed with another house's key": forge(header(), claims(), key=b"x" * 32),
    "no aud": forge(header(), without(claims(), "aud")),
    "another aud": forge(header(), claims(aud="password-reset")),
    "aud as a list": forge(header(), claims(aud=["invite", "password-reset"])),
    "no iss": forge(header(), without(claims(), "iss")),
    "another iss": forge(header(), claims(iss="https://evil.example")),
    "iss as a list": forge(header(), claims(iss=[ISSUER])),
    "no sub": forge(header(), without(claims(), "sub")),
    "sub as a number": forge(header(), claims(sub=7)),
    "empty sub": forge(header(), claims(sub="")),
    "no jti": forge(header(), without(claims(), "jti")),
    "jti as a number": forge(header(), claims(jti=7)),
    "no exp": forge(header(), without(claims(), "exp")),
    "exp as text": forge(header(), claims(exp=str(NOW + 3600))),
    "exp as a fraction": forge(header(), claims(exp=NOW + 3600.5)),
    "exp as true": forge(header(), claims(exp=True)),
    "exp null": forge(header(), claims(exp=None)),
    "exp without end": forge(header(), json.dumps(claims()).replace(str(NOW + 3600), "Infinity").encode()),
    "expired": forge(header(), claims(iat=NOW - 7200, nbf=NOW - 7200, exp=NOW - 6)),
    "lives too long": forge(header(), claims(exp=NOW + 8 * 24 * 3600)),
    "ends before it begins": forge(header(), claims(exp=NOW - 1)),
    "no iat": forge(header(), without(claims(), "iat")),
    "iat in the future": forge(header(), claims(iat=NOW + 60, nbf=NOW, exp=NOW + 3600)),
    "no nbf": forge(header(), without(claims(), "nbf")),
    "not yet": forge(header(), claims(nbf=NOW + 60)),
    "no epoch": forge(header(), without(claims(), "epoch")),
    "epoch as text": forge(header(), claims(epoch="0")),
    "a claim too many": forge(header(), claims(admin=True)),
    "a claim said twice": forge(header(), json.dumps(claims())[:-1].encode() + b', "sub": "1"}'),
    "claims are a list": forge(header(), [claims()]),
    "claims are no JSON": forge(header(), b"house"),
}


@pytest.mark.parametrize("token", BAD.values(), ids=BAD.keys())
def test_a_bad_token_is_refused(tokens, token):
    with pytest.raises(TokenRefused):
        tokens.check(Purpose.INVITE, token)


def test_any_changed_character_is_refused(tokens):
    good = tokens.issue(Purpose.INVITE, "7", WEEK)
    for position, sign in enumerate(good):
        other = "A" if sign != "A" else "B"
        with pytest.raises(TokenRefused):
            tokens.check(Purpose.INVITE, good[:position] + other + good[position + 1 :])


def test_bits_of_the_signature_that_mean_nothing_must_not_be_set(tokens):
    good = tokens.issue(Purpose.INVITE, "7", WEEK)
    signs = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
    for more in (1, 2, 3):
        with pytest.raises(TokenRefused):
            tokens.check(Purpose.INVITE, good[:-1] + signs[signs.index(good[-1]) + more])


def test_a_token_is_good_for_its_purpose_only(tokens):
    with pytest.raises(TokenRefused):
        tokens.check(Purpose.PASSWORD_RESET, tokens.issue(Purpose.INVITE, "7", timedelta(minutes=5)))


def test_a_token_of_the_library_with_its_own_defaults_is_refused(tokens):
    with pytest.raises(TokenRefused):
        tokens.check(Purpose.INVITE, jwt.encode(claims(), KEY, algorithm="HS256"))


def test_nobody_else_knows_the_library():
    code = "import webapp.passwords, webapp.vault, webapp.messaging.names, sys; print('jose' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
        == "False"
    )
