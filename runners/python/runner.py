"""The Python half of the runner: loads the user's code, describes failures, waits for coroutines.

Embedded into virga-python and run once, in the template, before any user code. serve.c calls the
names that do not start with an underscore; everything here that a warm call passes is hot, the
rest may take its time. User code shares the interpreter: nothing here is a line of defence.
"""

import os as _os
import sys as _sys

_at_start = frozenset(_sys.modules)

# What the modules below want done after a fork is for programs that user code forks. A copy of the
# template, which has one thread and holds no lock, needs little of it, and running it would cost each
# copy 150 page faults: so it is noted here and registered in the copy (see awaken).
_fork_hooks = []
_register_at_fork = _os.register_at_fork
_os.register_at_fork = lambda **hooks: _fork_hooks.append(hooks)

# asyncio needs nothing of ssl until somebody opens a TLS connection, and OpenSSL would add a
# quarter to the mappings that every copy of the template pays for. See _Tls below.
_sys.modules["ssl"] = None
import asyncio as _asyncio
del _sys.modules["ssl"]
import asyncio.sslproto as _sslproto
import builtins as _builtins
import errno as _errno
import inspect as _inspect
import io as _io
import json as _json
import signal as _signal
import threading as _threading
import time as _time
import traceback as _traceback
import types as _types
from importlib.machinery import ModuleSpec as _ModuleSpec
from importlib.machinery import SourceFileLoader as _SourceFileLoader
from json import encoder as _encoder
from json import scanner as _scanner

# Ahead of time what functions import most: an import costs a cold call its milliseconds.
import _sitebuiltins
import base64, collections, dataclasses, datetime, decimal, enum, functools, itertools  # noqa: F401
import linecache, logging, math, random, re, string, typing, urllib.parse, uuid  # noqa: E401, F401

_os.register_at_fork = _register_at_fork
_AHEAD = frozenset(_sys.modules) - _at_start
_MESSAGE_MAX = 8 << 10
_TRACEBACK_MAX = 64 << 10
_ORIGINS_MAX = 8  # clients wrap what the socket said several times
_EAI_AGAIN = -3  # as socket.EAI_AGAIN, without that module

_builtins.exit = _sitebuiltins.Quitter("exit", "Ctrl-D (i.e. EOF)")
_builtins.quit = _sitebuiltins.Quitter("quit", "Ctrl-D (i.e. EOF)")


# JSON. serve.c calls scan(text, 0) -> (event, end) and encode(result, 0) -> pieces.

class _Json(TypeError):
    """A result that is no JSON."""


def _refuse_constant(name):
    raise ValueError(f"{name} is not JSON")


def _refuse_type(value):
    raise _Json


scan = _scanner.c_make_scanner(_json.JSONDecoder(parse_constant=_refuse_constant))
encode = _encoder.c_make_encoder(None, _refuse_type, _encoder.encode_basestring, None,
                                 ":", ",", False, False, False)


def convert(result):
    """What to send of a result that encode has refused: bytes in the form of JSON, a tuple for
    stream(), or None when there is no way to send it."""
    if isinstance(result, _BYTES):
        return {"isBase64Encoded": True, "body": base64.b64encode(result).decode()}
    if _is_stream(result):
        return result, {}
    if isinstance(result, dict) and isinstance(result.get("body"), _BYTES):
        body = base64.b64encode(result["body"]).decode()
        return {**result, "body": body, "isBase64Encoded": True}
    if isinstance(result, dict) and _is_stream(result.get("body")):
        return result["body"], {key: result[key] for key in _OPENING if key in result}
    return None


_BYTES = (bytes, bytearray, memoryview)
_OPENING = ("statusCode", "headers", "multiValueHeaders", "cookies")


def _is_stream(value):
    """Generators and iterators of both kinds; not what is merely iterable, such as a set."""
    return hasattr(type(value), "__next__") or hasattr(type(value), "__aiter__")


