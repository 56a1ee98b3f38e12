package simd

// Level names the instruction set that the kernels use: "avx2+fma" or "portable". Results are
// bit-equal at equal Level.
func Level() string {
	if assembly {
		return "avx2+fma"
	}
	return "portable"
}
