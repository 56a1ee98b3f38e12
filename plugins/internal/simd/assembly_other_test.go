//go:build !amd64

package simd

func setAssembly(bool) {}
