/* runner.py as bytes, so that the program does not depend on where it is installed. */
        .section .rodata
        .global runner_source
runner_source:
        .incbin "runners/python/runner.py"
        .byte 0
        .section .note.GNU-stack, "", @progbits
