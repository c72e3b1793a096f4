"""For each rule of scripts/check a tree that must be refused and one that must pass."""

PAGE = "ARCHITECTURE.md"

SAMPLES = {
    "bands": (
        {"src/base/a.c": '#include "engine/engine.h"\n', "src/engine/engine.h": ""},
        {"src/engine/a.c": '#include "base/a.h"\n', "src/base/a.h": ""},
    ),
    "one_header": (
        {"src/cli/a.c": '#include "engine/pool.h"\n', "src/engine/pool.h": ""},
        {"src/cli/a.c": '#include "engine/engine.h"\n', "src/engine/engine.h": ""},
    ),
    "capability_edges": (
        {"src/gateway/a.c": '#include "projects/projects.h"\n', "src/projects/projects.h": "",
         PAGE: "auth -> usage\n"},
        {"src/gateway/a.c": '#include "projects/projects.h"\n', "src/projects/projects.h": "",
         PAGE: "    gateway -> projects\n"},
    ),
    "prefixes": (
        {"src/engine/pool.c": "int\nslot_take(void)\n{\n}\n"},
        {"src/engine/pool.c": "static int a(void)\n{\n}\n\nint pool_take(int b)\n{\n}\n"},
    ),
    "names_exist": (
        {PAGE: "See `engine/gone.c` and `pool_gone()`.\n"},
        {PAGE: "See `engine/pool.c`, `src/engine/` and `pool_take()`; `/usr` and `clone3` are not ours.\n",
         "src/engine/pool.c": "int pool_take(void)\n{\n}\n"},
    ),
    "web_waits": (
        {"web/e2e/a.test.ts": "await page.waitForTimeout(100);\n"},
        {"web/e2e/a.test.ts": "await page.waitForURL('/');\n", "web/src/lib/a.ts": "setTimeout(go, 10);\n"},
    ),
    "web_layers": (
        {"web/src/features/calls/a.tsx": 'import { a } from "@/features/functions/a";\n'},
        {"web/src/features/calls/a.tsx": 'import { a } from "@/features/calls/b";\nimport { b } from "@/components/b";\n',
         "web/src/routes/a.tsx": 'import { a } from "@/features/calls/a";\n'},
    ),
    "lengths": (
        {"src/base/a.c": "\n" * 601, "src/base/a.h": "\n" * 201},
        {"src/base/a.c": "\n" * 600, "src/base/a.h": "\n" * 200},
    ),
    "characters": (
        {"src/base/a.c": 'char *s = "\u00fc";\n', "web/a.ts": "// \U0001f600\n"},
        {"src/base/a.c": '/* a \u2014 b */\nchar *s = "\\xc3\\xbc";\n'},
    ),
    "leftovers": (
        {"src/base/a.c": "/* TO" "DO: later */\n"},
        {"src/base/a.c": "/* Todos los santos */\n"},
    ),
    "sleeps": (
        {"tests/api/test_a.py": "import time\ntime.sleep(1)\n", "src/base/a_test.c": "void f(void)\n{\nusleep(5);\n}\n"},
        {"tests/api/test_a.py": 'CODE = """\ntime.sleep(60)\n"""\n', "src/base/a_test.c": 'char *s = "sleep(1)";\n'},
    ),
    "format": (
        {"src/base/a.c": "int  a ;\n"},
        {"src/base/a.c": "int a;\n"},
    ),
    "cppcheck": (
        {"src/base/a.c": "int a_bad(void);\nint a_bad(void)\n{\n    int *p = 0;\n    return *p;\n}\n"},
        {"src/base/a.c": "int a_good(void);\nint a_good(void)\n{\n    return 1;\n}\n"},
    ),
    "shell": (
        {"scripts/a.sh": "if true; then\n"},
        {"scripts/a.sh": "true\n"},
    ),
}