def explain(result, error):
    """The exception to report instead of `error`, which encode(result) has raised."""
    try:
        return _find_fault(result, "result", set()) or error
    except Exception:
        return error


def _find_fault(value, path, seen):
    kind = type(value).__name__
    if value is None or isinstance(value, (str, int)):
        return None
    if isinstance(value, float):
        plain = value == value and value not in (float("inf"), float("-inf"))
        return None if plain else ValueError(f"result has {value!r}, which is not JSON{_at(path)}")
    if not isinstance(value, (dict, list, tuple)):
        return TypeError(f"result of type '{kind}' is not JSON{_at(path)}")
    if id(value) in seen:
        return ValueError(f"result contains itself and is not JSON{_at(path)}")
    seen.add(id(value))
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        if isinstance(value, dict) and not (
                key is None or isinstance(key, (str, int, float))):
            return TypeError(f"result has a key of type '{type(key).__name__}', "
                             f"JSON has only text as keys{_at(path)}")
        fault = _find_fault(item, f"{path}[{key!r}]", seen)
        if fault:
            return fault
    seen.discard(id(value))
    return None


def _at(path):
    return "" if path == "result" else f" (at {path if len(path) < 200 else path[:200] + '...'})"


def too_long(size, limit):
    return _ResultTooLong(f"result of {size} bytes is over the limit of {limit} bytes")


class _ResultTooLong(ValueError):
    pass


_ResultTooLong.__name__ = "ResultTooLong"


# The second argument of a handler.

