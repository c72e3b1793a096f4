"""An external issuer for tests: an HTTP server with a list of keys that the test changes, and tokens of any kind."""

import base64
import hashlib
import hmac
import http.server
import json
import threading
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

AUDIENCE = "virga-tests"


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value, size):
    return b64(value.to_bytes(size, "big"))


class Key:
    def __init__(self, kid, alg="RS256"):
        self.kid, self.alg = kid, alg
        self.private = rsa.generate_private_key(65537, 2048) if alg == "RS256" else ec.generate_private_key(ec.SECP256R1())

    @property
    def jwk(self):
        public = self.private.public_key().public_numbers()
        if self.alg == "RS256":
            return {"kty": "RSA", "kid": self.kid, "use": "sig", "n": number(public.n, 256), "e": number(public.e, 3)}
        return {"kty": "EC", "kid": self.kid, "crv": "P-256", "x": number(public.x, 32), "y": number(public.y, 32)}

    @property
    def pem(self):
        return self.private.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    def sign(self, data):
        if self.alg == "RS256":
            return self.private.sign(data, padding.PKCS1v15(), hashes.SHA256())
        r, s = utils.decode_dss_signature(self.private.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def join(header, claims, sign):
    text = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}"
    return f"{text}.{b64(sign(text.encode()))}"


class Issuer:
    """`fetches` counts requests; `keys` is what the list holds; `away` answers 500; while `ready` is clear nothing is answered."""

    def __init__(self):
        self.keys, self.fetches, self.away, self.ready = [], 0, False, threading.Event()
        self.ready.set()
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.fetches += 1
                issuer.ready.wait()
                answer = issuer.answer(self.path)
                self.send_response(500 if issuer.away else 200 if answer else 404)
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, path):
        return {
            "/.well-known/openid-configuration": {"issuer": self.url, "jwks_uri": self.url + "/keys"},
            "/keys": {"keys": [key.jwk for key in self.keys]},
        }.get(path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ready.set()
        self.server.shutdown()
        self.server.server_close()

    def claims(self, subject="subject", **more):
        claims = {"iss": self.url, "aud": AUDIENCE, "sub": subject, "exp": time.time() + 300, **more}
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, key, subject="subject", header=None, **more):
        return join({"alg": key.alg, "kid": key.kid, **(header or {})}, self.claims(subject, **more), key.sign)

    def confused_token(self, key):
        """Signed with the public key as if it were a shared secret."""
        return join({"alg": "HS256", "kid": key.kid}, self.claims(),
                    lambda text: hmac.new(key.pem, text, hashlib.sha256).digest())

    def unsigned_token(self):
        return join({"alg": "none"}, self.claims(), lambda text: b"")
