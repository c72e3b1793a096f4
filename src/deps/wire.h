/* wire — what the server and the program of a build's slot (runners/packages) say to each other.
 *
 * Frames with the header of engine/frame.h, flags and call zero. The program believes the server;
 * the server believes nothing: packages' scripts run beside the program and may become it. What
 * they say is bounded here and checked where it is read (build_take.c).
 *
 *   program: WIRE_LISTENER, WIRE_RUNTIME
 *   server:  WIRE_ASK                       optional, before anything of a user is sent
 *   program: WIRE_INDEX
 *   server:  WIRE_ENV*, WIRE_FILE*, WIRE_RUN
 *   program: WIRE_INSTALLED, WIRE_PACKAGE*, WIRE_LOCK*, (WIRE_ENTRY WIRE_DATA*)*, WIRE_DONE
 *            or WIRE_FAILED, at any time
 */
#pragma once

enum wire_type {
    WIRE_ENV = 0x01,  /* "NAME=value" for the package manager */
    WIRE_FILE = 0x02, /* u8 length of the name, name (without a slash), content */
    WIRE_RUN = 0x03,  /* u8 enum wire_language */
    WIRE_ASK = 0x04,  /* u8 enum wire_language: where do packages come from by default? */

    WIRE_LISTENER = 0x81,  /* carries a descriptor: a listening socket of 127.0.0.1 */
    WIRE_RUNTIME = 0x82,   /* "PYTHON\nNODE\nPLATFORM": versions, empty for what is not there */
    WIRE_INDEX = 0x83,     /* a URL */
    WIRE_INSTALLED = 0x84, /* the package manager has succeeded */
    WIRE_PACKAGE = 0x85,   /* u8 length of the name, name, version */
    WIRE_LOCK = 0x86,      /* the next piece of package-lock.json */
    WIRE_ENTRY = 0x87,     /* u8 enum wire_kind, u64 size, u16 length of the path, path, target of a
                              link. Of a file `size` bytes follow in WIRE_DATA frames */
    WIRE_DATA = 0x88,
    WIRE_DONE = 0x89,
    WIRE_FAILED = 0x8a, /* text for people */
};

enum wire_language { WIRE_PYTHON = 0, WIRE_NODE = 1 };
enum wire_kind { WIRE_PLAIN = 0, WIRE_EXECUTABLE = 1, WIRE_LINK = 2 };

enum {
    WIRE_FRAME_MAX = 256 * 1024, /* of what the program sends */
    WIRE_NAME_MAX = 214,         /* npm's bound; Python has none */
    WIRE_VERSION_MAX = 128,
    WIRE_PATH_MAX = 1024,
    WIRE_LOCK_MAX = 4 * 1024 * 1024,
    WIRE_FILE_MAX = 4 * 1024 * 1024, /* of what the server sends */
};
