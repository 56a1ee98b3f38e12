//go:build !amd64

package simd

func setAssembly(bool) {}

func without512(f func()) { f() }
