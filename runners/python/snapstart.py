"""Code that a template has loaded. A part of runner.py in a file of its own: compiled with it, as one module."""

_LOAD_S = 60
_kept = None


def load_ahead(settings, sources, code_dir):
    """load() in the template, for all its copies."""
    global _kept, _loop, _preloaded
    try:
        with _Alarm(_LOAD_S):
            loaded = load(settings, sources, code_dir)
    except BaseException as error:
        _say(_format(error))
        raise
    finally:
        _flush()
    if _loop is not None:  # its descriptors must not be shared by the copies
        _loop.close()
        _asyncio.set_event_loop(None)
        _loop = None
    _kept = (_module, _entry, _sys.argv[:], Context.function_name, Context.function_version)
    _know()
    _preloaded = True
    return loaded


def resume(code_dir):
    """In a copy whose template has loaded this very code. The files are written; settings are the
    same, so that the environment is as the code has left it."""
    global _module, _code_dir, _entry
    _module, _entry, _sys.argv[:], Context.function_name, Context.function_version = _kept
    _code_dir = f"{code_dir}/"
    _os.chdir(code_dir)
    for path in list(_sys.path_importer_cache):
        if path == code_dir or path.startswith(_code_dir):  # another directory of the same name
            del _sys.path_importer_cache[path]
    restore = getattr(_module, "after_restore", None)
    if callable(restore):
        result = restore()
        if _inspect.isawaitable(result):
            wait(result)
