// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PenstockCommands

@main
enum Main {
    static func main() async { await PenstockCommand.main() }
}
