"""Where embeddings are kept: one protocol (`base`), one module for each engine."""
