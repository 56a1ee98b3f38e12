package simd

// Window is a rectangle of NY × NX taps in an image, DY and DX elements apart. Taps are numbered
// row by row.
type Window struct{ NY, NX, DY, DX int }

// MaxPool writes for each of len(dst) channels the greatest element in a window of src to dst and
// its tap to tap. src starts at the window's first tap; the channels of a tap are neighbours. Of
// equal elements the first wins; a NaN beats every number.
func MaxPool(dst []float32, tap []int32, src []float32, w Window) {
	tap = tap[:len(dst)]
	last := (w.NY-1)*w.DY + (w.NX-1)*w.DX // where the last tap starts
	_ = src[last+len(dst)-1]
	c := 0
	if assembly && len(dst) >= 8 {
		c = vectors(len(dst))
		maxPoolAVX2(&dst[0], &tap[0], &src[0], w.NY, w.NX, w.DY, w.DX, c)
	}
	if assembly && c < len(dst) && last+c+8 <= len(src) {
		var best [8]float32
		var which [8]int32
		maxPoolAVX2(&best[0], &which[0], &src[c], w.NY, w.NX, w.DY, w.DX, 8)
		copy(tap[c:], which[:])
		c += copy(dst[c:], best[:])
	}
	for ; c < len(dst); c++ {
		best, which := src[c], int32(0)
		for y := range w.NY {
			for x := range w.NX {
				if v := src[y*w.DY+x*w.DX+c]; best == best && !(v <= best) {
					best, which = v, int32(y*w.NX+x)
				}
			}
		}
		dst[c], tap[c] = best, which
	}
}

// MaxPoolBack adds delta to the elements of dst that [MaxPool] chose: dst lies like its src, delta
// like its dst. It may add 0 to others.
func MaxPoolBack(dst []float32, tap []int32, delta []float32, w Window) {
	tap = tap[:len(delta)]
	last := (w.NY-1)*w.DY + (w.NX-1)*w.DX
	_ = dst[last+len(delta)-1]
	c := 0
	if assembly && len(delta) >= 8 {
		c = vectors(len(delta))
		maxPoolBackAVX2(&dst[0], &tap[0], &delta[0], w.NY, w.NX, w.DY, w.DX, c)
	}
	if assembly && c < len(delta) && last+c+8 <= len(dst) {
		var d [8]float32
		var which [8]int32
		copy(which[:], tap[c:])
		rest := copy(d[:], delta[c:])
		maxPoolBackAVX2(&dst[c], &which[0], &d[0], w.NY, w.NX, w.DY, w.DX, 8)
		c += rest
	}
	for ; c < len(delta); c++ {
		y, x := int(tap[c])/w.NX, int(tap[c])%w.NX
		dst[y*w.DY+x*w.DX+c] += delta[c]
	}
}
