# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tokens and sessions: who may do what, and what the original forgets to check."""

import base64
import binascii
import hashlib
import hmac
import uuid

from .clock import iso
from .http import error, guarded, success, unauthorized
from .javascript import dump_json, parse_json

REFRESH_LIFETIME = 7 * 24 * 3600  # s
SECRET = b"classic-stand-in"  # as an environment variable of the original: the same after a restart
MISSING = (None, "", 0, False)


def _encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text):
    return base64.b64decode(text.translate({45: "+", 95: "/"}) + "=" * (-len(text) % 4), validate=True)


def _sign(text):
    return hmac.digest(SECRET, text.encode(), hashlib.sha256)


class Auth:
    """Signs in, refreshes, signs out, and tells who a request comes from."""

    def __init__(self, clock, database, lifetime, fixed_refresh):
        self._clock = clock
        self._database = database
        self._lifetime = lifetime
        self._fixed_refresh = fixed_refresh

    def make_token(self, payload):
        """A JWT. Its payload is Latin-1; a character beyond raises ValueError, as in the original."""
        now = self._clock.seconds()
        payload = dump_json({**payload, "iat": now, "exp": now + self._lifetime}).decode().encode("latin-1")
        text = f'{_encode(dump_json({"alg": "HS256", "typ": "JWT"}))}.{_encode(payload)}'
        return f"{text}.{_encode(_sign(text))}"

    def verify(self, token):
        """The payload if signature and time are right; nothing else is looked at."""
        try:
            head, payload, signature = token.split(".")
            if not hmac.compare_digest(_decode(signature), _sign(f"{head}.{payload}")):
                return None
            document = parse_json(_decode(payload).decode("latin-1"))
            expires = document.get("exp", self._clock.seconds())
            return document if (expires or 0) >= self._clock.seconds() else None
        except (ValueError, binascii.Error, AttributeError, TypeError):
            return None

    def bearer(self, request):
        """The payload of a request's token."""
        scheme, _, token = request.headers.get("authorization", "").partition("Bearer ")
        return self.verify(token) if not scheme and token else None

    def authenticate(self, request):
        """The payload if its session is still there. Raises for a token that names none."""
        payload = self.bearer(request)
        if payload is None:
            return None
        session = payload["session_id"]
        known = self._database.query("sessions", "SELECT 1 FROM sessions WHERE id = ? AND is_revoked = 0", session)
        if not known:
            return None
        self._database.query(
            "sessions", "UPDATE sessions SET last_accessed = CURRENT_TIMESTAMP WHERE id = ?", session
        )
        return payload

    @guarded
    def login(self, request):
        members = _members(request)
        email, password = members.get("email"), members.get("password")
        if email in MISSING or password in MISSING:
            return error(400, "Email dan password diperlukan", 400)
        users = self._database.query("users", "SELECT * FROM users WHERE email = ? AND status = 'active'", email)
        if not users or users[0]["password_hash"] != hashlib.sha256(str(password).encode()).hexdigest():
            return error(401, "Email atau password salah", 401)
        user = users[0]
        session, refresh_token = str(uuid.uuid4()), str(uuid.uuid4())
        now = self._clock.now()
        self._database.query(
            "sessions", "INSERT INTO sessions (id, user_id, token, expires_at, ip_address, user_agent, "
            "refresh_token, refresh_token_expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            session, user["id"], session, iso(now + self._lifetime * 1000), request.address,
            request.headers.get("user-agent", "unknown"), refresh_token, iso(now + REFRESH_LIFETIME * 1000),
        )
        shown = {key: user[key] for key in ("id", "name", "email", "role")}
        shown.update(extraRole=user["extra_role"], status=user["status"])
        token = self._token_of(user["id"], user, session)
        return success({"user": shown, "token": token, "refreshToken": refresh_token}, "Login berhasil")

    def _token_of(self, user_id, user, session):
        return self.make_token({
            "user_id": user_id, "email": user["email"], "role": user["role"], "extra_role": user["extra_role"],
            "session_id": session,
        })

    @guarded
    def refresh(self, request):
        refresh_token = _members(request).get("refreshToken")
        if refresh_token in MISSING:
            return error(400, "Refresh token diperlukan")
        # An ISO text against SQLite's form: on one and the same day T is more than a space, so not expired.
        found = self._database.query(
            "sessions", "SELECT s.id AS session, s.user_id, u.* FROM sessions s JOIN users u ON s.user_id = u.id "
            "WHERE s.refresh_token = ? AND s.is_revoked = 0 AND s.refresh_token_expires_at > CURRENT_TIMESTAMP",
            refresh_token,
        )
        if not found:
            return error(401, "Refresh token tidak valid atau kadaluarsa")
        user = found[0]
        # The original reads two columns called id and takes the user's for the session's.
        session = user["session"] if self._fixed_refresh else user["id"]
        self._database.query(
            "sessions", "UPDATE sessions SET expires_at = ?, last_accessed = CURRENT_TIMESTAMP WHERE id = ?",
            iso(self._clock.now() + self._lifetime * 1000), session,
        )
        return success({"token": self._token_of(user["user_id"], user, session)}, "Token berhasil diperbarui")

    @guarded
    def logout(self, request):
        payload = self.authenticate(request)
        if payload is None:
            return unauthorized()
        self._database.query(
            "sessions", "UPDATE sessions SET is_revoked = 1, refresh_token = NULL WHERE id = ?", payload["session_id"]
        )
        return success(None, "Logout berhasil")


def _members(request):
    """What a body has to say; null says so little that it is an error."""
    document = parse_json(request.body)
    if document is None:
        raise ValueError("null has no members")
    return document if isinstance(document, dict) else {}
