#!/usr/bin/env python3
"""Validates the definitions in examples/scale: that of Kubernetes against the strict schemas of several versions (PyPI:
kubernetes-validate), those of AWS Batch against the model of its API (PyPI: botocore). Also checks that each notices a
misspelt field."""

import copy
import json
import sys
from pathlib import Path

import botocore.session
import kubernetes_validate
import yaml
from botocore.validate import ParamValidator

SCALE = Path(__file__).resolve().parent.parent.parent / "examples" / "scale"
VERSIONS = ("1.31", "1.33", kubernetes_validate.latest_version())

job = yaml.safe_load((SCALE / "kubernetes.yaml").read_text())
misspelt = copy.deepcopy(job)
misspelt["spec"]["podFailurePolicy"]["rules"][1]["onExitCode"] = {}
for version in VERSIONS:
    kubernetes_validate.validate(job, version, strict=True)
    try:
        kubernetes_validate.validate(misspelt, version, strict=True)
    except kubernetes_validate.ValidationError:
        continue
    sys.exit(f"kubernetes {version}: a misspelt field was not noticed")
print(f"kubernetes.yaml: valid in {', '.join(VERSIONS)} (kubernetes-validate {kubernetes_validate.__version__})")

batch = botocore.session.get_session().get_service_model("batch")
for name, operation in (("aws-batch-job-definition.json", "RegisterJobDefinition"), ("aws-batch-submit.json", "SubmitJob")):
    shape = batch.operation_model(operation).input_shape
    given = json.loads((SCALE / name).read_text())
    report = ParamValidator().validate(given, shape)
    if report.has_errors():
        sys.exit(f"{name}: {report.generate_report()}")
    wrong = {**given, "misspelt": 1}
    if not ParamValidator().validate(wrong, shape).has_errors():
        sys.exit(f"{name}: a misspelt field was not noticed")
    print(f"{name}: valid for {operation} (botocore {botocore.__version__})")
