# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""What the conformance tests share: a server to talk to and declarations to send."""
