"""One module per thing measured; each has `measure(report)`."""
