# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""What `make faults` runs: faults of many kinds, under load, on machines that are namespaces."""
