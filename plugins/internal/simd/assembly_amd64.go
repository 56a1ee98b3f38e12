package simd

import "golang.org/x/sys/cpu"

// assembly says whether the kernels of gen.go run.
var assembly = cpu.X86.HasAVX2 && cpu.X86.HasFMA
