package simd

func setAssembly(on bool) { assembly = on }
