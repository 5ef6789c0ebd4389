"""Without a framework the package is imported, and its adaptors say what is missing."""

from __future__ import annotations

import subprocess
import sys

import pytest

BLOCKED = """
import sys
for name in {names}:
    sys.modules[name] = None
import curriculum
try:
    import curriculum.{module}
except ImportError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("module", "names", "needs"),
    [
        ("torch", ["torch"], "pip install 'curriculum-learning[torch]'"),
        ("huggingface", ["torch"], "pip install 'curriculum-learning[transformers]'"),
        ("huggingface", ["transformers"], "pip install 'curriculum-learning[transformers]'"),
        ("lightning", ["torch"], "pip install 'curriculum-learning[lightning]'"),
        ("lightning", ["lightning", "pytorch_lightning"], "pip install 'curriculum-learning[lightning]'"),
    ],
)
def test_an_adaptor_says_what_to_install(module, names, needs):
    code = BLOCKED.format(names=names, module=module)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip().endswith(needs), run.stdout
    assert f"curriculum.{module} needs" in run.stdout
