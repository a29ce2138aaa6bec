"""Fine-tunes the classifier on rows of your own: `guardrail train`.

`rows` reads and checks, `coding` makes token ids, `net` is the encoder in torch, `weights` reads it
back from an int8 file, `loop` trains, `export` writes ONNX, `manifest` says what came of it, `table`
compares before and after, `run` does all of it in order. `net`, `weights`, `loop`, `export` and
`run` need the extra `train`; nobody imports them before the command is given.
"""
