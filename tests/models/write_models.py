#!/usr/bin/python3
"""write_models.py FOLDER: models of scikit-learn and XGBoost as exporters write them, with the frameworks' outputs.

Prints one line a model: its name, or what is missing to make it.
"""
import importlib
import os
import sys


def kinds():
    """Every kind's function; what cannot be imported is named on a line."""
    for module, lists in (("sklearn_trees", ["KINDS"]), ("sklearn_models", ["KINDS"]), ("boosted_trees", ["KINDS"])):
        yield from (kind for name in lists for kind in getattr(importlib.import_module(module), name))
    try:
        importlib.import_module("xgboost")
    except ImportError as error:
        print("missing: %s" % error)
        return
    yield from importlib.import_module("boosted_trees").XGBOOST_KINDS


def main():
    folder = sys.argv[1]
    try:
        all_kinds = list(kinds())
    except ImportError as error:
        print("missing: %s" % error)
        return
    for kind in all_kinds:
        kind().write(os.path.join(folder, kind.__name__))
        print(kind.__name__)


if __name__ == "__main__":
    main()
