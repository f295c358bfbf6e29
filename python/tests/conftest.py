"""What the tests are held to: written by test/python/fixtures.ts into the folder that TASKLOOM_FIXTURES names."""

import json
import os
from pathlib import Path

import pytest
import taskloom

FOLDER = os.environ.get("TASKLOOM_FIXTURES")
ROOT = Path(__file__).resolve().parents[2]


class Fixtures:
    def __init__(self, folder):
        self.folder = Path(folder)
        written = json.loads((self.folder / "fixtures.json").read_text(encoding="utf-8"))
        self.cases, self.stores, self.verdicts = written["cases"], written["stores"], written["verdicts"]
        self.loader, self._scales = written["loader"], written["scales"]
        self._datasets = {}

    def dataset(self, name):
        if name not in self._datasets:
            files = self.folder / f"{name}-images", self.folder / f"{name}-labels"
            classes = "compact" if name == "compact" else 10
            names = {"int16": "features", "quantized": "features"}
            options = {"classes": classes, "name": names.get(name, name), "scale": self._scales[name]}
            self._datasets[name] = taskloom.read_idx(*files, **options)
        return self._datasets[name]

    def case(self, name):
        return next(case for case in self.cases if case["name"] == name)

    def open(self, name, **options):
        case = self.case(name)
        return taskloom.open_tasks(case["recipe"], self.dataset(case["data"]), **options)


@pytest.fixture(scope="session")
def fixtures():
    if not FOLDER:
        pytest.skip("TASKLOOM_FIXTURES is not set: npm test -- test/python runs this test")
    return Fixtures(FOLDER)


@pytest.fixture(scope="session")
def root():
    if not (ROOT / "test" / "vectors").is_dir():
        pytest.skip("needs the whole repository")
    return ROOT
