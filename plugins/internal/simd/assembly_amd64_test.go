package simd

func setAssembly(on bool) { assembly = on }

// without512 runs f on processors that have AVX-512 as on those that do not.
func without512(f func()) {
	defer func(was bool) { assembly512 = was }(assembly512)
	assembly512 = false
	f()
}
