"""Packages in a layer. A part of runner.py in a file of its own: compiled with it, as one module."""

_MODULE_S, _MODULES_S = 20, 60  # for one module, and for all that are imported ahead
_MODULES_MAX = 64 << 10
_NAME_MAX = 255
_CAUSES_MAX = 4

# BLAS and OpenMP make a thread per processor when they are loaded. A template with threads cannot be
# copied, and a slot has half a processor unless it asked for more.
_THREADS = {name: "1" for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS",
                                   "NUMEXPR_NUM_THREADS")}

_layer = None  # "/opt/layer/python/", once there is one
_known = frozenset()  # modules that were there when the template was made ...
_last = None  # ... and the one that came last
_preloaded = False


def open_layer(path):
    """Whether there is a layer: its packages are found behind everything else then."""
    global _layer
    path += "/python"
    if not _os.path.isdir(path):
        return False
    _layer = path + "/"
    _os.environ.update(_THREADS)
    import site
    try:
        site.addsitedir(path, set(_sys.path))
    except BaseException as error:  # a line of a .pth file may run anything
        _say(f"{path}: {': '.join(_summary(error, 'load'))}")
    _know()
    return True


def _know():
    global _known, _last
    _known, _last = frozenset(_sys.modules), next(reversed(_sys.modules))


def preload(names):
    """Imports modules in the template; those that fail or take too long are left out."""
    global _preloaded
    end = _time.monotonic() + _MODULES_S
    for name in names.decode("ascii", "replace").split("\n"):
        left = min(_MODULE_S, end - _time.monotonic())
        if name and name not in _sys.modules:
            _preload_one(name, left)
    _know()
    _preloaded = True
    _flush()


def _preload_one(name, seconds):
    try:
        with _Alarm(seconds):
            __import__(name)
    except BaseException as error:  # SystemExit and the like too
        _say(f"module '{name}' is not imported ahead: {': '.join(_summary(error, 'load'))}")


class _TooSlow(BaseException):
    """Not an Exception: packages catch those around what they can do without."""


_TooSlow.__name__ = "TooSlow"


class _Alarm:
    """Ends a block of the template's that takes longer; what runs in C is ended when it returns."""

    def __init__(self, seconds):
        self.seconds = seconds

    def __enter__(self):
        if self.seconds <= 0:
            raise _TooSlow("no time is left")
        self.before = _signal.signal(_signal.SIGALRM, self.ring)
        _signal.setitimer(_signal.ITIMER_REAL, self.seconds)

    def ring(self, *_):
        raise _TooSlow(f"takes longer than {self.seconds:.0f} s")

    def __exit__(self, *_):
        _signal.setitimer(_signal.ITIMER_REAL, 0)
        _signal.signal(_signal.SIGALRM, self.before)


def _say(line):
    try:
        _os.write(2, f"virga-python: {_bounded(line, _MESSAGE_MAX)}\n".encode("utf-8", "replace"))
    except Exception:
        pass  # a description that fails, or nobody listens


def _flush():
    for stream in (_sys.stdout, _sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass  # replaced or closed by what was imported


def threads():
    """Of this process, once those that end have ended."""
    for _ in range(100):
        count = len(_os.listdir("/proc/self/task"))
        if count == 1:
            break
        _time.sleep(0.001)  # a thread that was joined is still listed for a moment
    return count


def learned():
    """LOADED's payload: the layer's modules that the load has imported."""
    names, size = [], 0
    for name in reversed(_new_modules()):
        size += len(name) + 1
        if size > _MODULES_MAX:
            break
        if name.isascii() and name.isprintable() and _is_layers(_sys.modules.get(name)):
            names.append(name)
    return "\n".join(names).encode()


def _new_modules():
    """The latest first. From the end, since a look at all that is known would count references to
    it, and so make every page with a module's name the copy's own."""
    names = []
    for name in reversed(_sys.modules):
        if name == _last:
            break
        if name not in _known:
            names.append(name)
    return names


def _is_layers(module):
    try:
        file = vars(module).get("__file__")
    except TypeError:  # packages may put anything there
        return False
    return isinstance(file, str) and file.startswith(_layer)


def _forget_hidden(sources):
    """What was imported ahead must not hide a file or package of the user's with the same name."""
    for path in sources:
        name = path.removesuffix(".py").removesuffix("/__init__")
        if name in _AHEAD or _preloaded and _is_layers(_sys.modules.get(name)):
            for other in [other for other in _sys.modules if other.startswith(name + ".")]:
                if other not in _AHEAD:
                    del _sys.modules[other]
            _sys.modules.pop(name, None)


def _missing(error):
    """The module whose absence caused `error`, as a member for failure()."""
    for _ in range(_CAUSES_MAX):
        if isinstance(error, ModuleNotFoundError) and isinstance(error.name, str):
            return {"module": error.name} if _is_foreign(error.name) else {}
        error = getattr(error, "__cause__", None)
    return {}


def _is_foreign(name):
    first = name.partition(".")[0]
    return (0 < len(name) <= _NAME_MAX and name.isprintable()
            and first not in _sys.stdlib_module_names
            and not _os.path.exists(_code_dir + first)
            and not _os.path.exists(f"{_code_dir}{first}.py"))


def _reseed():
    """In a copy: what would be the same in all copies of a template that has imported packages."""
    uuid._node = uuid._last_timestamp = uuid._generate_time_safe = None
    if "tempfile" in _sys.modules:
        _sys.modules["tempfile"]._name_sequence = None
    try:
        if "_ssl" in _sys.modules:
            _sys.modules["_ssl"].RAND_add(_os.urandom(32), 32.0)
        if "numpy.random" in _sys.modules:
            # With a number, since finding its own seed costs numpy, and so each copy, 110 page faults.
            _sys.modules["numpy.random"].seed(int.from_bytes(_os.urandom(4), "little"))
    except Exception as error:  # a module that was imported in part, or one of the user's
        _say(f"random numbers of a package are not seeded: {': '.join(_summary(error, 'load'))}")
