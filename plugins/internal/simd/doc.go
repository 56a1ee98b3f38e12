// Package simd holds the few kernels that networks and optimizers spend their time in: matrix
// products in tiles, and operations on vectors.
//
// On amd64 with AVX2 and FMA they run as assembly that gen.go generates, elsewhere as plain Go; the
// choice is made when the program starts, and [Level] names it. Vector operations on elements, and
// [Sum], give the same bits either way. Other sums ([Tile], [TileAdd], [Dot]) do not: assembly adds
// in another order or rounds once where a product is added (fused multiply-add), so that results
// are bit-equal only at the same Level. Both orders are fixed: a result depends on nothing but the
// arguments.
//
// All kernels run on the calling goroutine and allocate nothing. Lengths are in elements. Slices of
// one call do not overlap, except that a destination may be the very same slice as an argument.
package simd

//go:generate go run gen.go -out simd_amd64.s -stubs stub_amd64.go -pkg simd
//go:generate go tool gofumpt -w stub_other.go