class Context:
    """About the call: attributes, and the same names as keys. Times are milliseconds."""

    __slots__ = ("call_id", "_deadline_us")
    function_name = ""
    function_version = 0
    runtime = "python"

    def __init__(self, call_id, deadline_us):
        self.call_id = call_id
        self._deadline_us = deadline_us

    @property
    def aws_request_id(self):
        return self.call_id

    @property
    def deadline(self):
        """When the call is ended, in seconds of time.monotonic()."""
        return self._deadline_us / 1e6

    def get_remaining_time_in_millis(self):
        return max(0, (self._deadline_us - _time.monotonic_ns() // 1000) // 1000)

    def keys(self):
        return ("function_name", "function_version", "call_id", "aws_request_id", "runtime",
                "deadline")

    def __getitem__(self, key):
        if key in self.keys():
            return getattr(self, key)
        raise KeyError(key)

    def __contains__(self, key):
        return key in self.keys()

    def __iter__(self):
        return iter(self.keys())

    def __len__(self):
        return len(self.keys())

    def get(self, key, default=None):
        return self[key] if key in self.keys() else default

    def __repr__(self):
        return f"Context({dict(self)})"


# Loading

_os.environ.clear()
_os.environ.update({"HOME": "/tmp", "TMPDIR": "/tmp", "LANG": "C.UTF-8",
                    "PATH": "/usr/local/bin:/usr/bin:/bin"})


def awaken():
    """Once in every copy, before anything else."""
    for hooks in _fork_hooks:
        _register_at_fork(**hooks)
    random.seed()
    if _preloaded:
        _reseed()
    _threading.main_thread()._set_native_id()


class _HandlerError(Exception):
    """What is wrong with the handler's name; says all there is to say without a traceback."""


_HandlerError.__name__ = "HandlerError"

_code_dir = "/code/"  # with the slash
_entry = None  # the handler's file below it, once known
_module = None  # the handler's


def load(settings, sources, code_dir):
    """(handler, number of arguments it takes, longest result in bytes).

    `sources` holds the files at the top of the code directory, which are there on disk too, and
    "name/__init__.py" of packages there (without the text).
    """
    settings, _ = scan(settings.decode(), 0)
    if settings["environment"]:
        _add_environment(settings["environment"])
    Context.function_name = settings["function"]
    Context.function_version = settings["version"]
    global _code_dir, _entry, _module
    _code_dir, _entry = f"{code_dir}/", None
    _os.chdir(code_dir)
    _sys.path.insert(0, code_dir)
    module_name, _, name = settings["handler"].rpartition(".")
    if not module_name or not name or "" in module_name.split("."):
        raise _HandlerError(f"handler '{settings['handler']}' must read 'file.function'")
    file = module_name.replace(".", "/") + ".py"
    _sys.argv[:] = [f"{code_dir}/{file}"]
    _entry = file
    _module = _import_module(module_name, file, sources, code_dir)
    handler = _find_handler(_module, name, file)
    if _is_coroutine_function(handler):
        _event_loop()
    return handler, _argument_count(handler, name), settings["result_limit"]


def _add_environment(ours):
    _os.environ.update(ours)
    if "TZ" in ours:
        _time.tzset()


def _import_module(name, file, sources, code_dir):
    _forget_hidden(sources)
    source = sources.get(file)
    if source is not None:
        return _run_source(name, f"{code_dir}/{file}", source)
    try:
        __import__(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name + ".").startswith(error.name + "."):
            raise _HandlerError(_no_module(name, file, code_dir)) from None
        raise
    return _sys.modules[name]


def _no_module(name, file, code_dir):
    there = sorted(entry for entry in _os.listdir(code_dir) if not entry.startswith("."))
    return f"no file '{file}' for the handler; the code has: {', '.join(there[:10]) or 'nothing'}"


def _run_source(name, path, source):
    """What `import name` does, without looking for the file that has just been written."""
    code = compile(source, path, "exec", dont_inherit=True)
    loader = _SourceFileLoader(name, path)
    spec = _ModuleSpec(name, loader, origin=path)
    module = _types.ModuleType(name)
    module.__spec__, module.__loader__, module.__package__ = spec, loader, ""
    module.__file__, module.__builtins__ = path, _builtins
    _sys.modules[name] = module
    exec(code, module.__dict__)
    return _sys.modules.get(name, module)


def _find_handler(module, name, file):
    try:
        handler = getattr(module, name)
    except AttributeError:
        raise _HandlerError(f"handler '{name}' not found in {file}{_hint(module, name)}") from None
    if not callable(handler):
        raise _HandlerError(
            f"handler '{name}' in {file} is of type '{type(handler).__name__}', not a function")
    return handler


def _hint(module, name):
    """Names the functions that the file itself defines, the most similar first."""
    import difflib
    names = [key for key, value in vars(module).items()
             if _inspect.isfunction(value) and value.__module__ == module.__name__]
    names.sort(key=lambda key: -difflib.SequenceMatcher(None, key, name).ratio())
    return f"; it has: {', '.join(names[:5])}" if names else "; it has no functions"


def _is_coroutine_function(handler):
    if type(handler) is _types.FunctionType:  # nearly always: spares a walk through inspect
        return bool(handler.__code__.co_flags & _inspect.CO_COROUTINE)
    return _inspect.iscoroutinefunction(handler)


def _argument_count(handler, name):
    """0, 1 or 2: () or (event) or (event, context), by what the signature takes."""
    code = getattr(handler, "__code__", None)
    if type(handler) is _types.FunctionType and not handler.__dict__ and not (
            code.co_flags & _inspect.CO_VARARGS or code.co_kwonlyargcount or code.co_argcount > 2):
        return code.co_argcount
    try:
        parameters = _inspect.signature(handler).parameters.values()
    except (TypeError, ValueError):  # written in C, without a signature
        return 1
    P = _inspect.Parameter
    if any(p.kind is P.VAR_POSITIONAL for p in parameters):
        return 2
    places = [p for p in parameters if p.kind in (P.POSITIONAL_ONLY, P.POSITIONAL_OR_KEYWORD)]
    required = [p.name for p in parameters if p.default is P.empty and p.kind is not P.VAR_KEYWORD]
    if len(required) > 2 or any(p.kind is P.KEYWORD_ONLY and p.name in required
                                for p in parameters):
        raise _HandlerError(f"handler '{name}' requires {', '.join(required)}; "
                            "it is called with (event) or (event, context)")
    return min(len(places), 2)


_REHEARSAL = b"""import json, os
def handler(event, context):
    print("", end="")
    left = context.get_remaining_time_in_millis()
    if "fail" in event:
        raise KeyError(event["fail"])
    return {"event": event, "left": left, "text": f"caf\\u00e9 {len(event)}", "list": [1, 2.5, None]}
"""


_REHEARSAL_SETTINGS = _json.dumps({
    "function": "rehearsal", "version": 1, "handler": "virga_rehearsal.handler",
    "environment": {"VIRGA_REHEARSAL": "value", "VIRGA_REHEARSALS": "value"}, "result_limit": 1 << 20}).encode()


def rehearse():
    """A load of made-up code, so that the real one finds warm what it needs."""
    try:
        return load(_REHEARSAL_SETTINGS, {"virga_rehearsal.py": _REHEARSAL}, "/")
    finally:
        _sys.modules.pop("virga_rehearsal", None)
        del _os.environ["VIRGA_REHEARSAL"], _os.environ["VIRGA_REHEARSALS"]
        del _sys.path[0]


def rehearse_coroutines():
    """In the template only: the loop's descriptors must not be shared by its copies."""
    async def pause():
        await _asyncio.sleep(0)
    for _ in range(20):
        wait(pause())
    _loop.close()
    _asyncio.set_event_loop(None)


# Coroutines

_loop = None


def wait(awaitable):
    """Runs an awaitable to its end on the one loop that lives as long as the slot."""
    if not _asyncio.iscoroutine(awaitable):
        awaitable = _await(awaitable)
    return _event_loop().run_until_complete(awaitable)


async def _await(awaitable):
    return await awaitable


def _event_loop():
    global _loop
    if _loop is None or _loop.is_closed():
        _loop = _asyncio.new_event_loop()
        _asyncio.set_event_loop(_loop)
    return _loop


class _Tls:
    """Stands for the ssl module inside asyncio until TLS is used for the first time."""

    def __getattr__(self, name):
        import ssl
        for module in list(_sys.modules.values()):
            if getattr(module, "__dict__", {}).get("ssl") is self:
                module.ssl = ssl
        _sslproto.SSLAgainErrors = (ssl.SSLWantReadError, ssl.SSLSyscallError)
        return getattr(ssl, name)


def _defer_tls():
    tls = _Tls()
    for name, module in list(_sys.modules.items()):
        if name.startswith("asyncio.") and module.__dict__.get("ssl", tls) is None:
            module.ssl = tls


_defer_tls()


# Results in pieces

class _Pieces:
    """Makes frames of what a source yields. `opening` is None once it was sent."""

    def __init__(self, opening, send):
        self.opening, self.send = opening, send
        if opening:
            self.open(opening)

    def open(self, opening):
        text = _as_json(opening)
        if len(text) > _OPENING_MAX:
            raise ValueError(f"statusCode and headers of {len(text)} bytes are over the limit of "
                             f"{_OPENING_MAX} bytes")
        self.opening = None
        self.send(_STREAM, text)

    def take(self, piece):
        if self.opening is not None:
            if _is_opening(piece):
                return self.open(piece)
            self.open({})
        if isinstance(piece, str):
            piece = piece.encode()
        elif not isinstance(piece, _BYTES):
            piece = _as_json(piece) + b"\n"
        self.send(_CHUNK, piece)

    def end(self):
        if self.opening is not None:
            self.open({})


_STREAM, _CHUNK = 0x85, 0x86
_OPENING_MAX = 32 << 10


def _is_opening(piece):
    return isinstance(piece, dict) and ("statusCode" in piece or list(piece) == ["headers"])


def _as_json(value):
    try:
        return "".join(encode(value, 0)).encode("utf-8", "backslashreplace")
    except (TypeError, ValueError) as error:
        raise explain(value, error) from None


def stream(result, send):
    """Sends what convert() has said. Each piece goes out when it comes; send(type, bytes) waits while
    the server takes no more."""
    source, opening = result
    if hasattr(type(source), "__aiter__"):
        return wait(_stream_async(source, _Pieces(opening, send)))
    pieces = _Pieces(opening, send)
    try:
        for piece in source:
            pieces.take(piece)
    finally:
        if hasattr(source, "close"):
            source.close()
    pieces.end()


async def _stream_async(source, pieces):
    """In one task from beginning to end: timeouts and task groups may span a yield."""
    try:
        async for piece in source:
            pieces.take(piece)
    finally:
        if hasattr(source, "aclose"):
            await source.aclose()
    pieces.end()


# Failures

def failure(error, phase):
    """FAILED's payload for an exception of the `phase` "load" or "call"."""
    try:
        kind, message = _summary(error, phase)
        text = "" if isinstance(error, _HandlerError) else _format(error)
    except BaseException as second:
        kind, message = type(error).__name__, "(its description failed too)"
        text = f"{type(second).__name__} while the traceback was made"
    described = {"type": kind, "message": _bounded(message, _MESSAGE_MAX),
                 "traceback": _bounded(text, _TRACEBACK_MAX), **_place(error),
                 **_missing(error), **_offline(error)}
    # Not as an escape: the server takes no half of a surrogate pair, and the failure would be lost.
    return _json.dumps(described, ensure_ascii=False).encode("utf-8", "replace")


def _offline(error):
    """That `error` came of no network, as a member for failure(): no route, or no answer to a name."""
    for _ in range(_ORIGINS_MAX):
        if isinstance(error, OSError) and error.errno in (_errno.ENETUNREACH, _EAI_AGAIN):
            return {"offline": True}
        error = getattr(error, "__cause__", None) or getattr(error, "__context__", None)
    return {}


def _summary(error, phase):
    kind = type(error).__name__
    if isinstance(error, SystemExit):
        code = "" if error.code is None else repr(error.code)
        who = "handler" if phase == "call" else "code"
        return kind, f"{who} called sys.exit({_bounded(code, 200)})"
    try:
        return kind, str(error)
    except Exception as second:
        return kind, f"(its text failed with {type(second).__name__})"


def _format(error):
    """As Python prints it, without the frames between the runner and the user's code."""
    described = _traceback.TracebackException(
        type(error), error, _user_frames(error.__traceback__), compact=True)
    return "".join(described.format())


_ASYNCIO = _os.path.dirname(_asyncio.__file__) + "/"


def _user_frames(tb):
    """Cuts the front of a traceback; keeps all of it when it never leaves that front."""
    at = tb
    while at is not None and _is_ours(at.tb_frame.f_code.co_filename):
        at = at.tb_next
    return at


_HERE = _user_frames.__code__.co_filename


def _is_ours(file):
    return file == _HERE or file.startswith((_ASYNCIO, "<frozen importlib"))


def _bounded(text, limit):
    """Cut in the middle, since both ends of a traceback matter. `limit` counts UTF-8 bytes."""
    data = text.encode("utf-8", "surrogatepass")
    if len(data) <= limit:
        return text
    half = limit // 2 - 40
    head = data[:half].decode("utf-8", "ignore")
    tail = data[-half:].decode("utf-8", "ignore")
    return f"{head}\n... {len(data) - 2 * half} bytes left out ...\n{tail}"


# Standard output and error

def open_streams(signal_number, on_tick):
    """(stdout, stderr) for a copy: both collect, output.c flushes them once per call."""
    _signal.signal(signal_number, lambda *_: on_tick())
    _signal.siginterrupt(signal_number, False)
    _sys.stdout = _sys.__stdout__ = _stream(1, "<stdout>", "surrogateescape")
    _sys.stderr = _sys.__stderr__ = _stream(2, "<stderr>", "backslashreplace")
    return _sys.stdout, _sys.stderr


def _stream(fd, name, errors):
    raw = _io.FileIO(fd, "w", closefd=False)
    raw.name = name
    return _io.TextIOWrapper(_io.BufferedWriter(raw, 1 << 16), "utf-8", errors, "\n")
