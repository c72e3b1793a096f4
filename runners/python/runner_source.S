/* runner.py and its parts as one text, so that the program does not depend on where it is installed. */
        .section .rodata
        .global runner_source
runner_source:
        .incbin "runners/python/runner.py"
        .incbin "runners/python/place.py"
        .incbin "runners/python/packages.py"
        .incbin "runners/python/snapstart.py"
        .byte 0
        .section .note.GNU-stack, "", @progbits
