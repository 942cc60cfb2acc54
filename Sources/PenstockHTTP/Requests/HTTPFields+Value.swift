// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import HTTPTypes

extension HTTPFields {
    /// What the subscript gives. A field is nearly always there once, and then its value is it: the subscript joins
    /// also one, which costs more than finding it, and each request is asked for several.
    package func value(of name: HTTPField.Name) -> String? {
        let values = self[values: name]
        return values.count <= 1 ? values.first : self[name]
    }
}
