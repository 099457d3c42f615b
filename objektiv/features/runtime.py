"""OpenVINO, imported so that it sends nothing: every file of ours takes it from here.

In: nothing. Out: the module `openvino`. Imported plainly, openvino 2026.4.1 starts a process that
reports the import to a web service and writes an identity into the home folder, unasked.
Try: `from objektiv.features.runtime import openvino`.
"""

from __future__ import annotations

import sys

# None is Python's word for "not installed"; openvino then takes its own stub that does nothing
# (openvino/tools/ovc/telemetry_utils.py). It stays so in this process, for other libraries that
# would report through the same package. Where a program has imported it before us, that was the
# program's wish. Watched by tests/contract/test_no_network.py.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

import numpy as np  # noqa: E402
import openvino as openvino  # noqa: E402  (the line above must come first)

# Two threads that hand OpenVINO the first array of a process at the same moment wait for each
# other for ever (seen with 2026.4.1: in `Tensor(array)`, two decoding threads). So the first array
# is handed over here, by the one thread that imports.
openvino.Tensor(np.zeros(1, np.float32))
