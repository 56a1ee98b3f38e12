package simd

import "golang.org/x/sys/cpu"

// assembly reports whether the kernels of gen.go run, and assembly512 whether the products among
// them use AVX-512, which gives the same bits.
var (
	assembly    = cpu.X86.HasAVX2 && cpu.X86.HasFMA
	assembly512 = assembly && cpu.X86.HasAVX512F
)
