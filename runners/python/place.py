"""Where the user's code failed. The end of runner.py in a file of its own: compiled with it, as one module."""


def _place(error):
    """Where the user's code failed, as members for failure(); nothing when that is not known."""
    try:
        file, line, column = (_place_of_handler(error) or _place_of_syntax(error)
                              or _place_of_frame(error.__traceback__))
    except Exception:
        return {}
    return {"file": file, "line": line, "column": column} if file else {}


def _place_of_handler(error):
    if isinstance(error, _HandlerError):
        there = _entry is not None and _os.path.exists(_code_dir + _entry)
        return (_entry, 1, None) if there else (None, None, None)
    return None


def _place_of_syntax(error):
    """Of code that does not compile; not of what the user's code compiles itself, which has no file."""
    if isinstance(error, SyntaxError) and isinstance(error.filename, str) \
            and error.filename.startswith(_code_dir) and error.lineno:
        column = error.offset if error.offset and error.offset > 0 else None
        return error.filename[len(_code_dir):], error.lineno, column
    return None


def _place_of_frame(tb):
    """The innermost line of the user's."""
    last = None
    while tb is not None:
        if tb.tb_frame.f_code.co_filename.startswith(_code_dir):
            last = tb
        tb = tb.tb_next
    if last is None:
        return None, None, None
    path = last.tb_frame.f_code.co_filename
    return path[len(_code_dir):], last.tb_lineno, _column(last, path)


def _column(tb, path):
    """Counted in characters, where Python counts bytes."""
    positions = tb.tb_frame.f_code.co_positions()
    line, _, at, _ = next(itertools.islice(positions, tb.tb_lasti // 2, None), (None,) * 4)
    if at is None or line != tb.tb_lineno:
        return None
    return len(linecache.getline(path, line).encode()[:at].decode("utf-8", "replace")) + 1
