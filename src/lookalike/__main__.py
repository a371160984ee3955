"""``python -m lookalike`` → the command ``lookalike``."""

from lookalike.cli import main

if __name__ == "__main__":
    main()
