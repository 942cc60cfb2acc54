// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

// The compiler accepts the name of an upcoming feature that it does not know, without a word and without effect. So
// each name that Package.swift enables stands here, in its order: a misspelt one, or a compiler that is too old, stops
// the build.

#if !hasFeature(ExistentialAny)
    #error("ExistentialAny is not in force")
#endif
#if !hasFeature(ImmutableWeakCaptures)
    #error("ImmutableWeakCaptures is not in force")
#endif
#if !hasFeature(InferIsolatedConformances)
    #error("InferIsolatedConformances is not in force")
#endif
#if !hasFeature(InternalImportsByDefault)
    #error("InternalImportsByDefault is not in force")
#endif
#if !hasFeature(MemberImportVisibility)
    #error("MemberImportVisibility is not in force")
#endif
#if !hasFeature(NonisolatedNonsendingByDefault)
    #error("NonisolatedNonsendingByDefault is not in force")
#endif
